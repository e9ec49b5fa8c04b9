/// A service, as its model names it.
public struct AWSService: Sendable, Hashable {
  /// The service's ID in settings, such as `ECR PUBLIC`.
  var id: String
  /// How its host names begin.
  var prefix: String
  /// Where they begin otherwise with addresses of both kinds, but for FIPS.
  var dualStackPrefix: String?
  /// Its name in signatures.
  var signingName: String
  /// What stands before operations in `X-Amz-Target`, of services that speak JSON.
  var target: String?
  /// Of the interface; services that speak Query want to be told.
  var version = ""
  /// What FIPS is called in GovCloud.
  var govFIPS = GovFIPS.marked

  /// Most of GovCloud speaks FIPS anyway, so some services have no other name for it.
  enum GovFIPS: Sendable, Hashable {
    /// `-fips`, as elsewhere.
    case marked
    /// No mark, but with addresses of both kinds.
    case unmarkedUnlessDualStack
    case unmarked
  }

  private init(_ id: String, _ prefix: String, signingName: String? = nil) {
    self.id = id
    self.prefix = prefix
    self.signingName = signingName ?? prefix
  }

  private func with(_ change: (inout AWSService) -> Void) -> AWSService {
    var copy = self
    change(&copy)
    return copy
  }

  public static let ecr = AWSService("ECR", "api.ecr", signingName: "ecr").with {
    $0.dualStackPrefix = "ecr"
    $0.target = "AmazonEC2ContainerRegistry_V20150921"
  }
  public static let ecrPublic = AWSService("ECR PUBLIC", "api.ecr-public", signingName: "ecr-public").with {
    $0.target = "SpencerFrontendService"
  }
  public static let ecs = AWSService("ECS", "ecs").with { $0.target = "AmazonEC2ContainerServiceV20141113" }
  public static let sts = AWSService("STS", "sts").with {
    $0.version = "2011-06-15"
    $0.govFIPS = .unmarkedUnlessDualStack
  }
  public static let ssm = AWSService("SSM", "ssm").with {
    $0.target = "AmazonSSM"
    $0.govFIPS = .unmarkedUnlessDualStack
  }
  public static let secretsManager = AWSService("Secrets Manager", "secretsmanager").with {
    $0.target = "secretsmanager"
  }
  public static let logs = AWSService("CloudWatch Logs", "logs").with {
    $0.target = "Logs_20140328"
    $0.govFIPS = .unmarkedUnlessDualStack
  }
  public static let s3 = AWSService("S3", "s3")
  public static let codeDeploy = AWSService("CodeDeploy", "codedeploy").with { $0.target = "CodeDeploy_20141006" }
  public static let loadBalancing = AWSService("Elastic Load Balancing v2", "elasticloadbalancing").with {
    $0.version = "2015-12-01"
    $0.govFIPS = .unmarkedUnlessDualStack
  }
  public static let events = AWSService("EventBridge", "events").with {
    $0.target = "AWSEvents"
    $0.govFIPS = .unmarked
  }
  public static let scheduler = AWSService("Scheduler", "scheduler")
  public static let applicationAutoScaling = AWSService("Application Auto Scaling", "application-autoscaling").with {
    $0.target = "AnyScaleFrontendService"
    $0.govFIPS = .unmarkedUnlessDualStack
  }
  public static let cloudWatch = AWSService("CloudWatch", "monitoring").with {
    $0.version = "2010-08-01"
    $0.govFIPS = .unmarked
  }
  public static let sso = AWSService("SSO", "portal.sso", signingName: "awsssoportal").with {
    $0.govFIPS = .unmarkedUnlessDualStack
  }
}
