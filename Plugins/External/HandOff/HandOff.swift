import DeployPlugins
import HostOS
import JSON

/// Deployments by a command: Terraform, a script, Jenkins, kubectl.
struct HandOff: Sendable {
  let request: PluginRequest
  let settings: HandOffSettings
  let context: PluginContext

  init(_ request: PluginRequest, _ context: PluginContext) throws(PluginFailure) {
    self.request = request
    self.context = context
    settings = try HandOffSettings(request.config)
  }

  private var commands: HandOffRun { HandOffRun(request: request, settings: settings, context: context) }

  // MARK: Operations

  func plan() async throws -> DeploymentPlan {
    let values = HandOffEnvironment(request: request, settings: settings, inherited: context.environment)
    var words: [String] = []
    for word in settings.command { words.append(try values.filledIn(word, path: "/command")) }
    _ = try values.variables("apply")
    let shown = words.starts(with: ["/bin/sh", "-ec"]) ? words[2] : words.joined(separator: " ")
    let images = request.images.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value.reference)) }
    let change = PlannedChange("run", "command \(shown)", after: images.isEmpty ? nil : .members(images))
    guard let command = settings.planCommand else {
      return DeploymentPlan(
        summary: "hand over to \(words[0])", changes: [change], state: ["mode": "hand-off", "images": .members(images)])
    }
    context.progress("plan-command", command.joined(separator: " "))
    let outcome = try await run(command, "plan-command", .plan)
    let isDetailed = settings.planExitCode == .detailed
    guard outcome.ending.succeeded || (isDetailed && outcome.ending == .exited(2)) else {
      throw failure(outcome, "plan-command")
    }
    context.progress("plan-command", state: .done)
    let told = outcome.result.flatMap(DeploymentPlan.init(json:))
    let isUnchanged = told.map(\.changes.isEmpty) ?? (isDetailed && outcome.ending.succeeded)
    return DeploymentPlan(
      summary: told?.summary ?? (isUnchanged ? "nothing to do" : "hand over to \(words[0])"),
      changes: isUnchanged ? [] : told?.changes ?? [change],
      state: [
        "mode": "hand-off", "images": .members(images), "unchanged": .bool(isUnchanged), "state": told?.state ?? [:],
      ])
  }

  func apply(_ plan: DeploymentPlan) async throws -> DeploymentReport {
    if plan.state["unchanged"]?.bool == true {
      return DeploymentReport(.unchanged, summary: "\(settings.command[0]) has nothing to do")
    }
    context.progress("command", settings.command.joined(separator: " "))
    do {
      let outcome = try await run(settings.command, "command", .apply)
      guard outcome.ending.succeeded, outcome.failure == nil else {
        context.progress("command", state: .failed)
        throw try await after(failure(outcome, "command"), settings.onFailure == .rollback)
      }
      context.progress("command", state: .done)
      return report(outcome, plan.changes)
    } catch let error as DeadlinePassed {
      context.progress("command", "did not end within \(error.limit.text)", state: .failed)
      throw try await after(timedOut(error, "command"), settings.onTimeout == .rollback)
    } catch is CancellationError {
      context.progress("command", "cancelled", state: .failed)
      let failure = PluginFailure(
        code: "cancelled", message: "\(settings.command[0]) was ended, for the deployment is cancelled",
        hint: settings.rollbackCommand == nil ? nil : "undo what it did with: slipway rollback",
        category: .cancelled, state: .stopped)
      throw try await after(failure, settings.onCancel == .rollback)
    }
  }

  func rollback() async throws -> DeploymentReport {
    guard let command = settings.rollbackCommand else {
      throw PluginFailure.config(
        "there is no rollback-command", "/rollback-command", hint: "say how to roll back: rollback-command")
    }
    context.progress("rollback-command", command.joined(separator: " "))
    do {
      let outcome = try await run(command, "rollback-command", .rollback)
      guard outcome.ending.succeeded, outcome.failure == nil else {
        context.progress("rollback-command", state: .failed)
        var failure = failure(outcome, "rollback-command")
        failure.state = .rollbackFailed
        throw failure
      }
      context.progress("rollback-command", state: .done)
      var told = report(outcome, [PlannedChange("run", "command \(command.joined(separator: " "))")])
      if outcome.result == nil { told.state = .succeeded }
      return told
    } catch let error as DeadlinePassed {
      var failure = timedOut(error, "rollback-command")
      failure.state = .rollbackFailed
      throw failure
    }
  }

  func status() async throws -> DeploymentReport {
    guard let command = settings.statusCommand else {
      throw PluginFailure.config(
        "there is no status-command", "/status-command", hint: "say how to ask: status-command")
    }
    do {
      let outcome = try await run(command, "status-command", .status)
      if let report = outcome.result.flatMap(DeploymentReport.init(json:)) { return report }
      guard outcome.ending.succeeded, outcome.failure == nil else { throw failure(outcome, "status-command") }
      return DeploymentReport(
        .succeeded, summary: outcome.tail.last ?? "\(command[0]) says that all is well", outputs: ["exitCode": 0])
    } catch let error as DeadlinePassed {
      throw timedOut(error, "status-command")
    }
  }

  // MARK: Parts

  private func run(_ words: [String], _ key: String, _ operation: PluginOperation) async throws -> HandOffRun.Outcome {
    try await commands.run(words, key: key, operation: operation, limit: settings.timeout)
  }

  /// The failure to tell, once what was wished for was done about it.
  private func after(_ failure: PluginFailure, _ rollsBack: Bool) async throws -> PluginFailure {
    guard rollsBack else { return failure }
    var failure = failure
    do {
      _ = try await withoutCancellation { try await rollback() }
      failure.state = .rolledBack
      failure.hint = nil
    } catch {
      failure.state = .rollbackFailed
      let said = (error as? PluginFailure)?.message ?? "\(error)"
      failure.causes = (failure.causes ?? []) + ["the rollback failed: \(said)"]
      failure.hint = "put things in order by hand, then deploy again"
    }
    return failure
  }

  private func report(_ outcome: HandOffRun.Outcome, _ changes: [PlannedChange]) -> DeploymentReport {
    if let told = outcome.result.flatMap(DeploymentReport.init(json:)) { return told }
    return DeploymentReport(
      .succeeded, summary: "\(settings.command[0]) succeeded", changes: changes, outputs: outcome.result ?? [:])
  }

  private func failure(_ outcome: HandOffRun.Outcome, _ key: String) -> PluginFailure {
    if var told = outcome.failure {
      told.state = told.state ?? .failed
      return told
    }
    let how =
      switch outcome.ending {
      case .exited(let code): "ended with exit code \(code)"
      case .signaled(let signal): "was ended by signal \(signal)"
      }
    return PluginFailure(
      code: "command-failed", message: "\(outcome.program) \(how)",
      hint: "read its output above; \(key) is what was run",
      path: "/\(key)", causes: outcome.tail.isEmpty ? nil : outcome.tail.suffix(5), state: .failed)
  }

  private func timedOut(_ error: DeadlinePassed, _ key: String) -> PluginFailure {
    PluginFailure(
      code: "timed-out", message: "\(key) did not end within \(error.limit.text)",
      hint: "give it more time with timeout, or find out what it waits for", path: "/timeout", state: .timedOut)
  }
}
