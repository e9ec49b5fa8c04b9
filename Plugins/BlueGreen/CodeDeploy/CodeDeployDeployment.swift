import AWS
import DeployPlugins
import ECSDeployment
import HostOS
import JSON

/// A deployment as CodeDeploy describes it, with its only target.
struct CodeDeployDeployment: Sendable {
  /// Of `GetDeployment`.
  let json: JSONValue
  /// Of `BatchGetDeploymentTargets`; nil where there is none, or it cannot be asked for.
  var target: JSONValue?

  var id: String { json["deploymentId"]?.string ?? "" }
  /// `Created`, `Queued`, `InProgress`, `Baking`, `Ready`, `Succeeded`, `Failed`, `Stopped`.
  var status: String { json["status"]?.string ?? "" }
  var isOver: Bool { ["Succeeded", "Failed", "Stopped"].contains(status) }
  /// The deployment that rolls this one back.
  var rollbackID: String? { json["rollbackInfo"]?["rollbackDeploymentId"]?.string }
  var rollbackMessage: String? { json["rollbackInfo"]?["rollbackMessage"]?.string }
  var isRollback: Bool { json["creator"]?.string == "codeDeployRollback" }
  var awaitsTermination: Bool { json["instanceTerminationWaitTimeStarted"]?.bool == true && !isOver }
  var content: String? {
    let revision = json["revision"]
    return revision?["appSpecContent"]?["content"]?.string ?? revision?["string"]?["content"]?.string
  }

  /// Whether it deploys exactly this text.
  func deploys(_ content: String) -> Bool {
    if let own = self.content { return own == content }
    return json["revision"]?["appSpecContent"]?["sha256"]?.string == SHA256Hasher.hex(of: content.utf8)
  }

  /// Whether another deployment that rolls it back is to be expected.
  var expectsRollback: Bool {
    guard status == "Failed" || status == "Stopped", rollbackID == nil, rollbackMessage == nil else { return false }
    let settings = json["autoRollbackConfiguration"]
    guard settings?["enabled"]?.bool == true else { return false }
    let event =
      status == "Failed"
      ? "DEPLOYMENT_FAILURE" : errorCode == "ALARM_ACTIVE" ? "DEPLOYMENT_STOP_ON_ALARM" : "DEPLOYMENT_STOP_ON_REQUEST"
    return settings?["events"]?.array?.contains(.string(event)) == true
  }

  // MARK: Lifecycle events

  struct Event: Sendable, Hashable {
    var name: String
    /// `Pending`, `InProgress`, `Succeeded`, `Failed`, `Skipped`, `Unknown`.
    var status: String
    var diagnostics: JSONValue?
  }

  var events: [Event] {
    (target?["lifecycleEvents"]?.array ?? []).map {
      Event(
        name: $0["lifecycleEventName"]?.string ?? "", status: $0["status"]?.string ?? "",
        diagnostics: $0["diagnostics"])
    }
  }

  /// What is under way, or went wrong.
  var stage: String? {
    (events.first { $0.status == "Failed" } ?? events.last { $0.status == "InProgress" }
      ?? events.last { $0.status == "Succeeded" })?.name
  }

  /// Whether all requests go to the new tasks, and the last hook has passed.
  var isShifted: Bool {
    awaitsTermination || status == "Succeeded"
      || events.contains { $0.name == "AfterAllowTraffic" && $0.status == "Succeeded" }
  }

  // MARK: Task sets

  struct TaskSet: Sendable, Hashable {
    /// Of the traffic, in percent.
    var weight: Double
    var desired: Int
    var running: Int
    var targetGroup: String?
  }

  /// - Parameter label: `Blue`, the old one, or `Green`.
  func taskSet(_ label: String) -> TaskSet? {
    (target?["taskSetsInfo"]?.array ?? []).first { $0["taskSetLabel"]?.string == label }.map {
      TaskSet(
        weight: $0["trafficWeight"]?.double ?? 0, desired: $0["desiredCount"]?.int ?? 0,
        running: $0["runningCount"]?.int ?? 0, targetGroup: $0["targetGroup"]?["name"]?.string)
    }
  }

  // MARK: Why it failed

  var errorCode: String? { json["errorInformation"]?["code"]?.string }

  /// What to do about the code of its error.
  var hint: String? { errorCode.flatMap { Self.hints[$0] } }

