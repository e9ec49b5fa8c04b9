/// How a service is spoken to.
struct ServiceInterface: Sendable {
  enum Language: Sendable, Hashable {
    /// AWS JSON 1.1, with what stands before operations in `X-Amz-Target`.
    case json(target: String)
    /// Query, with the version of the interface.
    case query(version: String)
    /// REST-JSON.
    case rest
  }

  /// The folder of its model in botocore, such as `ecs`.
  var id: String
  var signingName: String
  var language: Language
  /// Of its errors about parameters.
  var invalidCode = "ValidationException"

  static let all: [ServiceInterface] = [
    ServiceInterface(
      id: "ecs", signingName: "ecs", language: .json(target: "AmazonEC2ContainerServiceV20141113"),
      invalidCode: "InvalidParameterException"),
    ServiceInterface(
      id: "ecr", signingName: "ecr", language: .json(target: "AmazonEC2ContainerRegistry_V20150921"),
      invalidCode: "InvalidParameterException"),
    ServiceInterface(
      id: "logs", signingName: "logs", language: .json(target: "Logs_20140328"),
      invalidCode: "InvalidParameterException"),
    ServiceInterface(id: "events", signingName: "events", language: .json(target: "AWSEvents")),
    ServiceInterface(
      id: "application-autoscaling", signingName: "application-autoscaling",
      language: .json(target: "AnyScaleFrontendService")),
    ServiceInterface(id: "codedeploy", signingName: "codedeploy", language: .json(target: "CodeDeploy_20141006")),
    ServiceInterface(id: "sts", signingName: "sts", language: .query(version: "2011-06-15")),
    ServiceInterface(
      id: "elbv2", signingName: "elasticloadbalancing", language: .query(version: "2015-12-01")),
    ServiceInterface(id: "cloudwatch", signingName: "monitoring", language: .query(version: "2010-08-01")),
    ServiceInterface(id: "scheduler", signingName: "scheduler", language: .rest),
  ]

  static func named(_ id: String) -> ServiceInterface? { all.first { $0.id == id } }
}
