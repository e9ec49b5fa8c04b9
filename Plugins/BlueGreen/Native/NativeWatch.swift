import AWS
import DeployPlugins
import ECSDeployment
import HostOS
import JSON

/// Waits for a service deployment: tells of its stages and of where the traffic is, passes gates, and keeps what says
/// why it fails.
struct NativeWatch: Sendable {
  let scene: BlueGreenScene
  /// Of the service deployment.
  let arn: String
  let taskDefinition: String
  private(set) var deployment: ServiceDeployment?
  private(set) var service: ECSService
  private(set) var stopped: StoppedTasks
  private(set) var events: [String] = []
  /// Where it was when it went wrong.
  private(set) var lastStage: String?

  private var knownEvents: Set<String>
  private var announcedHooks: Set<String> = []
  private var verifiedStages: Set<String> = []
  private var lastProgress = ""
  private var round = 0
  /// Whether it is being taken back: then nothing is decided any more.
  private var isReturning = false

  init(_ scene: BlueGreenScene, arn: String, taskDefinition: String, stopped: StoppedTasks) {
    self.scene = scene
    self.arn = arn
    self.taskDefinition = taskDefinition
    self.stopped = stopped
    service = scene.service
    knownEvents = Set(scene.service.events.map(\.id))
  }

  private var client: ECSClient { scene.client }
  private var context: PluginContext { scene.context }
  private var step: String { "deploy \(scene.service.name)" }