  private static let hints = [
    "ALARM_ACTIVE": "an alarm of the deployment went off: look at its metric, then deploy again",
    "ECS_UPDATE_ERROR":
      "ECS refuses the new task set: check container and port of the AppSpec against the task definition",
    "ELASTIC_LOAD_BALANCING_INVALID": "check the listeners and target groups of the deployment group",
    "HEALTH_CONSTRAINTS": "the new tasks did not become healthy: see why they stopped",
    "HOOK_EXECUTION_FAILURE": "the function of a hook failed or did not report within an hour: read its log",
    "IAM_ROLE_MISSING": "give the deployment group a service role",
    "IAM_ROLE_PERMISSIONS": "give the service role of the deployment group the policy AWSCodeDeployRoleForECS",
    "INTERNAL_ERROR": "AWS had an error of its own: try again",
    "INVALID_ECS_SERVICE": "check that the service is ACTIVE, behind a load balancer, and that of the deployment group",
    "INVALID_REVISION": "check the AppSpec, and that its task definition is ACTIVE",
    "MANUAL_STOP": "somebody stopped it",
    "MISSING_ELB_INFORMATION": "give the deployment group its load balancer",
    "RESOURCE_LIMIT_EXCEEDED": "a quota is exhausted: ask for more, or make room",
    "THROTTLED": "AWS had too many requests: try again",
    "TIMEOUT": "it waited for too long: see why the new tasks are not healthy, or continue it in time",
  ]

  /// What CodeDeploy says of why it failed, events and their functions included.
  var reasons: [String] {
    var reasons: [String] = []
    if let code = errorCode {
      reasons.append([code, json["errorInformation"]?["message"]?.string].compactMap { $0 }.joined(separator: ": "))
    }
    for event in events where event.status == "Failed" {
      let message = event.diagnostics?["message"]?.string
      let script = event.diagnostics?["scriptName"]?.string.map { " (\($0))" } ?? ""
      reasons.append("\(event.name)\(script) failed" + (message.map { ": \($0)" } ?? ""))
      if let tail = event.diagnostics?["logTail"]?.string, !tail.isEmpty {
        let lines = tail.split(separator: "\n").suffix(15).map { "  \($0)" }
        reasons.append("last lines of the log of \(event.name):\n" + lines.joined(separator: "\n"))
      }
    }
    if let rollbackMessage { reasons.append("rollback: \(rollbackMessage)") }
    return reasons
  }
}

extension ECSClient {
  /// A deployment of CodeDeploy, without its target.
  /// - Throws: `AWSError`, `CancellationError`.
  func codeDeployDeployment(_ id: String) async throws -> CodeDeployDeployment {
    let answer = try await call(.codeDeploy, "GetDeployment", ["deploymentId": .string(id)])
    return CodeDeployDeployment(json: answer["deploymentInfo"] ?? [:])
  }

  /// The ids of its targets; empty where there are none yet, or they cannot be asked for.
  /// - Throws: `CancellationError`.
  func codeDeployTargets(_ id: String) async throws -> [JSONValue] {
    try await quietly(.codeDeploy, "ListDeploymentTargets", ["deploymentId": .string(id)])?["targetIds"]?.array ?? []
  }

  /// - Throws: `CancellationError`.
  func codeDeployTarget(_ id: String, _ targets: [JSONValue]) async throws -> JSONValue? {
    guard !targets.isEmpty else { return nil }
    let answer = try await quietly(
      .codeDeploy, "BatchGetDeploymentTargets", ["deploymentId": .string(id), "targetIds": .array(targets)])
    return answer?["deploymentTargets"]?[0]?["ecsTarget"]
  }

  /// Goes on with a deployment that waits: `READY_WAIT` or `TERMINATION_WAIT`.
  /// - Throws: `AWSError`, `CancellationError`.
  func continueCodeDeploy(_ id: String, _ wait: String) async throws {
    do {
      _ = try await change(
        .codeDeploy, "ContinueDeployment", ["deploymentId": .string(id), "deploymentWaitType": .string(wait)])
    } catch let error as AWSError
      where ["DeploymentAlreadyCompletedException", "DeploymentIsNotInReadyStateException"].contains(error.serviceCode)
    {}
  }

  /// Stops a deployment, and goes back to what was there before.
  /// - Throws: `AWSError`, `CancellationError`.
  func stopCodeDeploy(_ id: String) async throws {
    do {
      _ = try await change(
        .codeDeploy, "StopDeployment", ["deploymentId": .string(id), "autoRollbackEnabled": true])
    } catch let error as AWSError where error.serviceCode == "DeploymentAlreadyCompletedException" {}
  }
}
