import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// How a deployment by CodeDeploy ended, or how far it has to be.
enum CodeDeployOutcome: Sendable {
  case succeeded
  /// It failed or was stopped, and another deployment rolls it back.
  case rollingBack(id: String)
  case failed
  case stopped
  case crashLoop(failures: Int)
  case notVerified(PluginFailure)
  case waitingForApproval
  case timedOut
  case cancelled
}

/// Waits for a deployment of CodeDeploy, tells of its events and of where the traffic is.
struct CodeDeployWatch: Sendable {
  /// What is waited for.
  enum Goal: Sendable {
    /// All requests go to the new tasks, and the last hook has passed.
    case traffic
    /// The old tasks are gone as well.
    case end
  }

  /// What somebody does who waits.
  enum Role: Sendable {
    /// Passes gates, gives the word where it is told to, and counts failures.
    case deployer
    /// Only looks.
    case onlooker
    /// Only looks, and does not wait for what another one decides.
    case visitor
  }

  let scene: BlueGreenScene
  let id: String
  private(set) var deployment: CodeDeployDeployment?
  private(set) var stopped: StoppedTasks
  private var targets: [JSONValue] = []
  private var toldEvents: [String: String] = [:]
  private var lastProgress = ""
  private var saidReady = false
  private var gatesPassed: Set<String> = []
  private var round = 0
  /// Looks at an end whose rollback is not told of yet.
  private var looksForRollback = 0

  private static let mostLooksForRollback = 10

  init(_ scene: BlueGreenScene, id: String, stopped: StoppedTasks? = nil) {
    self.scene = scene
    self.id = id
    self.stopped = stopped ?? StoppedTasks(cluster: "", service: "", taskDefinition: "")
    countsFailures = stopped != nil
  }

  private let countsFailures: Bool
  private var client: ECSClient { scene.client }
  private var context: PluginContext { scene.context }
  private var step: String { "deploy \(scene.service.name)" }

  mutating func wait(
    until deadline: ContinuousClock.Instant, for goal: Goal, as role: Role
  ) async throws -> CodeDeployOutcome {
    do {
      while true {
        if let outcome = try await look(goal, role) {
          if countsFailures { _ = try? await stopped.update(client) }
          return outcome
        }
        guard ContinuousClock.now < deadline else { return .timedOut }
        try await client.pace.sleep(after: round)
        round += 1
      }
    } catch is CancellationError {
      return .cancelled
    } catch let failure as PluginFailure where failure.code == "verification-failed" {
      return .notVerified(failure)
    }
  }

  private mutating func look(_ goal: Goal, _ role: Role) async throws -> CodeDeployOutcome? {
    guard let deployment = try await describe() else { return nil }
    tell(deployment)
    switch deployment.status {
    case "Succeeded":
      if role == .deployer { try await passGates(deployment) }
      return .succeeded
    case "Failed", "Stopped": return ended(deployment)
    case "Ready": return try await ready(deployment, role)
    default: break
    }
    if role == .deployer { try await passGates(deployment) }
    if deployment.isShifted { return goal == .traffic ? .succeeded : nil }
    return role == .deployer ? try await crashLoop(deployment) : nil
  }

  private mutating func describe() async throws -> CodeDeployDeployment? {
    do {
      var new = try await client.codeDeployDeployment(id)
      if targets.isEmpty { targets = try await client.codeDeployTargets(id) }
      new.target = try await client.codeDeployTarget(id, targets) ?? deployment?.target
      deployment = new
    } catch let error as AWSError where error.isPassing {
      context.progress(step, "no answer from CodeDeploy: \(error.reason)")
    }
    return deployment
  }

  /// A rollback may be told of a moment after the end.
  private mutating func ended(_ deployment: CodeDeployDeployment) -> CodeDeployOutcome? {
    if let other = deployment.rollbackID { return .rollingBack(id: other) }
    if deployment.expectsRollback, looksForRollback < Self.mostLooksForRollback {
      looksForRollback += 1
      return nil
    }
    return deployment.status == "Failed" ? .failed : .stopped
  }