  /// - Parameters:
  ///   - decides: whether hooks are waited for; else they end the wait.
  ///   - isReturning: whether it is being taken back.
  mutating func wait(
    until deadline: ContinuousClock.Instant, decides: Bool = true, isReturning: Bool = false
  ) async throws -> NativeOutcome {
    self.isReturning = isReturning
    do {
      while true {
        if let outcome = try await look(decides: decides) {
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
    } catch let failure as PluginFailure where failure.code == "verification-failed" {
      return .notVerified(failure)
    }
  }

  private mutating func look(decides: Bool) async throws -> NativeOutcome? {
    if let deployment = try await client.serviceDeployment(arn) { self.deployment = deployment }
    guard let deployment else { return nil }
    if let service = try await client.quietly(
      .ecs, "DescribeServices",
      ["cluster": .string(scene.settings.address.cluster), "services": [.string(scene.settings.address.service)]])?[
        "services"]?[0]
    {
      self.service = ECSService(service)
    }
    tell(deployment)
    switch deployment.status {
    case "SUCCESSFUL": return .succeeded
    case "ROLLBACK_SUCCESSFUL": return .rolledBack
    case "ROLLBACK_FAILED": return .rollbackFailed
    case "STOPPED": return try await ended()
    case let status where status.hasPrefix("ROLLBACK"): isReturning = true
    default: break
    }
    guard !isReturning else { return nil }
    lastStage = deployment.lifecycleStage ?? lastStage
    if let outcome = try await hooks(deployment, decides: decides) { return outcome }
    if decides { try await gates(deployment) }
    try await stopped.update(client)
    let limit = scene.settings.crashLimit(service.desiredCount)
    return limit > 0 && stopped.failures.count >= limit ? .crashLoop(failures: stopped.failures.count) : nil
  }

  /// STOPPED is what becomes of a deployment that another one takes the place of.
  private func ended() async throws -> NativeOutcome {
    if isReturning { return .rolledBack }
    for other in try await client.serviceDeployments(scene.settings.address) ?? [] {
      guard other.arn != arn, let revision = other.targetRevision else { break }
      let definition = try await client.serviceRevision(revision)?["taskDefinition"]?.string
      if let definition, !TaskDefinitionName.areSame(definition, taskDefinition) {
        return .superseded(by: TaskDefinitionName(definition).description)
      }
    }
    return .stopped
  }

  // MARK: Hooks and gates

  private mutating func hooks(_ deployment: ServiceDeployment, decides: Bool) async throws -> NativeOutcome? {
    for hook in deployment.json["lifecycleHookDetails"]?.array ?? [] {
      guard hook["status"]?.string == "AWAITING_ACTION", let id = hook["hookId"]?.string else { continue }
      let stage = deployment.lifecycleStage ?? "PAUSE"
      if announcedHooks.insert(id).inserted { announce(hook, id, stage) }
      guard decides else { return .waitingForApproval }
      if scene.settings.approval == .verify || scene.verification.names(stage) {
        let action = try await decision(stage)
        _ = try await client.change(
          .ecs, "ContinueServiceDeployment",
          ["serviceDeploymentArn": .string(arn), "hookId": .string(id), "action": .string(action.name)])
        context.progress(step, "hook \(id): \(action.name.lowercased())")
        if let failure = action.failure { return .notVerified(failure) }
      }
    }
    return nil
  }

  private func decision(_ stage: String) async throws -> (name: String, failure: PluginFailure?) {
    do {
      try await scene.verification.run(client, at: stage)
      return ("CONTINUE", nil)
    } catch let failure as PluginFailure {
      return ("ROLLBACK", failure)
    }
  }

  private func announce(_ hook: JSONValue, _ id: String, _ stage: String) {
    let expiry = hook["expiresAt"].flatMap { $0.double.map { Timestamp(seconds: Int64($0)).rfc3339 } ?? $0.string }
    let after = hook["timeoutAction"]?.string == "CONTINUE" ? "goes on" : "is rolled back"
    context.warn(
      "waiting-for-approval", "the deployment waits at \(stage) for the decision on hook \(id)",
      notes: expiry.map { ["without one it \(after) at \($0)"] },
      help: ["slipway deploy approve blue-green … --hook \(id), or slipway deploy reject …"])
    context.progress(step, "waits at \(stage) for approval of \(id)")
  }

  /// Gates at a stage that they name; those that name none stand at the bake time, when all traffic is on the new
  /// revision and the old one is still there.
  ///
  /// A stage may be over before it was seen: its gates are passed at the next one that is.
  private mutating func gates(_ deployment: ServiceDeployment) async throws {
    guard let stage = deployment.lifecycleStage else { return }
    let reached = Self.stages.firstIndex(of: stage).map { Self.stages[...$0] } ?? [stage]
    for stage in reached where verifiedStages.insert(stage).inserted {
      try await scene.verification.run(client, at: stage, onlyNamed: stage != "BAKE_TIME")
    }
  }

  /// In their order.
  private static let stages = [
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME",
    "CLEAN_UP",
  ]

  var hasVerifiedBake: Bool { verifiedStages.contains("BAKE_TIME") }

  // MARK: Telling

  private mutating func tell(_ deployment: ServiceDeployment) {
    for event in service.events.reversed() where knownEvents.insert(event.id).inserted {
      events.append(event.message)
      context.log(event, of: service.name, step: step)
    }
    let target = deployment.json["targetServiceRevision"]
    let requested = target?["requestedTaskCount"]?.int ?? 0
    let running = target?["runningTaskCount"]?.int ?? 0
    var parts = [deployment.lifecycleStage ?? deployment.status]
    if let weight = target?["requestedProductionTrafficWeight"]?.double {
      parts.append("production \(Self.percent(weight)) on the new revision")
    }
    if let weight = target?["requestedTestTrafficWeight"]?.double, weight > 0 {
      parts.append("test traffic \(Self.percent(weight))")
    }
    parts.append("\(running) of \(requested) running")
    if !stopped.failures.isEmpty { parts.append("\(stopped.failures.count) failed") }
    if deployment.status.hasPrefix("ROLLBACK") || isReturning { parts.insert("rolling back", at: 0) }
    let text = parts.joined(separator: ", ")
    guard text != lastProgress else { return }
    lastProgress = text
    context.progress(step, text, state: .running, completed: Double(running), total: Double(requested))
  }

  private static func percent(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
  }

  func explanation(_ draft: TaskDefinitionDraft?) async throws -> Explanation {
    try await Explanation.collect(
      client, reasons: deployment?.reasons ?? [], tasks: stopped.tasks, events: events,
      targetGroups: service.targetGroups, draft: draft)
  }
}
