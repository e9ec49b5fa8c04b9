import Foundation

/// Passwords of registries of Amazon ECR, kept until shortly before they end.
///
/// One is good for all repositories of a region that the caller may use, whatever account they are in.
public actor ECRPasswords {
  /// What registries want to see.
  public struct Password: Sendable, Hashable {
    public var user: String
    public var password: String
    /// Seconds since 1970.
    var expiration: Double
  }

  private struct Key: Hashable {
    var isPublic: Bool
    var region: String
  }

  private let client: AWSClient
  private let now: @Sendable () -> Double
  private var known: [Key: Password] = [:]
  private var pending: [Key: Task<Password, any Error>] = [:]
  /// A push may take a while.
  private static let window = 900.0

  /// - Parameter now: seconds since 1970.
  public init(client: AWSClient, now: @escaping @Sendable () -> Double) {
    self.client = client
    self.now = now
  }

  /// - Throws: `AWSError`.
  public func password(for registry: ECRRegistry) async throws -> Password {
    let key = Key(isPublic: registry.isPublic, region: registry.region)
    if let password = known[key], password.expiration - now() > Self.window { return password }
    if let task = pending[key] { return try await task.value }
    let task = Task { [client] in try await Self.fetch(registry, client) }
    pending[key] = task
    defer { pending[key] = nil }
    let password = try await task.value
    known[key] = password
    return password
  }

  private static func fetch(_ registry: ECRRegistry, _ client: AWSClient) async throws -> Password {
    let data =
      registry.isPublic
      ? try await client.send(GetPublicAuthorizationToken(), to: registry).authorizationData
      : try await client.send(GetAuthorizationToken(), to: registry).authorizationData.first
    guard let data, let bytes = Data(base64Encoded: data.authorizationToken),
      let text = String(data: bytes, encoding: .utf8), let colon = text.firstIndex(of: ":")
    else { throw AWSError.unreadable("ecr:GetAuthorizationToken", at: "Amazon ECR") }
    return Password(
      user: String(text[..<colon]), password: String(text[text.index(after: colon)...]), expiration: data.expiresAt)
  }
}

/// Never shows a secret.
extension ECRPasswords.Password: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "the password of \(user)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