  /// Nobody else counts: CodeDeploy waits for an hour while tasks end again and again.
  private mutating func crashLoop(_ deployment: CodeDeployDeployment) async throws -> CodeDeployOutcome? {
    guard countsFailures else { return nil }
    if round % 3 == 2 { try await stopped.update(client) }
    let limit = scene.settings.crashLimit(deployment.taskSet("Green")?.desired ?? scene.service.desiredCount)
    return limit > 0 && stopped.failures.count >= limit ? .crashLoop(failures: stopped.failures.count) : nil
  }

  // MARK: Ready, and gates

  /// The new tasks run, and CodeDeploy waits for the word to send requests there.
  private mutating func ready(
    _ deployment: CodeDeployDeployment, _ role: Role
  ) async throws -> CodeDeployOutcome? {
    if role == .visitor { return .waitingForApproval }
    if !saidReady {
      saidReady = true
      let option = deployment.json["blueGreenDeploymentConfiguration"]?["deploymentReadyOption"]
      let minutes = option?["waitTimeInMinutes"]?.int.map { " for \($0) minutes at most" } ?? ""
      context.progress(step, "the new tasks are ready; waits for approval\(minutes)", state: .running)
      if scene.settings.approval == .manual || role == .onlooker {
        context.warn(
          "waiting-for-approval", "\(id) waits\(minutes) for the word to send requests to the new tasks",
          help: ["slipway deploy approve blue-green …, or slipway deploy reject blue-green …"])
      }
    }
    guard role == .deployer, scene.settings.approval == .verify else { return nil }
    try await passGates(deployment)
    if gatesPassed.insert("READY").inserted {
      try await scene.verification.run(client, at: "READY", onlyNamed: scene.verification.names("ALLOW_TRAFFIC"))
    }
    try await client.continueCodeDeploy(id, "READY_WAIT")
    return nil
  }

  /// Gates stand behind the events that they name; those that name none, where all requests go to the new tasks.
  private mutating func passGates(_ deployment: CodeDeployDeployment) async throws {
    for event in deployment.events where event.status == "Succeeded" {
      let stage = Self.stage(event.name)
      guard gatesPassed.insert(stage).inserted else { continue }
      try await scene.verification.run(client, at: stage, onlyNamed: stage != "ALLOW_TRAFFIC")
    }
  }

  /// `AfterAllowTestTraffic` as gates write it: `AFTER_ALLOW_TEST_TRAFFIC`.
  static func stage(_ event: String) -> String {
    var out = ""
    for character in event {
      if character.isUppercase, !out.isEmpty { out += "_" }
      out += character.uppercased()
    }
    return out
  }

  // MARK: What is told

  private mutating func tell(_ deployment: CodeDeployDeployment) {
    for event in deployment.events where toldEvents[event.name] != event.status {
      toldEvents[event.name] = event.status
      let name = deployment.isRollback ? "\(event.name) (rollback)" : event.name
      switch event.status {
      case "InProgress": context.progress(name, state: .running)
      case "Succeeded": context.progress(name, state: .done)
      case "Failed": context.progress(name, event.diagnostics?["message"]?.string, state: .failed)
      default: break
      }
    }
    let green = deployment.taskSet("Green")
    var parts = [deployment.isRollback ? "rollback \(id)" : id, deployment.status]
    if let stage = deployment.stage { parts.append(stage) }
    if let green {
      parts.append("\(Int(green.weight)) % of the traffic on \(green.targetGroup ?? "the new tasks")")
      parts.append("\(green.running) of \(green.desired) new tasks running")
    }
    if !stopped.failures.isEmpty { parts.append("\(stopped.failures.count) failed") }
    if deployment.awaitsTermination { parts.append("the old tasks wait for their end") }
    let text = parts.joined(separator: ", ")
    guard text != lastProgress else { return }
    lastProgress = text
    context.progress(step, text, state: .running, completed: green?.weight, total: green == nil ? nil : 100)
  }

  /// - Parameter draft: of the revision.
  func explanation(_ draft: TaskDefinitionDraft?) async throws -> Explanation {
    let tells = deployment?.errorCode != nil || deployment?.reasons.isEmpty == false
    let groups = scene.service.targetGroups
    var explanation = try await Explanation.collect(
      client, reasons: deployment?.reasons ?? [], tasks: stopped.tasks, events: [],
      targetGroups: tells || !stopped.failures.isEmpty ? groups : [], draft: draft)
    explanation.hint = explanation.hint ?? deployment?.hint
    return explanation
  }
}
