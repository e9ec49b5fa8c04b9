public import JSON

/// A service as Amazon ECS describes it; members that may be missing are optional here.
public struct ECSService: Sendable, Hashable {
  public let json: JSONValue

  public init(_ json: JSONValue) { self.json = json }

  public var name: String { json["serviceName"]?.string ?? arn?.split(separator: "/").last.map(String.init) ?? "" }
  public var arn: String? { json["serviceArn"]?.string }
  public var clusterARN: String? { json["clusterArn"]?.string }
  /// `ACTIVE`, `DRAINING`, `INACTIVE`.
  public var status: String { json["status"]?.string ?? "ACTIVE" }
  public var taskDefinition: String? { json["taskDefinition"]?.string }
  public var desiredCount: Int { json["desiredCount"]?.int ?? primary?.desiredCount ?? 0 }
  public var runningCount: Int { json["runningCount"]?.int ?? 0 }
  public var pendingCount: Int { json["pendingCount"]?.int ?? 0 }
  /// `ECS`, `CODE_DEPLOY`, `EXTERNAL`.
  public var controller: String { json["deploymentController"]?["type"]?.string ?? "ECS" }
  /// `ROLLING`, `BLUE_GREEN`, `LINEAR`, `CANARY`.
  public var strategy: String { json["deploymentConfiguration"]?["strategy"]?.string ?? "ROLLING" }
  public var isDaemon: Bool { json["schedulingStrategy"]?.string == "DAEMON" }
  /// Of the service deployment that is on its way, or the last one.
  public var currentDeployment: String? { json["currentServiceDeployment"]?.string }
  public var deployments: [DeploymentEntry] { (json["deployments"]?.array ?? []).map(DeploymentEntry.init) }
  public var primary: DeploymentEntry? { deployments.first { $0.status == "PRIMARY" } }
  /// Newest first, as the service has them.
  public var events: [ServiceEvent] { (json["events"]?.array ?? []).map(ServiceEvent.init) }
  public var targetGroups: [String] {
    (json["loadBalancers"]?.array ?? []).flatMap {
      [$0["targetGroupArn"]?.string, $0["advancedConfiguration"]?["alternateTargetGroupArn"]?.string]
        .compactMap { $0 }
    }
  }

  /// What guards deployments: `deploymentCircuitBreaker` or `alarms`.
  private func guardian(_ name: String) -> JSONValue? { json["deploymentConfiguration"]?[name] }
  public var hasBreaker: Bool { guardian("deploymentCircuitBreaker")?["enable"]?.bool == true }
  /// Whether ECS goes back by itself when a deployment fails.
  public var rollsBackByItself: Bool {
    ["deploymentCircuitBreaker", "alarms"].contains {
      guardian($0)?["enable"]?.bool == true && guardian($0)?["rollback"]?.bool == true
    }
  }
}

/// One of `deployments`.
public struct DeploymentEntry: Sendable, Hashable {
  public let json: JSONValue

  public init(_ json: JSONValue) { self.json = json }

  public var id: String? { json["id"]?.string }
  /// `PRIMARY`, `ACTIVE`, `INACTIVE`.
  public var status: String { json["status"]?.string ?? "" }
  public var taskDefinition: String? { json["taskDefinition"]?.string }
  /// `IN_PROGRESS`, `COMPLETED`, `FAILED`; nil behind a Classic Load Balancer.
  public var rolloutState: String? { json["rolloutState"]?.string }
  public var rolloutReason: String? { json["rolloutStateReason"]?.string }
  public var desiredCount: Int { json["desiredCount"]?.int ?? 0 }
  public var runningCount: Int { json["runningCount"]?.int ?? 0 }
  public var pendingCount: Int { json["pendingCount"]?.int ?? 0 }
  public var failedTasks: Int { json["failedTasks"]?.int ?? 0 }
}
