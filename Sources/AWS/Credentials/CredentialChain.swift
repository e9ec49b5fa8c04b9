import Diagnostics
import HTTP

/// Finds credentials in one place after the other, keeps them while they are good, and gets new ones in time. However
/// many ask, one of them looks.
actor CredentialChain {
  private let sources: [any CredentialSource]
  private let clock: HTTPClock
  private var known: AWSCredentials?
  private var pending: Task<AWSCredentials, any Error>?
  /// Seconds before the end at which new ones are wanted.
  private static let window = 300.0

  init(sources: [any CredentialSource], clock: HTTPClock) {
    self.sources = sources
    self.clock = clock
  }

  /// The places of the AWS SDKs. A profile that takes a role counts more than the web identity of the environment, as in
  /// the AWS CLI.
  init(client: ServiceClient) {
    let settings = client.settings
    let roles = RoleSession(client: client)
    let container = ContainerCredentials(http: client.http, environment: settings.environment)
    let instance = InstanceCredentials(http: client.http, settings: settings)
    let profile = ProfileCredentials(roles: roles, container: container, instance: instance)
    let web = WebIdentityCredentials(roles: roles)
    let named: [any CredentialSource] = settings.profile?.assumesRole == true ? [profile, web] : [web, profile]
    sources = [EnvironmentCredentials(settings: settings)] + named + [container, instance]
    clock = client.http.clock
  }

  /// - Throws: `AWSError`.
  func credentials() async throws -> AWSCredentials {
    if let known, known.isGood(for: Self.window, at: clock.now()) { return known }
    do { return try await found() } catch {
      // What is still good for a while is better than an error that may pass.
      if let known, known.isGood(for: 0, at: clock.now()), !(error is CancellationError) { return known }
      throw error
    }
  }

  /// Forgets credentials that were refused as expired.
  /// - Returns: whether others were found.
  func renew(_ refused: AWSCredentials) async -> Bool {
    if known == refused { known = nil }
    return (try? await credentials()).map { $0 != refused } ?? false
  }

  private func found() async throws -> AWSCredentials {
    if let pending { return try await pending.value }
    let task = Task { [sources] in try await Self.search(sources) }
    pending = task
    defer { pending = nil }
    let found = try await task.value
    known = found
    return found
  }

  private static func search(_ sources: [any CredentialSource]) async throws -> AWSCredentials {
    var notes: [String] = []
    for source in sources {
      switch try await source.find() {
      case .found(let credentials): return credentials
      case .absent(let reason): notes.append("\(source.name): \(reason)")
      }
    }
    throw AWSError(
      .awsCredentialsMissing, "there are no AWS credentials", notes: notes,
      help: [
        "on your machine, run aws configure or aws sso login, and name the profile in AWS_PROFILE",
        "in CI, give the job a role (OIDC: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE), or set AWS_ACCESS_KEY_ID and "
          + "AWS_SECRET_ACCESS_KEY",
      ], exitCode: .authentication)
  }
}

extension AWSCredentials {
  /// - Parameters:
  ///   - seconds: how long they have to be good.
  ///   - now: seconds since 1970.
  fileprivate func isGood(for seconds: Double, at now: Double) -> Bool { expiration.map { $0 - now > seconds } ?? true }
}
