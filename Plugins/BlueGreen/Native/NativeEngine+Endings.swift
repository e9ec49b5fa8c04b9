import AWS
import DeployPlugins
import ECSDeployment
import JSON

extension NativeEngine {
  private var settings: BlueGreenSettings { scene.settings }
  private var client: ECSClient { scene.client }
  private var service: ECSService { scene.service }

  /// Waits for the end, and says how it was.
  func finish(
    _ watch: NativeWatch, _ revision: PlannedRevision, _ plan: DeploymentPlan, _ deadline: ContinuousClock.Instant
  ) async throws -> DeploymentReport {
    var watch = watch
    let outcome = try await watch.wait(until: deadline)
    switch outcome {
    case .succeeded:
      if !watch.hasVerifiedBake { try await verifyAtTheEnd(watch, plan) }
      let live = try await NativePreflight(scene).group(ofRevision: watch.deployment?.targetRevision)
      scene.context.progress("deploy \(service.name)", "all traffic is on the new revision", state: .done)
      return report(.succeeded, watch.taskDefinition, watch.arn, plan, live)
    case .rolledBack, .rollbackFailed, .stopped, .superseded, .waitingForApproval:
      throw try await failure(outcome, outcome, watch, revision)
    case .crashLoop, .notVerified: return try await takenBack(outcome, watch, revision)
    case .timedOut:
      if settings.onTimeout == .rollback { return try await takenBack(outcome, watch, revision) }
      throw try await failure(outcome, outcome, watch, revision)
    case .cancelled:
      if settings.onCancel != .leave { return try await takenBack(outcome, watch, revision) }
      throw try await withoutCancellation { [watch] in try await failure(outcome, outcome, watch, revision) }
    }
  }

  /// Gates that name no stage stand at the bake time; a deployment without one is verified when it is over.
  private func verifyAtTheEnd(_ watch: NativeWatch, _ plan: DeploymentPlan) async throws {
    do { try await scene.verification.run(client, at: "BAKE_TIME") } catch var failure as PluginFailure {
      failure.hint = "all traffic is on the new revision; go back with: slipway rollback"
      failure.outputs = try? await outputs(watch.taskDefinition, watch.arn, nil)
      throw failure
    }
  }

  private func takenBack(
    _ cause: NativeOutcome, _ watch: NativeWatch, _ revision: PlannedRevision
  ) async throws -> DeploymentReport {
    throw try await withoutCancellation {
      var watch = watch
      let end = try await takeBack(&watch, .now + .seconds(3600))
      return try await failure(cause, end, watch, revision)
    }
  }

  /// Has ECS roll a deployment back, and waits for it.
  func takeBack(_ watch: inout NativeWatch, _ deadline: ContinuousClock.Instant) async throws -> NativeOutcome {
    if watch.deployment?.status.hasPrefix("ROLLBACK") != true {
      do {
        _ = try await client.change(
          .ecs, "StopServiceDeployment", ["serviceDeploymentArn": .string(watch.arn), "stopType": "ROLLBACK"])
      } catch let error as AWSError where error.code == .awsRefused {
        // A rejected hook rolls back by itself; a deployment that is over cannot be stopped.
        scene.context.progress("deploy \(service.name)", "ECS does not stop it: \(error.reason)")
      }
    }
    return try await watch.wait(until: deadline, isReturning: true)
  }

  // MARK: What to say

  private func failure(
    _ cause: NativeOutcome, _ end: NativeOutcome, _ watch: NativeWatch, _ revision: PlannedRevision
  ) async throws -> PluginFailure {
    let explanation = try await watch.explanation(revision.draft)
    let name = TaskDefinitionName(watch.taskDefinition)
    let place = watch.lastStage.map { " at \($0)" } ?? ""
    var failure = PluginFailure(
      code: "deployment-failed", message: "", causes: explanation.causes, state: state(of: end))
    failure.hint = explanation.hint
    switch cause {
    case .rolledBack:
      (failure.code, failure.message) = ("rolled-back", "ECS rolled the deployment of \(name) back\(place)")
    case .rollbackFailed:
      (failure.code, failure.message) = (
        "rollback-failed", "the deployment of \(name) failed\(place), and so did ECS's rollback"
      )
      failure.hint = failure.hint ?? "look at the service now: slipway status; then deploy a revision that works"
    case .stopped: (failure.code, failure.message) = ("stopped", "somebody stopped the deployment of \(name)\(place)")
    case .superseded(let other):
      (failure.code, failure.message) = ("superseded", "the deployment of \(other) took the place of that of \(name)")
      failure.hint = "two deployments ran at once; the later one counts"
    case .crashLoop(let count):
      (failure.code, failure.message) = ("crash-loop", "\(count) tasks of \(name) failed\(place)")
    case .notVerified(let gate):
      failure = gate
      failure.causes = explanation.causes
      failure.state = state(of: end)
    case .timedOut:
      (failure.code, failure.message) = (
        "timed-out", "the deployment of \(name) did not end in time; it is\(place.isEmpty ? " not begun" : place)"
      )
      failure.hint = failure.hint ?? "give it more time with timeout, or see what it waits for: slipway status"
    case .cancelled:
      failure.code = "cancelled"
      failure.category = .cancelled
      let goesOn = settings.onCancel == .leave
      failure.message = goesOn ? "cancelled\(place); ECS goes on with the deployment of \(name)" : "cancelled\(place)"
      failure.hint = goesOn ? "wait for it with slipway wait, or take it back with slipway rollback" : nil
    case .succeeded, .waitingForApproval: break
    }
    if case .rollbackFailed = end, failure.code != "rollback-failed" {
      failure.causes = (failure.causes ?? []) + ["the rollback failed as well"]
    }
    failure.outputs = try await outputs(watch.taskDefinition, watch.arn, nil)
    return failure
  }

