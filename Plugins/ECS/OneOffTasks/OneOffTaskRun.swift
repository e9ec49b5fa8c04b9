import AWS
public import DeployPlugins
public import JSON

/// Runs a task once: streams its logs, and its exit code decides.
public struct OneOffTaskRun: Sendable {
  private let client: ECSClient
  private let context: PluginContext
  private let task: OneOffTask
  private let cluster: String
  private let draft: TaskDefinitionDraft

  /// After it was started, a task may not be there yet for the one who answers.
  private static let missingRounds = 30

  public init(
    _ task: OneOffTask, cluster: String, draft: TaskDefinitionDraft, client: ECSClient, context: PluginContext
  ) {
    self.task = task
    self.cluster = cluster
    self.draft = draft
    self.client = client
    self.context = context
  }

  private var step: String { "run \(task.name)" }

  /// - Parameters:
  ///   - taskDefinition: the ARN of the revision.
  ///   - service: as ECS describes it, or as it will be created.
  ///   - id: of the deployment.
  /// - Throws: `PluginFailure` when the task does not end well, or not in time; `CancellationError` after it was stopped.
  public func run(taskDefinition: String, service: JSONValue?, id: String) async throws {
    let parameters = try task.parameters(
      cluster: cluster, taskDefinition: taskDefinition, draft: draft, service: service, id: id)
    context.progress(step, state: .running)
    let arn = try await start(parameters)
    do {
      let ended = try await wait(arn)
      try check(ended)
      context.progress(step, "exited with 0", state: .done)
    } catch {
      context.progress(step, state: .failed)
      if error is CancellationError { try? await stop(arn, "the deployment was cancelled") }
      throw error
    }
  }

  private func start(_ parameters: JSONValue) async throws -> String {
    let answer: JSONValue
    do { answer = try await client.change(.ecs, "RunTask", parameters) } catch let error as AWSError
      where error.code == .awsRefused
    {
      throw PluginFailure(
        code: "task-refused", message: "ECS refuses to run \(task.name): \(error.reason)",
        hint: KnownCause.hint(for: error.reason), path: task.pointer, state: .failed)
    }
    let failures = answer["failures"]?.array ?? []
    if let arn = answer["tasks"]?[0]?["taskArn"]?.string { return arn }
    let reasons = failures.map { failure in
      [failure["reason"]?.string, failure["detail"]?.string, failure["arn"]?.string].compactMap { $0 }
        .joined(separator: ", ")
    }
    throw PluginFailure(
      code: "task-not-started", message: "ECS did not start \(task.name): \(reasons.first ?? "it does not say why")",
      hint: KnownCause.hint(for: reasons), path: task.pointer, causes: reasons, retryable: true, state: .failed)
  }

  private func wait(_ arn: String) async throws -> StoppedTask {
    let end = ContinuousClock.now + task.timeout
    let id = arn.split(separator: "/").last.map(String.init) ?? arn
    var logs = logs(id)
    var round = 0
    var missing = 0
    var last = ""
    while true {
      let answer = try await client.call("DescribeTasks", ["cluster": .string(cluster), "tasks": [.string(arn)]])
      let found = answer["tasks"]?[0]
      let status = found?["lastStatus"]?.string ?? ""
      missing = found == nil ? missing + 1 : 0
      if status != last, !status.isEmpty {
        last = status
        context.progress(step, "\(status.lowercased()), task \(id)", state: .running)
      }
      for index in logs.indices
      where ["RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"].contains(status) {
        for line in try await logs[index].log.next(client) {
          context.log(line, source: "\(task.name)/\(logs[index].container)", step: step)
        }
      }
      if let found, status == "STOPPED" || status == "DELETED" { return StoppedTask(found) }
      if missing > Self.missingRounds {
        throw PluginFailure(
          code: "task-lost", message: "ECS no longer knows the task \(id) of \(task.name)", path: task.pointer,
          state: .failed)
      }
      guard ContinuousClock.now < end else {
        try? await stop(arn, "it took longer than \(task.timeout.text)")
        throw PluginFailure(
          code: "task-timed-out", message: "\(task.name) took longer than \(task.timeout.text)",
          hint: "give it a longer timeout, or look at its log", path: task.pointer, state: .timedOut)
      }
      try await client.pace.sleep(after: round)
      round += 1
    }
  }

  private func logs(_ id: String) -> [(container: String, log: TaskLog)] {
    let names = task.container.map { [$0] } ?? draft.containerNames
    return names.compactMap { name in TaskLog(of: draft.container(name), taskID: id).map { (name, $0) } }
  }

  /// A container without an exit code never ran.
  private func check(_ ended: StoppedTask) throws {
    let names = Set(task.container.map { [$0] } ?? draft.essentialContainers)
    let decisive = ended.containers.filter { names.isEmpty || names.contains($0.name) }
    if !decisive.isEmpty, decisive.allSatisfy({ $0.exitCode == 0 }) { return }
    let bad = decisive.first { $0.exitCode != 0 }
    let what =
      bad.map { container in
        container.exitCode.map { "container \(container.name) exited with \($0)" }
          ?? "container \(container.name) never ran"
      } ?? "no container of it ran"
    let hint = KnownCause.hint(
      for: [bad?.reason ?? "", ended.reason ?? ""].filter { !$0.contains("Essential container") })
    throw PluginFailure(
      code: "task-failed", message: "\(task.name) failed: \(what)",
      hint: hint ?? "read its output above; nothing goes on before it succeeds", path: task.pointer,
      causes: ["task \(ended.id): \(ended.cause)"], state: .failed,
      outputs: bad?.exitCode.map { ["exitCode": .int($0)] })
  }

  private func stop(_ arn: String, _ reason: String) async throws {
    _ = try await withoutCancellation { [client, cluster] in
      try await client.call(
        "StopTask", ["cluster": .string(cluster), "task": .string(arn), "reason": .string("slipway: \(reason)")])
    }
  }
}
