/// What requests are signed with, and where it comes from.
public struct AWSCredentials: Sendable, Hashable {
  public var accessKeyID: String
  public var secretAccessKey: String
  /// Of temporary credentials.
  public var sessionToken: String?
  /// Seconds since 1970; nil means that they do not expire.
  public var expiration: Double?
  /// For messages, such as `the profile deploy`.
  public var origin: String

  public init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Double? = nil, origin: String
  ) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
    self.expiration = expiration
    self.origin = origin
  }

  /// Takes the secrets out of a text, such as what a service answers to a wrong signature.
  func masking(_ text: String) -> String {
    [secretAccessKey, sessionToken ?? ""].filter { !$0.isEmpty }.reduce(text) {
      $0.replacing($1, with: "[hidden]")
    }
  }
}

/// Never shows a secret.
extension AWSCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "\(accessKeyID) from \(origin)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
