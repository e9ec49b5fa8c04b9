/// Values of the parameter store of AWS Systems Manager, at most ten at a time.
public struct GetParameters: JSONCall {
  public static let service = AWSService.ssm
  public static let operation = "GetParameters"
  /// How many names a call may have.
  public static let limit = 10

  public var names: [String]
  /// Of parameters that are secret.
  public var withDecryption = true

  enum CodingKeys: String, CodingKey {
    case names = "Names"
    case withDecryption = "WithDecryption"
  }

  public init(names: [String]) { self.names = names }

  public struct Output: Sendable, Decodable {
    public var parameters: [Parameter]?
    /// Names of which there is nothing.
    public var invalidParameters: [String]?

    enum CodingKeys: String, CodingKey {
      case parameters = "Parameters"
      case invalidParameters = "InvalidParameters"
    }
  }

  public struct Parameter: Sendable, Decodable {
    public var name: String
    public var arn: String?
    /// A version or a label with its colon, if the name that was asked for had one.
    public var selector: String?
    public var value: String

    enum CodingKeys: String, CodingKey {
      case name = "Name"
      case arn = "ARN"
      case selector = "Selector"
      case value = "Value"
    }

    /// Whether this is what was asked for by a name or an ARN.
    public func answers(_ name: String) -> Bool {
      [self.name, arn].contains { $0.map { $0 + (selector ?? "") == name || $0 == name } ?? false }
    }
  }
}

/// A secret of AWS Secrets Manager.
public struct GetSecretValue: JSONCall {
  public static let service = AWSService.secretsManager
  public static let operation = "GetSecretValue"

  /// A name or an ARN.
  public var secretID: String
  /// Nil is `AWSCURRENT`.
  public var versionStage: String?
  public var versionID: String?

  enum CodingKeys: String, CodingKey {
    case secretID = "SecretId"
    case versionStage = "VersionStage"
    case versionID = "VersionId"
  }

  public init(secretID: String, versionStage: String? = nil, versionID: String? = nil) {
    self.secretID = secretID
    self.versionStage = versionStage
    self.versionID = versionID
  }

  public struct Output: Sendable, Decodable {
    /// Nil for secrets that are no text.
    public var secretString: String?

    enum CodingKeys: String, CodingKey { case secretString = "SecretString" }
  }
}
