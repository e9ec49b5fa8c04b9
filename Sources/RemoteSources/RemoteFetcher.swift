public import HTTP
public import HostOS
public import SystemPackage

/// Fetches files and git repositories, verifies them and keeps them for the next build.
///
/// What is kept lies in one folder that any number of builds share: `http/` and `git/`. Whatever is there under its
/// final name is whole.
public struct RemoteFetcher: Sendable {
  let root: FilePath
  let client: HTTPClient
  let environment: Environment
  let secrets: RemoteSecrets
  /// Whether git may speak with this machine alone; the client has a transport that knows it by itself.
  public var isOffline = false
  /// The longest that one command of git may take.
  var gitTimeout: Duration = .seconds(1800)

  /// - Parameters:
  ///   - root: where to keep things; it is made when it is needed.
  ///   - environment: git is found by its PATH, and asks its SSH_AUTH_SOCK, proxies and SSL_CERT_FILE.
  public init(root: FilePath, client: HTTPClient, environment: Environment, secrets: RemoteSecrets = .none) {
    self.root = root
    self.client = client
    self.environment = environment
    self.secrets = secrets
  }

  /// Runs `body` while nobody else, in this process or another, fetches the same thing.
  func exclusively<Result>(_ path: FilePath, _ body: () async throws -> Result) async throws -> Result {
    let lock = try await HeldLock.waiting(for: path)
    defer { lock.release() }
    return try await body()
  }
}
