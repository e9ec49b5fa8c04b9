/// What proves to a registry who we are.
public enum Credential: Sendable, Hashable {
  case basic(user: String, password: String)
  /// An OAuth 2 refresh token, which a token server exchanges for access tokens.
  case identityToken(String)
  /// A ready access token, sent as it is.
  case registryToken(String)
}

/// Never shows a secret.
extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String {
    switch self {
    case .basic(let user, _): "user \(user)"
    case .identityToken: "an identity token"
    case .registryToken: "a registry token"
    }
  }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A credential and where it comes from.
public struct ProvidedCredential: Sendable, Hashable {
  public var credential: Credential
  /// For messages, such as `/home/me/.docker/config.json, entry "ghcr.io"`.
  public var origin: String

  public init(_ credential: Credential, origin: String) {
    self.credential = credential
    self.origin = origin
  }
}

/// Finds credentials for registries.
public protocol CredentialProvider: Sendable {
  /// Nil when there is none: the registry is then asked anonymously.
  /// - Parameters:
  ///   - registry: as in `ImageReference.registry`, such as `docker.io`.
  ///   - repository: credentials may be for a part of a registry.
  func credential(registry: String, repository: String) async throws -> ProvidedCredential?
  /// Where `credential` looks, for messages.
  var places: [String] { get }
}

/// Credentials by value.
public struct StaticCredentials: CredentialProvider {
  public var credentials: [String: Credential]

  /// - Parameter credentials: by registry.
  public init(_ credentials: [String: Credential] = [:]) { self.credentials = credentials }

  public static let anonymous = StaticCredentials()
  public var places: [String] { [] }

  public func credential(registry: String, repository: String) async -> ProvidedCredential? {
    credentials[registry].map { ProvidedCredential($0, origin: "the given credentials") }
  }
}
