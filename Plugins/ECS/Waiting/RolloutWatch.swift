import AWS
public import DeployPlugins
import HostOS
import JSON

/// Waits for a deployment, tells of what happens, and keeps what says why it does not come to its end.
public struct RolloutWatch: Sendable {
  public private(set) var rollout: Rollout
  /// The last answer.
  public private(set) var service: ECSService?
  public private(set) var deployment: ServiceDeployment?
  public private(set) var stopped: StoppedTasks
  /// Since it began, oldest first.
  public private(set) var events: [String] = []

  private let client: ECSClient
  private let context: PluginContext
  /// How many failed tasks are a crash loop; nil is what the service's size suggests, 0 is never.
  private var crashLimit: Int?
  private var judge: RolloutJudge
  private var deployments: ServiceDeployments
  private var knownEvents: Set<String>
  private var round = 0
  private var missing = 0
  private var lastFailures = 0
  private var lastProgress = ""

  /// After a creation a service may not be there yet for the one who answers.
  private static let missingRounds = 30

  public init(_ rollout: Rollout, client: ECSClient, context: PluginContext, stopped: StoppedTasks, crashLimit: Int?) {
    self.rollout = rollout
    self.client = client
    self.context = context
    self.crashLimit = crashLimit
    self.stopped = stopped
    judge = RolloutJudge(
      taskDefinition: rollout.taskDefinition, previous: rollout.previous, deploymentID: rollout.deploymentID)
    deployments = ServiceDeployments(
      rollout.address, taskDefinition: rollout.taskDefinition, known: rollout.knownDeployments)
    knownEvents = rollout.knownEvents
  }

  /// The ARN of our service deployment, where it is known.
  public var serviceDeployment: String? { deployments.arn }

  public var step: String { "deploy \(rollout.address.service)" }

  /// - Parameter deadline: seconds of the continuous clock.
  /// - Throws: `AWSError` when ECS refuses to answer for another reason than a passing one.
  public mutating func wait(
    until deadline: ContinuousClock.Instant, ignoresCrashes: Bool = false
  ) async throws -> RolloutOutcome {
    if ignoresCrashes { crashLimit = 0 }
    do {
      while true {
        if let outcome = try await look() {
          _ = try? await stopped.update(client)
          return outcome
        }
        guard ContinuousClock.now < deadline else {
          _ = try? await stopped.update(client)
          return .timedOut
        }
        try await client.pace.sleep(after: round)
        round += 1
      }
    } catch is CancellationError {
      return .cancelled
    }
  }

  private mutating func look() async throws -> RolloutOutcome? {
    guard let service = try await describe() else {
      missing += 1
      return missing > Self.missingRounds ? .vanished : nil
    }
    missing = 0
    self.service = service
    tellEvents(service)
    deployment = try await deployments.current(client, service) ?? deployment
    let entry = judge.entry(in: service)
    if entry?.failedTasks ?? 0 > lastFailures || round % 3 == 2 { try await stopped.update(client) }
    lastFailures = entry?.failedTasks ?? lastFailures
    tellProgress(service, entry)
    if let outcome = judge.outcome(service, deployment) { return outcome }
    return crashLoop(service, entry)
  }

  /// Nil when there is no answer, or no service in it.
  private func describe() async throws -> ECSService? {
    do { return try await client.service(rollout.address) } catch let error as AWSError where error.isPassing {
      context.progress(step, "no answer from ECS: \(error.reason)")
      return service
    }
  }

  /// Where ECS counts by itself, it is given twice the time.
  private func crashLoop(_ service: ECSService, _ entry: DeploymentEntry?) -> RolloutOutcome? {
    guard let entry, crashLimit != 0 else { return nil }
    let failures = max(stopped.failures.count, entry.failedTasks)
    let threshold = min(max((service.desiredCount + 1) / 2, 3), 200)
    let limit = crashLimit ?? (service.hasBreaker ? 2 * threshold + 2 : threshold)
    guard failures >= limit, entry.runningCount < max(entry.desiredCount, 1) else { return nil }
    return entry.rolloutState == "FAILED" ? nil : .crashLoop(failures: failures)
  }

  private mutating func tellEvents(_ service: ECSService) {
    for event in service.events.reversed() where knownEvents.insert(event.id).inserted {
      events.append(event.message)
      context.log(event, of: rollout.address.service, step: step)
    }
  }

  private mutating func tellProgress(_ service: ECSService, _ entry: DeploymentEntry?) {
    let desired = entry?.desiredCount ?? service.desiredCount
    let running = entry?.runningCount ?? 0
    // How many are wanted is said by the total.
    var text = "\(running) running"
    if let pending = entry?.pendingCount, pending > 0 { text += ", \(pending) pending" }
    let others = service.deployments.filter { $0 != entry }.map(\.runningCount).reduce(0, +)
    if others > 0 { text += ", \(others) of other revisions" }
    let failures = max(stopped.failures.count, entry?.failedTasks ?? 0)
    if failures > 0 { text += ", \(failures) failed" }
    if let status = deployment?.status, status.hasPrefix("ROLLBACK") { text += ", rolling back" }
    guard text != lastProgress else { return }
    lastProgress = text
    context.progress(step, text, state: .running, completed: Double(running), total: Double(desired))
  }

  /// What ECS says of the deployment itself.
  public var reasons: [String] {
    var reasons = deployment?.reasons ?? []
    if let service, let reason = judge.entry(in: service)?.rolloutReason { reasons.insert(reason, at: 0) }
    if let reason = service?.primary?.rolloutReason, service?.primary?.id != judge.deploymentID {
      reasons.append(reason)
    }
    return reasons.filter { !$0.hasSuffix("in progress.") && !$0.hasSuffix("completed.") }
  }

  /// - Parameter draft: of the revision.
  public func explanation(_ draft: TaskDefinitionDraft?) async throws -> Explanation {
    try await Explanation.collect(
      client, reasons: reasons, tasks: stopped.tasks, events: events, targetGroups: service?.targetGroups ?? [],
      draft: draft)
  }
}
