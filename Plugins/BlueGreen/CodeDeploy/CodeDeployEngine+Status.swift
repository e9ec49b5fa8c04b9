import AWS
import DeployPlugins
import ECSDeployment
import JSON

extension CodeDeployEngine {
  /// How the last deployment is; waits for its end where the request wants that.
  func status() async throws -> DeploymentReport {
    let target = try await CodeDeployTarget.find(scene)
    let open = try await running(target)
    if let decision = scene.request.decision { return try await decide(decision, open) }
    let definition = liveDefinition ?? ""
    guard let deployment = open else {
      try await ScalingPause(scene)?.end()
      return try await last(target, definition)
    }
    var watch = CodeDeployWatch(scene, id: deployment.id)
    let waits = scene.request.waits
    let deadline = ContinuousClock.now + (waits ? settings.timeout ?? .seconds(3 * 86_400) : .zero)
    let outcome = try await watch.wait(
      until: deadline, for: waits && (try termination()) == .wait ? .end : .traffic, as: waits ? .onlooker : .visitor)
    let state: DeploymentState =
      switch outcome {
      case .succeeded: .succeeded
      case .rollingBack(let id): try await rollbackState(id).state
      case .failed: .failed
      case .stopped: .stopped
      case .waitingForApproval: .waitingForApproval
      case .crashLoop, .notVerified: .failed
      case .timedOut: waits ? .timedOut : .inProgress
      case .cancelled: throw CancellationError()
      }
    var told = DeploymentReport(state, summary: "", outputs: outputs(definition, deployment.id))
    told.summary =
      "\(deployment.id) of \(service.name): \(watch.deployment?.status ?? "") "
      + (watch.deployment?.stage.map { "at \($0)" } ?? "")
    if watch.deployment?.awaitsTermination == true { told.summary += ", the old tasks wait for their end" }
    told.outputs["taskSets"] = taskSets(watch.deployment)
    return told
  }

  /// Nothing is on its way: how the last one ended.
  private func last(_ target: CodeDeployTarget, _ definition: String) async throws -> DeploymentReport {
    let ids = try await client.call(.codeDeploy, "ListDeployments", target.names)["deployments"]?.array ?? []
    var told = report(.succeeded, definition, nil, nil)
    told.outputs["taskSets"] = taskSets(nil)
    guard let id = ids.first?.string else { return told }
    let deployment = try await client.codeDeployDeployment(id)
    told.outputs["deployment"] = .string(id)
    switch deployment.status {
    case "Succeeded": told.state = deployment.isRollback ? .rolledBack : .succeeded
    case "Stopped": told.state = .stopped
    default: told.state = deployment.isRollback ? .rollbackFailed : .failed
    }
    told.summary += "; \(id): \(deployment.status)"
    if !deployment.reasons.isEmpty { told.outputs["reasons"] = .array(deployment.reasons.map { .string($0) }) }
    return told
  }

  /// The sets of DescribeServices, with the traffic where a deployment tells of it.
  private func taskSets(_ deployment: CodeDeployDeployment?) -> JSONValue {
    let weights = (deployment?.target?["taskSetsInfo"]?.array ?? []).map { ($0["identifer"], $0["trafficWeight"]) }
    return .array(
      (service.json["taskSets"]?.array ?? []).map { set in
        var value: JSONValue = [:]
        for name in ["id", "status", "taskDefinition", "runningCount", "computedDesiredCount", "stabilityStatus"] {
          value[name] = set[name]
        }
        value["targetGroup"] = set["loadBalancers"]?[0]?["targetGroupArn"]
        value["trafficWeight"] = weights.first { $0.0 == set["id"] }?.1
        return value
      })
  }

  /// The word that CodeDeploy waits for, or its refusal.
  private func decide(_ decision: JSONValue, _ open: CodeDeployDeployment?) async throws -> DeploymentReport {
    guard let open, open.status == "Ready" || open.awaitsTermination else {
      throw PluginFailure(
        code: "nothing-to-decide", message: "no deployment of \(service.name) waits for a decision",
        hint: "see what goes on with slipway status", category: .config)
    }
    if decision["action"]?.string == "reject" {
      try await client.stopCodeDeploy(open.id)
      return DeploymentReport(
        .inProgress, summary: "\(open.id) is rejected: CodeDeploy stops it and goes back",
        changes: [PlannedChange("reject", "deployment \(open.id)")], outputs: outputs(liveDefinition ?? "", open.id))
    }
    try await client.continueCodeDeploy(open.id, open.status == "Ready" ? "READY_WAIT" : "TERMINATION_WAIT")
    return DeploymentReport(
      .inProgress, summary: "\(open.id) is approved", changes: [PlannedChange("approve", "deployment \(open.id)")],
      outputs: outputs(liveDefinition ?? "", open.id))
  }
}
