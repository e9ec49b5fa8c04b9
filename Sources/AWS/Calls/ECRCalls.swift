/// A password for all repositories that the caller may use (Amazon ECR).
struct GetAuthorizationToken: JSONCall {
  static let service = AWSService.ecr
  static let operation = "GetAuthorizationToken"

  struct Output: Sendable, Decodable {
    var authorizationData: [AuthorizationData]
  }
}

/// A password for public.ecr.aws (Amazon ECR Public).
struct GetPublicAuthorizationToken: JSONCall {
  static let service = AWSService.ecrPublic
  static let operation = "GetAuthorizationToken"

  struct Output: Sendable, Decodable {
    var authorizationData: AuthorizationData
  }
}

struct AuthorizationData: Sendable, Decodable {
  /// The base64 form of `user:password`.
  var authorizationToken: String
  /// Seconds since 1970.
  var expiresAt: Double
}

/// Looks up repositories of Amazon ECR by their names; refused as `RepositoryNotFoundException` when one is missing.
public struct DescribeRepositories: JSONCall {
  public static let service = AWSService.ecr
  public static let operation = "DescribeRepositories"

  public var repositoryNames: [String]
  /// An account; nil is that of the credentials.
  public var registryId: String?

  public init(repositoryNames: [String], registryId: String? = nil) {
    self.repositoryNames = repositoryNames
    self.registryId = registryId
  }

  public struct Output: Sendable, Decodable {
    public var repositories: [ECRRepository]
  }
}

public struct ECRRepository: Sendable, Decodable {
  public var repositoryName: String
  public var repositoryUri: String
}

/// Makes a repository of Amazon ECR.
public struct CreateRepository: JSONCall {
  public static let service = AWSService.ecr
  public static let operation = "CreateRepository"

  public var repositoryName: String
  /// An account; nil is that of the credentials.
  public var registryId: String?
  /// `MUTABLE`, `IMMUTABLE`.
  public var imageTagMutability: String?
  public var imageScanningConfiguration: Scanning?
  public var encryptionConfiguration: Encryption?

  public struct Scanning: Sendable, Hashable, Codable {
    public var scanOnPush: Bool
    public init(scanOnPush: Bool) { self.scanOnPush = scanOnPush }
  }

  public struct Encryption: Sendable, Hashable, Codable {
    /// `AES256`, `KMS`, `KMS_DSSE`.
    public var encryptionType: String
    /// The ARN, the ID or an alias; nil is the key of AWS.
    public var kmsKey: String?

    public init(encryptionType: String, kmsKey: String? = nil) {
      self.encryptionType = encryptionType
      self.kmsKey = kmsKey
    }
  }

  public init(repositoryName: String) { self.repositoryName = repositoryName }

  public struct Output: Sendable, Decodable {
    public var repository: ECRRepository
  }
}
