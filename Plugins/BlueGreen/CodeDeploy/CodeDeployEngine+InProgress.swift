import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Deployments that are on their way: CodeDeploy permits one at a time in a group.
extension CodeDeployEngine {
  /// What to do with one that is not ours; refused when nothing is said.
  func ifInProgress() throws(PluginFailure) -> BlueGreenSettings.InProgress {
    config["if-in-progress"] == nil ? .refuse : settings.ifInProgress
  }

  func inProgress(_ other: CodeDeployDeployment?, _ said: String? = nil) -> PluginFailure {
    let waits = other?.awaitsTermination == true
    return PluginFailure(
      code: "deployment-in-progress",
      message: other.map {
        "\(service.name) has a deployment in progress: \($0.id)"
          + (waits ? ", which waits for the end of the old tasks" : "")
      } ?? "\(service.name) has a deployment in progress: \(said ?? "")",
      hint: waits
        ? "end that wait with if-in-progress: wait and termination: end, or wait for it with if-in-progress: wait"
        : "wait for its end, or set if-in-progress: wait or stop", path: "/if-in-progress", retryable: true,
      state: .failed)
  }

  /// The deployment of the group that is on its way.
  /// - Throws: `AWSError`, `CancellationError`.
  func running(_ target: CodeDeployTarget) async throws -> CodeDeployDeployment? {
    var parameters = target.names
    parameters["includeOnlyStatuses"] = ["Created", "Queued", "InProgress", "Baking", "Ready"]
    let ids = try await client.call(.codeDeploy, "ListDeployments", parameters)["deployments"]?.array ?? []
    for id in ids.compactMap(\.string) {
      let deployment = try await client.codeDeployDeployment(id)
      if !deployment.isOver { return deployment }
    }
    return nil
  }

  /// Whether what is on its way is what a run before this one began.
  func goesOn(
    _ open: CodeDeployDeployment?, _ revision: PlannedRevision, _ spec: AppSpec
  ) throws(PluginFailure) -> Bool {
    guard let open, !open.isRollback, let arn = revision.existing else { return false }
    return open.deploys(try spec.content(arn))
  }

  /// Deals with a deployment that is on its way.
  /// - Returns: its id if it is ours, from a run that was cut off.
  /// - Throws: `PluginFailure`, `AWSError`, `CancellationError`.
  func settle(
    _ target: CodeDeployTarget, _ content: String, _ deadline: ContinuousClock.Instant
  ) async throws -> String? {
    let choice = try ifInProgress()
    var round = 0
    var stopped: Set<String> = []
    while let other = try await running(target) {
      if !other.isRollback, other.deploys(content) { return other.id }
      if choice == .refuse { throw inProgress(other) }
      if round == 0 { scene.context.progress(step, "waits for the deployment \(other.id)", state: .running) }
      if choice == .stop, !other.isRollback, stopped.insert(other.id).inserted {
        scene.context.progress(step, "stops the deployment \(other.id)", state: .running)
        try await client.stopCodeDeploy(other.id)
      } else if choice == .wait, other.awaitsTermination, try termination() == .end, stopped.insert(other.id).inserted {
        try await client.continueCodeDeploy(other.id, "TERMINATION_WAIT")
      }
      guard ContinuousClock.now < deadline else {
        throw PluginFailure(
          code: "timed-out", message: "the deployment \(other.id) did not end in time", path: "/timeout",
          state: .timedOut)
      }
      try await client.pace.sleep(after: round)
      round += 1
    }
    return nil
  }

  /// Makes the deployment; finds it again when it was made and the answer was lost.
  /// - Returns: its id.
  func create(
    _ target: CodeDeployTarget, _ parameters: JSONValue, _ content: String, _ taskDefinition: String,
    _ deadline: ContinuousClock.Instant
  ) async throws -> String {
    var round = 0
    while true {
      do {
        let answer = try await client.change(.codeDeploy, "CreateDeployment", parameters)
        guard let id = answer["deploymentId"]?.string else {
          throw PluginFailure(code: "deployment-unknown", message: "CodeDeploy did not say which deployment it made")
        }
        scene.context.progress(
          step, "CodeDeploy deploys \(TaskDefinitionName(taskDefinition)) as \(id)", state: .running)
        return id
      } catch let error as AWSError where error.serviceCode == "DeploymentLimitExceededException" {
        if let ours = try await settle(target, content, deadline) { return ours }
        guard try ifInProgress() != .refuse, ContinuousClock.now < deadline else { throw inProgress(nil, error.reason) }
        try await client.pace.sleep(after: round)
        round += 1
      } catch let error as AWSError where error.code == .awsRefused {
        throw PluginFailure(
          code: "deployment-refused", message: "CodeDeploy refuses the deployment: \(error.reason)",
          hint: KnownCause.hint(for: error.reason) ?? "check deployment-config, appspec and the deployment group",
          state: .failed)
      }
    }
  }
}
