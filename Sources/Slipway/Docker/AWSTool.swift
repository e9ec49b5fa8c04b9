import AWS
import Diagnostics
import HostOS

/// The few calls of the AWS CLI that builds of images make, for machines that have none.
public struct AWSTool: Sendable {
  private let ecr: ECRCredentials
  private let bench: Workbench
  private let region: String?

  /// - Parameter region: nil is that of the settings.
  public init(region: String?, _ bench: Workbench) {
    self.bench = bench
    self.region = region
    ecr = bench.ecrCredentials()
  }

  public struct Identity: Sendable {
    public var userID: String
    public var account: String
    public var arn: String
  }

  /// `aws sts get-caller-identity`.
  /// - Throws: `AWSError`.
  public func identity() async throws -> Identity {
    let found = try await ecr.client().send(GetCallerIdentity(), region: region)
    return Identity(userID: found.userID, account: found.account, arn: found.arn)
  }

  /// `aws ecr get-login-password`.
  /// - Throws: `AWSError`.
  public func password() async throws -> String {
    let registry = try await registry(account: "000000000000")
    return try await password(registry.registry)
  }

  /// `aws ecr-public get-login-password`.
  /// - Throws: `AWSError`.
  public func publicPassword() async throws -> String {
    guard let registry = ECRRegistry(host: "public.ecr.aws") else { return "" }
    return try await password(registry)
  }

  /// `aws ecr get-login`: a docker command for each registry.
  /// - Parameter accounts: none is that of the credentials.
  /// - Throws: `AWSError`.
  public func logins(_ accounts: [String], includesEmail: Bool) async throws -> [String] {
    var accounts = accounts
    if accounts.isEmpty { accounts = [try await identity().account] }
    var lines: [String] = []
    for account in accounts {
      let (registry, host) = try await registry(account: account)
      let password = try await password(registry)
      lines.append("docker login -u AWS -p \(password) \(includesEmail ? "-e none " : "")https://\(host)")
    }
    return lines
  }

  private func password(_ registry: ECRRegistry) async throws -> String {
    let client = try ecr.client()
    return try await ECRPasswords(client: client) { 0 }.password(for: registry).password
  }

  private func registry(account: String) async throws -> (registry: ECRRegistry, host: String) {
    let name: String
    if let region { name = region } else { name = try await ecr.client().region() }
    for suffix in ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"] {
      let host = "\(account).dkr.ecr.\(name).\(suffix)"
      if let registry = ECRRegistry(host: host) { return (registry, host) }
    }
    throw SlipwayError(
      "invalid-region", "\"\(account)\" in \"\(name)\" is no registry of Amazon ECR",
      help: ["an account has twelve digits, and a region is such as eu-central-1"])
  }
}
