import Foundation

/// Temporary credentials of a role, for credentials that may take it (AWS STS).
struct AssumeRole: QueryCall {
  static let service = AWSService.sts
  static let operation = "AssumeRole"
  typealias Output = TemporaryCredentials

  var roleARN: String
  var sessionName: String
  var externalID: String?
  /// In seconds.
  var duration: Int?

  var parameters: [(name: String, value: String)] {
    [("RoleArn", roleARN), ("RoleSessionName", sessionName)]
      + [("DurationSeconds", duration.map(String.init)), ("ExternalId", externalID)].compactMap { name, value in
        value.map { (name, $0) }
      }
  }

  static func output(of result: XMLElement) throws -> TemporaryCredentials { try TemporaryCredentials(result) }
}

/// The same for a token of an identity provider, unsigned.
struct AssumeRoleWithWebIdentity: QueryCall {
  static let service = AWSService.sts
  static let operation = "AssumeRoleWithWebIdentity"
  typealias Output = TemporaryCredentials

  var roleARN: String
  var sessionName: String
  var token: String
  /// In seconds.
  var duration: Int?

  var parameters: [(name: String, value: String)] {
    [("RoleArn", roleARN), ("RoleSessionName", sessionName), ("WebIdentityToken", token)]
      + (duration.map { [("DurationSeconds", String($0))] } ?? [])
  }

  static func output(of result: XMLElement) throws -> TemporaryCredentials { try TemporaryCredentials(result) }
}

/// Who the credentials belong to. Nobody needs a permission for it.
public struct GetCallerIdentity: QueryCall {
  public static let service = AWSService.sts
  public static let operation = "GetCallerIdentity"

  public struct Output: Sendable, Hashable {
    public var account: String
    public var arn: String
    public var userID: String
  }

  public init() {}

  public var parameters: [(name: String, value: String)] { [] }

  public static func output(of result: XMLElement) throws -> Output {
    guard let account = result["Account"]?.text, let arn = result["Arn"]?.text, let user = result["UserId"]?.text else {
      throw UnreadableAnswer()
    }
    return Output(account: account, arn: arn, userID: user)
  }
}

/// What STS gives for a role.
struct TemporaryCredentials: Sendable, Hashable {
  var accessKeyID: String
  var secretAccessKey: String
  var sessionToken: String
  /// Seconds since 1970.
  var expiration: Double

  init(_ result: XMLElement) throws {
    guard let element = result["Credentials"], let key = element["AccessKeyId"]?.text,
      let secret = element["SecretAccessKey"]?.text, let token = element["SessionToken"]?.text,
      let expiration = element["Expiration"].flatMap({ TimestampText.secondsSince1970($0.text) })
    else { throw UnreadableAnswer() }
    accessKeyID = key
    secretAccessKey = secret
    sessionToken = token
    self.expiration = expiration
  }

  func credentials(origin: String) -> AWSCredentials {
    AWSCredentials(
      accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, expiration: expiration,
      origin: origin)
  }
}
