import Foundation

/// Credentials as containers, instances and programs give them, in JSON.
struct CredentialDocument: Sendable, Decodable {
  var version: Int?
  var accessKeyID: String?
  var secretAccessKey: String?
  var token: String?
  var sessionToken: String?
  var expiration: String?
  /// What went wrong, or `Success`.
  var code: String?
  var message: String?

  private enum CodingKeys: String, CodingKey {
    case version = "Version"
    case accessKeyID = "AccessKeyId"
    case secretAccessKey = "SecretAccessKey"
    case token = "Token"
    case sessionToken = "SessionToken"
    case expiration = "Expiration"
    case code = "Code"
    case message = "Message"
  }

  /// Nil when it is not such a document.
  init?(_ bytes: [UInt8]) {
    guard let document = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = document
  }

  /// Nil when a part is missing.
  func credentials(origin: String) -> AWSCredentials? {
    guard let accessKeyID, let secretAccessKey, !accessKeyID.isEmpty, !secretAccessKey.isEmpty else { return nil }
    let expires = expiration.map(TimestampText.secondsSince1970)
    // A time that cannot be read would never come.
    if case .some(nil) = expires { return nil }
    return AWSCredentials(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: token ?? sessionToken,
      expiration: expires ?? nil, origin: origin)
  }
}