  private func state(of end: NativeOutcome) -> DeploymentState {
    switch end {
    case .succeeded: .succeeded
    case .rolledBack: .rolledBack
    case .rollbackFailed: .rollbackFailed
    case .stopped: .stopped
    case .superseded: .superseded
    case .timedOut: .timedOut
    case .waitingForApproval: .waitingForApproval
    case .cancelled: .inProgress
    case .crashLoop, .notVerified: .failed
    }
  }

  func report(
    _ state: DeploymentState, _ taskDefinition: String, _ deployment: String?, _ plan: DeploymentPlan?, _ live: String?
  ) -> DeploymentReport {
    var outputs: JSONValue = [
      "cluster": .string(settings.address.clusterName), "service": .string(service.name),
      "taskDefinition": .string(taskDefinition), "strategy": .string(service.strategy),
    ]
    outputs["serviceDeployment"] = deployment.map { .string($0) }
    outputs["targetGroup"] = live.map { .string($0) }
    let group = live.map { ", live on \(targetGroupName($0))" } ?? ""
    return DeploymentReport(
      state, summary: "\(service.name) runs \(TaskDefinitionName(taskDefinition))\(group)",
      changes: plan?.changes ?? [], outputs: outputs)
  }

  func outputs(_ taskDefinition: String, _ deployment: String?, _ live: String?) async throws -> JSONValue {
    report(.failed, taskDefinition, deployment, nil, live).outputs
  }

  /// Where ECS does not answer for service deployments, the service itself has to do.
  func withoutServiceDeployments(
    _ arn: String, _ revision: PlannedRevision, _ plan: DeploymentPlan, _ stopped: StoppedTasks,
    _ deadline: ContinuousClock.Instant
  ) async throws -> DeploymentReport {
    scene.context.warn(
      "stages-unknown", "ECS does not say at which stage the deployment is",
      help: ["permit ecs:ListServiceDeployments, DescribeServiceDeployments and DescribeServiceRevisions"])
    let rollout = Rollout(
      settings.address, taskDefinition: arn, previous: plan.state["previous"]?.string,
      knownEvents: Set(service.events.map(\.id)))
    var watch = RolloutWatch(
      rollout, client: client, context: scene.context, stopped: stopped,
      crashLimit: settings.crashLimit(service.desiredCount))
    let outcome = try await watch.wait(until: deadline)
    if outcome == .succeeded {
      try await scene.verification.run(client, at: "BAKE_TIME")
      return report(.succeeded, arn, nil, plan, nil)
    }
    let rollsBack: Bool =
      switch outcome {
      case .crashLoop: true
      case .timedOut: settings.onTimeout == .rollback
      case .cancelled: settings.onCancel != .leave
      default: false
      }
    let explanation = try await withoutCancellation { [watch] in try await watch.explanation(revision.draft) }
    var state: DeploymentState = .failed
    if rollsBack {
      let end = try await withoutCancellation { [watch] in
        try await RolloutReversal(rollout, client: client, context: scene.context).run(
          watch, until: .now + .seconds(3600))
      }
      state = end == .rolledBack ? .rolledBack : .rollbackFailed
    } else {
      switch outcome {
      case .rolledBack: state = .rolledBack
      case .rollbackFailed: state = .rollbackFailed
      case .superseded: state = .superseded
      case .timedOut: state = .timedOut
      case .stopped: state = .stopped
      default: break
      }
    }
    throw PluginFailure(
      code: state.rawValue, message: "the deployment of \(TaskDefinitionName(arn)) to \(service.name) did not succeed",
      hint: explanation.hint, causes: explanation.causes, category: outcome == .cancelled ? .cancelled : nil,
      state: state)
  }
}
