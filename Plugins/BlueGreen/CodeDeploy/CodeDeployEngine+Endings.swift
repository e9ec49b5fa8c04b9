import AWS
import DeployPlugins
import ECSDeployment
import JSON

extension CodeDeployEngine {
  /// How long a rollback may take.
  private static let rollbackTime = Duration.seconds(3 * 3600)

  /// Waits for the end, and says how it was.
  func finish(
    _ watch: CodeDeployWatch, _ revision: PlannedRevision, _ taskDefinition: String, _ plan: DeploymentPlan,
    _ deadline: ContinuousClock.Instant
  ) async throws -> DeploymentReport {
    var watch = watch
    var outcome = try await watch.wait(
      until: deadline, for: try termination() == .wait ? .end : .traffic, as: .deployer)
    if case .succeeded = outcome, try termination() == .end, watch.deployment?.status != "Succeeded" {
      try await client.continueCodeDeploy(watch.id, "TERMINATION_WAIT")
      outcome = try await watch.wait(until: deadline, for: .end, as: .deployer)
    }
    switch outcome {
    case .succeeded: return succeeded(watch, taskDefinition, plan)
    case .rollingBack(let other): throw try await failure(outcome, rollback: other, watch, revision, taskDefinition)
    case .failed, .stopped, .waitingForApproval:
      throw try await failure(outcome, rollback: nil, watch, revision, taskDefinition)
    case .crashLoop, .notVerified: throw try await takenBack(outcome, watch, revision, taskDefinition)
    case .timedOut where settings.onTimeout == .rollback:
      throw try await takenBack(outcome, watch, revision, taskDefinition)
    case .cancelled where settings.onCancel == .rollback:
      throw try await takenBack(outcome, watch, revision, taskDefinition)
    case .timedOut, .cancelled:
      throw try await withoutCancellation { [watch, outcome] in
        if case .cancelled = outcome, settings.onCancel == .stop { try await client.stopCodeDeploy(watch.id) }
        return try await failure(outcome, rollback: nil, watch, revision, taskDefinition)
      }
    }
  }

  private func succeeded(
    _ watch: CodeDeployWatch, _ taskDefinition: String, _ plan: DeploymentPlan
  ) -> DeploymentReport {
    var told = report(.succeeded, taskDefinition, watch.id, plan)
    if watch.deployment?.awaitsTermination == true {
      told.summary += "; all requests go there, and the old tasks end later"
    }
    told.outputs["targetGroup"] = watch.deployment?.taskSet("Green")?.targetGroup.map { .string($0) }
    scene.context.progress(step, "all traffic is on the new tasks", state: .done)
    return told
  }

  // MARK: Going back

  /// Stops a deployment, and waits for what rolls it back: a deployment of its own.
  private func takenBack(
    _ cause: CodeDeployOutcome, _ watch: CodeDeployWatch, _ revision: PlannedRevision, _ taskDefinition: String
  ) async throws -> PluginFailure {
    try await withoutCancellation {
      var watch = watch
      scene.context.progress(step, "stops \(watch.id), and goes back", state: .running)
      let other = try await takeBack(&watch)
      return try await failure(cause, rollback: other, watch, revision, taskDefinition)
    }
  }

  /// - Returns: the id of the rollback; nil when there is nothing to go back from.
  func takeBack(_ watch: inout CodeDeployWatch) async throws -> String? {
    try await client.stopCodeDeploy(watch.id)
    guard case .rollingBack(let other) = try await watch.wait(until: .now + Self.rollbackTime, for: .end, as: .onlooker)
    else { return nil }
    return other
  }

  /// Waits for the deployment that rolls another one back.
  func rollbackState(_ id: String) async throws -> (state: DeploymentState, reasons: [String]) {
    var watch = CodeDeployWatch(scene, id: id)
    let outcome = try await watch.wait(until: .now + Self.rollbackTime, for: .traffic, as: .onlooker)
    if case .succeeded = outcome { return (.rolledBack, []) }
    return (.rollbackFailed, ["the rollback \(id) failed"] + (watch.deployment?.reasons ?? []))
  }

  // MARK: What is told of failures

  private func failure(
    _ cause: CodeDeployOutcome, rollback: String?, _ watch: CodeDeployWatch, _ revision: PlannedRevision,
    _ taskDefinition: String
  ) async throws -> PluginFailure {
    let explanation = try await watch.explanation(revision.draft)
    var failure = told(cause, watch, TaskDefinitionName(taskDefinition))
    failure.hint = failure.hint ?? explanation.hint
    failure.causes = explanation.causes
    failure.outputs = outputs(taskDefinition, watch.id)
    guard let rollback else {
      // It was stopped before there was anything to go back from.
      if watch.deployment?.rollbackMessage != nil, failure.state == .timedOut || failure.category == .cancelled {
        failure.state = .stopped
      }
      return failure
    }
    failure.outputs?["rollback"] = .string(rollback)
    let end = try await rollbackState(rollback)
    failure.state = end.state
    failure.causes = (failure.causes ?? []) + end.reasons
    if end.state == .rollbackFailed {
      failure.hint = "requests may go to both: see where the listener of \(service.name) forwards to, then deploy again"
    }
    return failure
  }

  private func told(
    _ cause: CodeDeployOutcome, _ watch: CodeDeployWatch, _ name: TaskDefinitionName
  ) -> PluginFailure {
    let place = watch.deployment?.stage.map { " at \($0)" } ?? ""
    let what = "the deployment \(watch.id) of \(name)"
    func made(
      _ code: String, _ message: String, _ state: DeploymentState, hint: String? = nil,
      _ category: PluginFailure.Category? = nil
    ) -> PluginFailure {
      PluginFailure(code: code, message: message, hint: hint, category: category, state: state)
    }
    switch cause {
    case .stopped: return made("stopped", "\(what) was stopped\(place)", .stopped)
    case .rollingBack where watch.deployment?.status == "Stopped":
      return made("stopped", "\(what) was stopped\(place)", .stopped)
    case .crashLoop(let count): return made("crash-loop", "\(count) tasks of \(name) failed\(place)", .failed)
    case .notVerified(let gate): return gate
    case .timedOut:
      return made(
        "timed-out", "\(what) did not end in time; it is\(place.isEmpty ? " not begun" : place)", .timedOut,
        hint: "give it more time with timeout, or see how it goes on: slipway status")
    case .cancelled:
      let (end, state): (String, DeploymentState) =
        switch settings.onCancel {
        case .leave: ("; CodeDeploy goes on with \(watch.id)", .inProgress)
        case .stop: ("; CodeDeploy stops \(watch.id) and goes back", .stopped)
        case .rollback: ("", .stopped)
        }
      return made("cancelled", "cancelled\(place)\(end)", state, .cancelled)
    case .failed, .rollingBack, .succeeded, .waitingForApproval:
      return made("deployment-failed", "\(what) failed\(place)", .failed)
    }
  }
}
