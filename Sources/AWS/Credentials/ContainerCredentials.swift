import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import SystemPackage

/// The role of a container: tasks of ECS, builds of CodeBuild, pods of EKS Pod Identity ("Container credential
/// provider").
struct ContainerCredentials: CredentialSource {
  let endpoint: MetadataEndpoint
  let environment: Environment
  let name = "the container"

  init(http: HTTPClient, environment: Environment) {
    endpoint = MetadataEndpoint(http: http, timeout: .seconds(2), attempts: 3)
    self.environment = environment
  }

  private static let relativeVariable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
  private static let fullVariable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
  /// Those of ECS and EKS, which may be asked without TLS beside this machine itself.
  private static let allowed: Set<String> = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost", "::1"]

  func find() async throws -> CredentialFinding {
    guard let url = try url() else {
      return .absent("neither \(Self.relativeVariable) nor \(Self.fullVariable) is set")
    }
    let origin = "the container's endpoint \(Redaction.url(url))"
    var headers: HTTPHeaders = ["Accept": "application/json"]
    if let token = try token() { headers.add(name: "Authorization", value: token) }
    let status: Int
    let body: [UInt8]
    do { (status, body) = try await endpoint.ask(.GET, url, headers) } catch let error as HTTPError {
      throw failure("cannot reach \(origin)", [error.message], .unavailable)
    }
    let document = CredentialDocument(body)
    guard status == 200, let found = document?.credentials(origin: origin) else {
      let said = [document?.code, document?.message].compactMap { $0 }.joined(separator: ": ")
      throw failure(
        "\(origin) gives no credentials", ["it answered with status \(status)"] + (said.isEmpty ? [] : [said]),
        .authentication)
    }
    return .found(found)
  }

  private func failure(_ message: String, _ notes: [String], _ exitCode: ExitCode) -> AWSError {
    AWSError(
      .awsCredentialsInvalid, message, notes: notes,
      help: ["check that the task, the build or the pod has a role"], exitCode: exitCode)
  }

  private func url() throws -> URL? {
    if let path = environment.nonEmpty(Self.relativeVariable) {
      guard path.hasPrefix("/"), let url = URL(string: "http://169.254.170.2\(path)") else {
        throw invalid(Self.relativeVariable, "it does not begin with /")
      }
      return url
    }
    guard let text = environment.nonEmpty(Self.fullVariable) else { return nil }
    guard let url = URL(string: text), let host = url.host(), !host.isEmpty, ["http", "https"].contains(url.scheme)
    else { throw invalid(Self.fullVariable, "it is not an address of the web") }
    let bare = host.trimmingCharacters(in: ["[", "]"]).lowercased()
    guard url.scheme == "https" || Self.allowed.contains(bare) || Self.isLoopback(bare) else {
      throw invalid(Self.fullVariable, "\(bare) is neither this machine nor an endpoint of ECS or EKS, and not https")
    }
    return url
  }

  /// An address, not a name that begins like one.
  private static func isLoopback(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// A file counts more: it is written anew before the token ends.
  private func token() throws -> String? {
    let token: String
    if let file = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      do { token = String(decoding: try Files.read(FilePath(file), limit: 1 << 20), as: UTF8.self) } catch let error
        as HostError
      {
        throw AWSError(
          .awsCredentialsInvalid, "cannot read \(file), which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names",
          notes: [error.errno.description.lowercased()], help: ["check that the pod has an identity association"],
          exitCode: .authentication)
      }
    } else if let text = environment.nonEmpty("AWS_CONTAINER_AUTHORIZATION_TOKEN") {
      token = text
    } else {
      return nil
    }
    let trimmed = token.trimmingCharacters(in: .newlines)
    guard !trimmed.contains(where: \.isNewline) else {
      throw invalid("the authorization token of the container", "it has several lines")
    }
    return trimmed
  }

  private func invalid(_ variable: String, _ reason: String) -> AWSError {
    AWSError(
      .awsSettings, "\(variable) is not usable: \(reason)", help: ["correct or unset it"], exitCode: .authentication)
  }
}
