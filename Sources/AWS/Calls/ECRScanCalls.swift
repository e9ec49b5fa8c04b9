/// Which image of a repository, by digest or by tag (Amazon ECR, `ImageIdentifier`).
public struct ECRImageIdentifier: Sendable, Hashable, Codable {
  public var imageDigest: String?
  public var imageTag: String?

  public init(digest: String? = nil, tag: String? = nil) {
    imageDigest = digest
    imageTag = tag
  }
}

/// Begins a basic scan; refused as `LimitExceededException` when there was one in the last 24 hours, and as
/// `ValidationException` where enhanced scanning is on, which begins by itself.
public struct StartImageScan: JSONCall {
  public static let service = AWSService.ecr
  public static let operation = "StartImageScan"

  public var registryId: String?
  public var repositoryName: String
  public var imageId: ECRImageIdentifier

  public init(repositoryName: String, imageId: ECRImageIdentifier, registryId: String? = nil) {
    self.repositoryName = repositoryName
    self.imageId = imageId
    self.registryId = registryId
  }

  public struct Output: Sendable, Decodable {}
}

/// What a scan has found so far, in pages; refused as `ScanNotFoundException` when there was none.
public struct DescribeImageScanFindings: JSONCall {
  public static let service = AWSService.ecr
  public static let operation = "DescribeImageScanFindings"

  public var registryId: String?
  public var repositoryName: String
  public var imageId: ECRImageIdentifier
  public var nextToken: String?
  public var maxResults: Int? = 1000

  public init(repositoryName: String, imageId: ECRImageIdentifier, registryId: String? = nil) {
    self.repositoryName = repositoryName
    self.imageId = imageId
    self.registryId = registryId
  }

  public struct Output: Sendable, Decodable {
    public var imageId: ECRImageIdentifier?
    public var imageScanStatus: Status?
    public var imageScanFindings: Findings?
    public var nextToken: String?
  }

  public struct Status: Sendable, Decodable {
    /// `IN_PROGRESS`, `COMPLETE`, `FAILED`, `UNSUPPORTED_IMAGE`, `ACTIVE`, `PENDING`, `SCAN_ELIGIBILITY_EXPIRED`,
    /// `FINDINGS_UNAVAILABLE`, `LIMIT_EXCEEDED`, `IMAGE_ARCHIVED`.
    public var status: String
    public var description: String?
  }

  public struct Findings: Sendable, Decodable {
    /// By severity, such as `HIGH`.
    public var findingSeverityCounts: [String: Int]?
    public var findings: [BasicFinding]?
    public var enhancedFindings: [EnhancedFinding]?
  }

  /// Of a basic scan.
  public struct BasicFinding: Sendable, Decodable {
    public struct Attribute: Sendable, Decodable {
      public var key: String
      public var value: String?
    }
    public var name: String?
    public var severity: String?
    public var uri: String?
    public var attributes: [Attribute]?
  }

  /// Of Amazon Inspector.
  public struct EnhancedFinding: Sendable, Decodable {
    public struct Vulnerability: Sendable, Decodable {
      public struct Package: Sendable, Decodable {
        public var name: String?
        public var version: String?
      }
      public var vulnerabilityId: String?
      public var sourceUrl: String?
      public var vulnerablePackages: [Package]?
    }
    public var severity: String?
    public var title: String?
    public var packageVulnerabilityDetails: Vulnerability?
  }
}
