import AWS
import DeployPlugins
import Diagnostics
import ECSDeployment
import HostOS
import JSON

/// Waits for deployments side by side, and does what the configuration wants when one does not succeed.
struct RolloutWaiter: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext
  /// Of the operation, in seconds since 1970.
  let deadline: Double?

  /// - Returns: what there is to say of each service.
  /// - Throws: `PluginFailure` when one does not succeed.
  func wait(_ pending: [PendingRollout], draft: TaskDefinitionDraft?) async throws -> [(String, JSONValue)] {
    let end = end()
    let results = await withTaskGroup(of: (Int, Result<JSONValue, PluginFailure>).self) { group in
      for (index, rollout) in pending.enumerated() {
        group.addTask { (index, await one(rollout, draft, end)) }
      }
      var results: [(Int, Result<JSONValue, PluginFailure>)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let failures = results.compactMap { result in
      if case .failure(let failure) = result { failure } else { nil }
    }
    guard var failure = failures.first else {
      return zip(pending, results).map { ($0.rollout.address.service, (try? $1.get()) ?? [:]) }
    }
    if failures.count > 1 {
      failure.causes = (failure.causes ?? []) + failures.dropFirst().map(\.message)
      // Rolled back is what all of it has to be.
      if let other = failures.first(where: { $0.state != .rolledBack }) { failure.state = other.state }
    } else if pending.count > 1, failure.state == .rolledBack {
      failure.causes = (failure.causes ?? []) + ["the other services run the new revision"]
      failure.state = .failed
    }
    throw failure
  }

  private func end() -> ContinuousClock.Instant {
    var seconds = config.timeout
    if let deadline { seconds = min(seconds, .seconds(max(0, deadline - Double(Timestamp.now.seconds)))) }
    return ContinuousClock.now + seconds
  }

  private func one(
    _ pending: PendingRollout, _ draft: TaskDefinitionDraft?, _ end: ContinuousClock.Instant
  ) async -> Result<JSONValue, PluginFailure> {
    var watch = RolloutWatch(
      pending.rollout, client: client, context: context, stopped: pending.stopped, crashLimit: config.crashLimit)
    do {
      let outcome = try await watch.wait(until: end)
      let isRunning = outcome == .succeeded
      context.progress(
        watch.step, isRunning ? nil : "\(Self.state(outcome).rawValue)", state: isRunning ? .done : .failed)
      if isRunning { return .success(self.success(watch)) }
      let settled = watch
      return .failure(try await withoutCancellation { try await conclude(settled, outcome, pending, draft) })
    } catch let failure as PluginFailure {
      return .failure(failure)
    } catch let error as AWSError {
      var failure = PluginFailure(error)
      failure.state = .inProgress
      failure.causes = (failure.causes ?? []) + ["ECS goes on with \(pending.name) without being watched"]
      return .failure(failure)
    } catch {
      return .failure(PluginFailure(code: "defect", message: "\(error)"))
    }
  }

  private func success(_ watch: RolloutWatch) -> JSONValue {
    var value: JSONValue = ["taskDefinition": .string(watch.rollout.taskDefinition)]
    let tasks = watch.service?.runningCount ?? 0
    value["runningCount"] = .int(tasks)
    value["serviceDeployment"] = watch.serviceDeployment.map { .string($0) }
    if watch.service?.desiredCount == 0, watch.service?.isDaemon != true {
      context.warn("no-tasks", "deployed to 0 tasks: the service \(watch.rollout.address.service) wants none")
    }
    return value
  }

  static func state(_ outcome: RolloutOutcome) -> DeploymentState {
    switch outcome {
    case .succeeded: .succeeded
    case .rolledBack: .rolledBack
    case .rollbackFailed: .rollbackFailed
    case .superseded: .superseded
    case .stopped: .stopped
    case .failed, .crashLoop, .vanished: .failed
    case .timedOut: .timedOut
    case .cancelled: .inProgress
    }
  }

  // MARK: Ends that are none of success

  private func conclude(
    _ watch: RolloutWatch, _ outcome: RolloutOutcome, _ pending: PendingRollout, _ draft: TaskDefinitionDraft?
  ) async throws -> PluginFailure {
    if outcome == .cancelled { return try await cancelled(watch, pending) }
    let explanation = try await watch.explanation(draft)
    var failure = pending.failure(outcome, explanation, after: config.timeout)
    let action: FailureAction =
      switch outcome {
      case .timedOut: config.onTimeout
      case .failed, .crashLoop: config.onFailure
      default: .fail
      }
    guard action == .rollback else { return failure }
    switch await reverse(watch, pending) {
    case .success(.rolledBack):
      failure.state = .rolledBack
      failure.message += "; \(pending.previousName) is back"
      failure.hint = explanation.hint ?? "correct what the causes show, and deploy again"
    case .success(.superseded(let other)):
      failure.state = .superseded
      failure.message += "; while going back, \(TaskDefinitionName(other)) was deployed"
    case .success:
      failure.state = .rollbackFailed
      failure.message += "; going back to \(pending.previousName) failed as well"
    case .failure(let error):
      failure.state = .rollbackFailed
      failure.message += "; going back failed: \(error.message)"
    }
    return failure
  }

  /// Goes back everywhere, after everything was deployed.
  func takeBack(_ pending: [PendingRollout], _ failure: PluginFailure) async -> PluginFailure {
    var failure = failure
    failure.state = .rolledBack
    for rollout in pending {
      let watch = RolloutWatch(
        rollout.rollout, client: client, context: context, stopped: rollout.stopped, crashLimit: 0)
      let name = rollout.rollout.address.service
      switch await reverse(watch, rollout) {
      case .success(.rolledBack): failure.message += "; \(rollout.previousName) is back in \(name)"
      case .success:
        failure.state = .rollbackFailed
        failure.message += "; going back to \(rollout.previousName) in \(name) failed"
      case .failure(let error):
        failure.state = .rollbackFailed
        failure.message += "; going back in \(name) failed: \(error.message)"
      }
    }
    return failure
  }

  private func reverse(
    _ watch: RolloutWatch, _ pending: PendingRollout
  ) async -> Result<RolloutOutcome, PluginFailure> {
    do {
      return .success(
        try await RolloutReversal(pending.rollout, undo: pending.undo, client: client, context: context)
          .run(watch, until: ContinuousClock.now + config.rollbackTimeout))
    } catch let failure as PluginFailure {
      return .failure(failure)
    } catch let error as any DiagnosticError {
      return .failure(PluginFailure(error))
    } catch {
      return .failure(PluginFailure(code: "defect", message: "\(error)"))
    }
  }

  private func cancelled(_ watch: RolloutWatch, _ pending: PendingRollout) async throws -> PluginFailure {
    var failure = PluginFailure(
      code: "cancelled", message: "cancelled while ECS was deploying \(pending.name)", category: .cancelled,
      state: .inProgress)
    let service = pending.rollout.address.service
    switch config.onCancel {
    case .leave:
      failure.message += "; ECS goes on with it"
      failure.hint = "look at it with slipway status, or go back with slipway rollback (on-cancel: rollback does so)"
    case .stop:
      do {
        _ = try await RolloutReversal(pending.rollout, undo: pending.undo, client: client, context: context)
          .begin(serviceDeployment: watch.serviceDeployment)
        failure.state = .stopped
        failure.message += "; it is being stopped, and \(service) goes back to \(pending.previousName)"
      } catch {
        failure.state = .inProgress
        failure.message += "; it could not be stopped: \((error as? AWSError)?.reason ?? "\(error)")"
      }
    case .rollback:
      switch await reverse(watch, pending) {
      case .success(.rolledBack):
        failure.state = .rolledBack
        failure.message += "; \(pending.previousName) is back"
      case .success(let other):
        failure.state = other == .rolledBack ? .rolledBack : .rollbackFailed
        failure.message += "; going back to \(pending.previousName) did not succeed"
      case .failure(let error):
        failure.state = .rollbackFailed
        failure.message += "; going back failed: \(error.message)"
      }
    }
    return failure
  }
}

extension PendingRollout {
  /// What is deployed, to which service.
  var name: String { "\(TaskDefinitionName(rollout.taskDefinition)) to \(rollout.address.service)" }
  var previousName: String { rollout.previous.map { TaskDefinitionName($0).description } ?? "nothing" }

  func failure(_ outcome: RolloutOutcome, _ explanation: Explanation, after timeout: Duration) -> PluginFailure {
    let service = rollout.address.service
    let (code, message, hint): (String, String, String?) =
      switch outcome {
      case .succeeded, .cancelled: ("defect", "the deployment of \(name) ended without a reason", nil)
      case .rolledBack:
        ("deployment-rolled-back", "the deployment of \(name) failed, and ECS went back to \(previousName)", nil)
      case .rollbackFailed:
        (
          "rollback-failed", "the deployment of \(name) failed, and so did going back",
          "deploy a revision that is known to work, for example with slipway rollback"
        )
      case .superseded(let other):
        (
          "deployment-superseded",
          "the deployment of \(name) was superseded: somebody deployed \(TaskDefinitionName(other)) meanwhile",
          "nothing is wrong with this revision; let one pipeline at a time deploy to \(service)"
        )
      case .stopped: ("deployment-stopped", "somebody stopped the deployment of \(name)", nil)
      case .failed:
        (
          "deployment-failed",
          "the deployment of \(name) failed; ECS gave it up and did not go back",
          "go back with slipway rollback, or set circuit-breaker: true so that ECS does"
        )
      case .crashLoop(let failures):
        (
          "crash-loop", "\(failures) tasks of \(name) ended again: the deployment cannot succeed",
          "on-failure: rollback takes such a deployment back"
        )
      case .vanished: ("service-gone", "the service \(service) was deleted during its deployment", nil)
      case .timedOut:
        (
          "deployment-timed-out", "the deployment of \(name) was not done in \(timeout.text)",
          "give it a longer timeout, or take it back with on-timeout: rollback"
        )
      }
    return PluginFailure(
      code: code, message: message, hint: explanation.hint ?? hint,
      causes: explanation.causes.isEmpty ? nil : explanation.causes, state: RolloutWaiter.state(outcome),
      outputs: ["taskDefinition": .string(rollout.taskDefinition)])
  }
}
