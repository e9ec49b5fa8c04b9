internal import HostOS
public import SystemPackage

/// A real docker-registry on a free port of the loopback interface, alone for one test.
///
///     try await TestRegistry.serve(.init(access: .basic(.example))) { registry in
///       try await Tool.run("skopeo", ["copy", "oci:image", "docker://\(registry.authority)/app:1"] + …)
///     }
public struct TestRegistry: Sendable {
  public struct Credentials: Sendable, Hashable {
    public var user: String
    public var password: String

    public init(user: String, password: String) {
      self.user = user
      self.password = password
    }

    public static let example = Credentials(user: "sailor", password: "s3cret:with/odd chars")
  }

  /// Who may do what.
  public enum Access: Sendable, Hashable {
    case anonymous
    case basic(Credentials)
    /// Bearer tokens from a server of their own; `lifetime` in seconds.
    case token(Credentials, anonymousPull: Bool = false, lifetime: Int = 60)
  }

  public enum Storage: Sendable, Hashable { case memory, folder }

  public struct Configuration: Sendable {
    public var access: Access
    public var usesTLS: Bool
    public var storage: Storage
    /// What its certificate is made out to, beside this machine.
    public var hostNames: [String]
    /// Of the private authority; with TLS only.
    public var wantsClientCertificate: Bool

    public init(
      access: Access = .anonymous, usesTLS: Bool = false, storage: Storage = .folder, hostNames: [String] = [],
      wantsClientCertificate: Bool = false
    ) {
      self.access = access
      self.usesTLS = usesTLS
      self.storage = storage
      self.hostNames = hostNames
      self.wantsClientCertificate = wantsClientCertificate
    }
  }

  public let configuration: Configuration
  public let port: Int
  /// For settings, keys, logs and stored blobs; it goes when the registry ends.
  public let folder: FilePath

  /// Host and port, as in a reference.
  public var authority: String { "127.0.0.1:\(port)" }
  public var url: String { "\(configuration.usesTLS ? "https" : "http")://\(authority)" }
  /// The private authority's certificate, for registries with TLS. It is alone in its folder.
  public var certificate: FilePath? {
    configuration.usesTLS ? PrivateAuthority.certificate(in: folder.appending("tls")) : nil
  }
  /// What a client shows to a registry that wants a certificate.
  public var clientCertificate: (certificate: FilePath, key: FilePath)? {
    configuration.wantsClientCertificate
      ? PrivateAuthority.issued(.client, in: folder.appending("tls")) : nil
  }
  /// What the token server takes for an identity token.
  public var identityToken: String { Self.refreshToken }

  public var credentials: Credentials? {
    switch configuration.access {
    case .anonymous: nil
    case .basic(let credentials), .token(let credentials, _, _): credentials
    }
  }

  static let refreshToken = "identity-of-the-sailor"
  static let service = "test-registry"

  /// Starts a registry, calls `body` when it listens, and ends it.
  /// - Throws: `TestSupportError` when a tool is missing or it does not start, and what `body` throws.
  public static func serve<Result: Sendable>(
    _ configuration: Configuration = Configuration(), _ body: (TestRegistry) async throws -> Result
  ) async throws -> Result {
    try await Scratch.use("registry") { scratch in
      try await withTokenServer(configuration.access, in: scratch.path) { realm in
        let settings = try await RegistrySettings(configuration, realm: realm, in: scratch.path)
          .write()
        // Variables called REGISTRY_… would be settings too.
        let server = Server(
          command: ["docker-registry", "serve", settings.string],
          environment: ["PATH": Environment.current["PATH"] ?? ""],
          log: scratch("registry.log"))
        return try await server.serve(ready: Server.listeningPort) { port in
          try await body(
            TestRegistry(configuration: configuration, port: port, folder: scratch.path))
        }
      }
    }
  }

  private static func withTokenServer<Result: Sendable>(
    _ access: Access, in folder: FilePath,
    _ body: (RegistrySettings.TokenRealm?) async throws -> Result
  ) async throws -> Result {
    guard case .token(let credentials, let anonymousPull, let lifetime) = access else {
      return try await body(nil)
    }
    let signing = try await PrivateAuthority.makeSigningKey(in: folder.appending("token"))
    let arguments = [
      Checkout.fixture("registry/token-server.py").string, "--user", credentials.user,
      "--password", credentials.password, "--refresh-token", refreshToken, "--service", service,
      "--issuer", service, "--lifetime", String(lifetime), "--key", signing.key.string,
      "--certificate", signing.certificate.string,
    ]
    let server = Server(
      command: ["python3"] + arguments + (anonymousPull ? ["--anonymous-pull"] : []),
      environment: ["PATH": Environment.current["PATH"] ?? ""],
      log: folder.appending("token.log"))
    return try await server.serve(ready: Server.listeningPort) { port in
      try await body(.init(url: "http://127.0.0.1:\(port)/token", certificate: signing.certificate))
    }
  }
}
