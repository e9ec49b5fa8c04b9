public import JSON

/// A service deployment, as `DescribeServiceDeployments` answers.
public struct ServiceDeployment: Sendable, Hashable {
  public let json: JSONValue

  public init(_ json: JSONValue) { self.json = json }

  public var arn: String? { json["serviceDeploymentArn"]?.string }
  /// `PENDING`, `IN_PROGRESS`, `SUCCESSFUL`, `STOP_REQUESTED`, `STOPPED`, `ROLLBACK_REQUESTED`, `ROLLBACK_IN_PROGRESS`,
  /// `ROLLBACK_SUCCESSFUL`, `ROLLBACK_FAILED`.
  public var status: String { json["status"]?.string ?? "" }
  public var lifecycleStage: String? { json["lifecycleStage"]?.string }
  public var targetRevision: String? {
    json["targetServiceRevision"]?["arn"]?.string ?? json["targetServiceRevisionArn"]?.string
  }
  public var isOver: Bool {
    ["SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"].contains(status)
  }

  /// Whether the circuit breaker or an alarm ended it.
  public var isTriggered: Bool {
    json["deploymentCircuitBreaker"]?["status"]?.string == "TRIGGERED"
      || json["alarms"]?["status"]?.string == "TRIGGERED"
  }

  /// What it says of why it is as it is.
  public var reasons: [String] {
    var reasons = [json["statusReason"]?.string, json["rollback"]?["reason"]?.string].compactMap { $0 }
    let breaker = json["deploymentCircuitBreaker"]
    if breaker?["status"]?.string == "TRIGGERED" {
      let count = breaker?["failureCount"]?.int.map(String.init) ?? "too many"
      reasons.append("the circuit breaker tripped: \(count) tasks failed")
    }
    if let alarms = json["alarms"]?["triggeredAlarmNames"]?.array?.compactMap(\.string), !alarms.isEmpty {
      reasons.append("alarm detected: \(alarms.joined(separator: ", ")) went off")
    }
    return reasons
  }
}
