/// Values of parameters by their names (AWS Systems Manager, Parameter Store); ten at most.
public struct GetParameters: JSONCall {
  public static let service = AWSService.ssm
  public static let operation = "GetParameters"
  /// As many names as one call may have.
  public static let limit = 10

  public var names: [String]
  /// Whether secure strings are wanted as they are meant.
  public var withDecryption = true

  public init(names: [String]) { self.names = names }

  enum CodingKeys: String, CodingKey {
    case names = "Names"
    case withDecryption = "WithDecryption"
  }

  public struct Parameter: Sendable, Decodable {
    public var name: String
    public var value: String
    public var arn: String?

    enum CodingKeys: String, CodingKey {
      case name = "Name"
      case value = "Value"
      case arn = "ARN"
    }
  }

  public struct Output: Sendable, Decodable {
    public var parameters: [Parameter]
    /// Names that there is nothing of.
    public var invalidParameters: [String]?

    enum CodingKeys: String, CodingKey {
      case parameters = "Parameters"
      case invalidParameters = "InvalidParameters"
    }
  }
}

/// One version of a secret (AWS Secrets Manager); refused as `ResourceNotFoundException` when it is not there.
public struct GetSecretValue: JSONCall {
  public static let service = AWSService.secretsManager
  public static let operation = "GetSecretValue"

  /// A name or an ARN.
  public var secretID: String
  /// Nil is that which the stage names.
  public var versionID: String?
  /// Nil is `AWSCURRENT`.
  public var versionStage: String?

  public init(secretID: String, versionID: String? = nil, versionStage: String? = nil) {
    self.secretID = secretID
    self.versionID = versionID
    self.versionStage = versionStage
  }

  enum CodingKeys: String, CodingKey {
    case secretID = "SecretId"
    case versionID = "VersionId"
    case versionStage = "VersionStage"
  }

  public struct Output: Sendable, Decodable {
    /// Nil of a secret that is bytes.
    public var secretString: String?
    /// In base64.
    public var secretBinary: String?

    enum CodingKeys: String, CodingKey {
      case secretString = "SecretString"
      case secretBinary = "SecretBinary"
    }
  }
}
