import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Deployments by the strategies BLUE_GREEN, CANARY and LINEAR of the ECS deployment controller.
struct NativeEngine: Sendable {
  let scene: BlueGreenScene
  private let configuration: NativeConfiguration

  init(_ scene: BlueGreenScene) {
    self.scene = scene
    configuration = NativeConfiguration(config: scene.settings.config, service: scene.service)
  }

  private var settings: BlueGreenSettings { scene.settings }
  private var client: ECSClient { scene.client }
  private var service: ECSService { scene.service }

  // MARK: Plan

  func plan() async throws -> DeploymentPlan {
    let strategy = try configuration.strategy()
    guard strategy != "ROLLING" else {
      throw settings.config.failure(
        "service", "\(service.name) is deployed by rolling updates",
        hint: "deploy it with the plugin rolling, or set strategy: blue-green, canary or linear")
    }
    if settings.migrates {
      return DeploymentPlan(
        summary: "\(service.name) is deployed by ECS already", state: ["engine": "native", "unchanged": true])
    }
    let revision = try await PlannedRevision.plan(
      client, settings.config, images: scene.request.images, live: service.taskDefinition)
    let preflight = NativePreflight(scene)
    let traffic = try await preflight.traffic()
    if try await running().isEmpty { try await preflight.check(traffic) }
    var update: JSONValue = [:]
    update["deploymentConfiguration"] = try configuration.deploymentConfiguration()
    update["loadBalancers"] = try configuration.loadBalancers()
    let isSame = TaskDefinitionName.areSame(revision.existing, service.taskDefinition)
    let isUnchanged = isSame && update == [:] && !settings.forcesNewDeployment
    var state: JSONValue = [
      "engine": "native", "revision": revision.json, "update": update, "unchanged": .bool(isUnchanged),
      "force": .bool(settings.forcesNewDeployment),
    ]
    state["previous"] = service.taskDefinition.map { .string($0) }
    return DeploymentPlan(
      summary: isUnchanged ? "\(service.name) runs that already" : summary(strategy, revision),
      changes: isUnchanged ? [] : changes(revision, update, strategy, traffic), state: state)
  }

  private func summary(_ strategy: String, _ revision: PlannedRevision) -> String {
    "deploy \(revision.draft.family) to \(service.name) in \(settings.address.clusterName), "
      + strategy.lowercased().replacing("_", with: "/")
  }

  private func changes(
    _ revision: PlannedRevision, _ update: JSONValue, _ strategy: String, _ traffic: NativePreflight.Traffic?
  ) -> [PlannedChange] {
    var changes = [revision.change].compactMap { $0 }
    let target = "service \(service.name)"
    var before: [(String, JSONValue)] = []
    var after: [(String, JSONValue)] = []
    if let old = service.taskDefinition {
      before.append(("taskDefinition", .string(TaskDefinitionName(old).description)))
    }
    after.append(
      (
        "taskDefinition",
        .string(
          revision.existing.map { TaskDefinitionName($0).description } ?? "\(revision.draft.family) (new revision)")
      ))
    for (name, value) in update.object?.members ?? [] {
      if let old = service.json[name] { before.append((name, old)) }
      after.append((name, value))
    }
    changes.append(PlannedChange("update", target, before: .members(before), after: .members(after)))
    let live = update["deploymentConfiguration"] ?? service.json["deploymentConfiguration"] ?? [:]
    changes.append(
      PlannedChange(
        "shift", "production traffic of \(service.name)", before: traffic.map { .string(targetGroupName($0.live)) },
        after: traffic.map { .string(targetGroupName($0.other)) },
        note: configuration.shift(live, strategy: strategy)))
    return changes
  }

  /// Service deployments that are on their way.
  private func running() async throws -> [ServiceDeployment] {
    let states = [
      "PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS",
    ]
    return (try await client.serviceDeployments(settings.address, status: states) ?? []).filter { !$0.isOver }
  }

  // MARK: Apply

  func apply(_ plan: DeploymentPlan) async throws -> DeploymentReport {
    if plan.state["unchanged"]?.bool == true {
      return DeploymentReport(.unchanged, summary: "\(service.name) runs that already")
    }
    let revision = PlannedRevision(json: plan.state["revision"] ?? [:])
    let deadline = ContinuousClock.now + timeout(plan.state["update"]?["deploymentConfiguration"])
    let arn = try await revision.register(client)
    var stopped = StoppedTasks(
      cluster: settings.address.cluster, service: settings.address.service, taskDefinition: arn)
    if let ours = try await settle(arn, deadline), let deployment = ours.arn {
      scene.context.progress(step, "the deployment of \(TaskDefinitionName(arn)) goes on already")
      let watch = NativeWatch(scene, arn: deployment, taskDefinition: arn, stopped: stopped)
      return try await finish(watch, revision, plan, deadline)
    }
    let live = try await client.service(settings.address) ?? service
    if TaskDefinitionName.areSame(arn, live.taskDefinition), plan.state["force"]?.bool != true,
      plan.state["update"] == [:]
    {
      return report(.succeeded, arn, nil, plan, nil)
    }
    let preflight = NativePreflight(scene, service: live)
    let traffic = try await preflight.traffic()
    try await preflight.check(traffic)
    try await stopped.passOver(client)
    let known = Set((try await client.serviceDeployments(settings.address) ?? []).compactMap(\.arn))
    try await update(arn, plan)
    guard let deployment = try await find(arn, known) else {
      return try await withoutServiceDeployments(arn, revision, plan, stopped, deadline)
    }
    let watch = NativeWatch(scene, arn: deployment, taskDefinition: arn, stopped: stopped)
    return try await finish(watch, revision, plan, deadline)
  }

  private var step: String { "deploy \(service.name)" }

  /// Enough for the times that the configuration has; what else there is fits into half an hour.
  private func timeout(_ changed: JSONValue?) -> Duration {
    if let timeout = settings.timeout { return timeout }
    let configuration = changed ?? service.json["deploymentConfiguration"] ?? [:]
    var minutes = 30 + (configuration["bakeTimeInMinutes"]?.int ?? 0)
    switch configuration["strategy"]?.string {
    case "CANARY": minutes += configuration["canaryConfiguration"]?["canaryBakeTimeInMinutes"]?.int ?? 10
    case "LINEAR":
      let linear = configuration["linearConfiguration"]
      let steps = (100 / max(linear?["stepPercent"]?.double ?? 10, 1)).rounded(.up)
      minutes += Int(steps) * (linear?["stepBakeTimeInMinutes"]?.int ?? 6)
    default: break
    }
    return .seconds(minutes * 60)
  }

  /// Deals with a deployment that is on its way.
  /// - Returns: it, if it is ours, from a run that was cut off.
  private func settle(_ taskDefinition: String, _ deadline: ContinuousClock.Instant) async throws -> ServiceDeployment?
  {
    var round = 0
    while let other = try await running().first, let arn = other.arn {
      if let revision = other.targetRevision,
        TaskDefinitionName.areSame(
          try await client.serviceRevision(revision)?["taskDefinition"]?.string, taskDefinition),
        !other.status.hasPrefix("ROLLBACK")
      {
        return other
      }
      switch settings.ifInProgress {
      case .refuse:
        throw PluginFailure(
          code: "deployment-in-progress", message: "\(service.name) has a deployment in progress: \(arn)",
          hint: "wait for its end, or set if-in-progress: wait or stop", path: "/if-in-progress", retryable: true,
          state: .failed)
      case .stop where !other.status.hasPrefix("ROLLBACK") && other.status != "STOP_REQUESTED":
        scene.context.progress(step, "stops the deployment in progress")
        _ = try await client.change(
          .ecs, "StopServiceDeployment", ["serviceDeploymentArn": .string(arn), "stopType": "ROLLBACK"])
      case .stop, .wait: if round == 0 { scene.context.progress(step, "waits for the deployment in progress") }
      }
      guard ContinuousClock.now < deadline else {
        throw PluginFailure(
          code: "timed-out", message: "the deployment in progress did not end in time", path: "/timeout",
          state: .timedOut)
      }
      try await client.pace.sleep(after: round)
      if let stage = try await client.serviceDeployment(arn)?.lifecycleStage {
        scene.context.progress(step, "the deployment in progress is at \(stage)")
      }
      round += 1
    }
    return nil
  }

  private func update(_ taskDefinition: String, _ plan: DeploymentPlan) async throws {
    var parameters: JSONValue = [
      "cluster": .string(settings.address.cluster), "service": .string(settings.address.service),
      "taskDefinition": .string(taskDefinition),
    ]
    if plan.state["force"]?.bool == true { parameters["forceNewDeployment"] = true }
    for (name, value) in plan.state["update"]?.object?.members ?? [] { parameters[name] = value }
    scene.context.progress(step, "deploys \(TaskDefinitionName(taskDefinition))", state: .running)
    _ = try await client.change(.ecs, "UpdateService", parameters)
  }

  /// Our service deployment: the first one that was not there before and has our task definition.
  private func find(_ taskDefinition: String, _ known: Set<String>) async throws -> String? {
    for round in 0..<20 {
      guard let all = try await client.serviceDeployments(settings.address) else { return nil }
      for deployment in all {
        guard let arn = deployment.arn, !known.contains(arn), let revision = deployment.targetRevision else { continue }
        let definition = try await client.serviceRevision(revision)?["taskDefinition"]?.string
        if TaskDefinitionName.areSame(definition, taskDefinition) { return arn }
      }
      try await client.pace.sleep(after: round)
    }
    return nil
  }

  // MARK: Status and rollback

  func status() async throws -> DeploymentReport {
    if let decision = scene.request.decision { return try await decide(decision) }
    guard let deployment = try await current(), let arn = deployment.arn else {
      let primary = service.primary
      let state: DeploymentState = primary?.rolloutState == "IN_PROGRESS" ? .inProgress : .succeeded
      return DeploymentReport(state, summary: "\(service.name) runs \(service.taskDefinition ?? "nothing")")
    }
    let definition = try await definition(of: deployment)
    var watch = NativeWatch(
      scene, arn: arn, taskDefinition: definition,
      stopped: StoppedTasks(
        cluster: settings.address.cluster, service: settings.address.service, taskDefinition: definition))
    let deadline = ContinuousClock.now + (scene.request.waits ? settings.timeout ?? .seconds(86_400) : .zero)
    let outcome = try await watch.wait(until: deadline, decides: false)
    if case .cancelled = outcome { throw CancellationError() }
    let state: DeploymentState =
      switch outcome {
      case .succeeded: .succeeded
      case .rolledBack: .rolledBack
      case .rollbackFailed: .rollbackFailed
      case .stopped: .stopped
      case .superseded: .superseded
      case .waitingForApproval: .waitingForApproval
      case .crashLoop, .notVerified, .timedOut, .cancelled: .inProgress
      }
    let stage = watch.deployment?.lifecycleStage ?? watch.deployment?.status ?? ""
    return DeploymentReport(
      state, summary: "\(TaskDefinitionName(definition)) on \(service.name): \(state.rawValue), \(stage)",
      outputs: try await outputs(definition, arn, nil))
  }

  private func current() async throws -> ServiceDeployment? {
    if let arn = service.currentDeployment, let deployment = try await client.serviceDeployment(arn) {
      return deployment
    }
    return try await client.serviceDeployments(settings.address)?.first
  }

  private func definition(of deployment: ServiceDeployment) async throws -> String {
    guard let revision = deployment.targetRevision else { return "" }
    return try await client.serviceRevision(revision)?["taskDefinition"]?.string ?? ""
  }

  /// `approve` and `reject` of a PAUSE hook.
  private func decide(_ decision: JSONValue) async throws -> DeploymentReport {
    guard let deployment = try await current(), let arn = deployment.arn,
      let full = try await client.serviceDeployment(arn)
    else { throw nothingToDecide("\(service.name) has no deployment") }
    let waiting = (full.json["lifecycleHookDetails"]?.array ?? []).filter { $0["status"]?.string == "AWAITING_ACTION" }
      .compactMap { $0["hookId"]?.string }
    let wanted = decision["hook"]?.string
    guard let hook = wanted.map({ waiting.contains($0) ? $0 : nil }) ?? waiting.first else {
      throw nothingToDecide(
        wanted.map { "the hook \($0) does not wait for a decision" }
          ?? "no hook of \(service.name) waits for a decision")
    }
    guard wanted != nil || waiting.count == 1 else {
      throw nothingToDecide("several hooks wait: \(waiting.joined(separator: ", "))")
    }
    let approves = decision["action"]?.string != "reject"
    _ = try await client.change(
      .ecs, "ContinueServiceDeployment",
      [
        "serviceDeploymentArn": .string(arn), "hookId": .string(hook),
        "action": approves ? "CONTINUE" : "ROLLBACK",
      ])
    return DeploymentReport(
      .inProgress, summary: approves ? "hook \(hook) is approved" : "hook \(hook) is rejected: ECS rolls back",
      changes: [PlannedChange(approves ? "approve" : "reject", "hook \(hook)")])
  }

  private func nothingToDecide(_ message: String) -> PluginFailure {
    PluginFailure(
      code: "nothing-to-decide", message: message, hint: "see what waits with slipway status, and name it with --hook",
      category: .config)
  }

  func rollback() async throws -> DeploymentReport {
    let deadline = ContinuousClock.now + (settings.timeout ?? .seconds(3600))
    if let deployment = try await running().first, let arn = deployment.arn {
      let definition = try await definition(of: deployment)
      scene.context.progress(step, "stops the deployment of \(TaskDefinitionName(definition)) and rolls back")
      var watch = NativeWatch(
        scene, arn: arn, taskDefinition: definition,
        stopped: StoppedTasks(
          cluster: settings.address.cluster, service: settings.address.service, taskDefinition: definition))
      switch try await takeBack(&watch, deadline) {
      case .rolledBack, .stopped:
        let revision = watch.deployment?.json["rollback"]?["serviceRevisionArn"]?.string
        var before: String?
        if let revision { before = try await client.serviceRevision(revision)?["taskDefinition"]?.string }
        return report(
          .succeeded, before ?? "", arn, nil, try await NativePreflight(scene).group(ofRevision: revision))
      case .cancelled: throw CancellationError()
      default:
        throw PluginFailure(
          code: "rollback-failed", message: "the deployment could not be rolled back",
          causes: watch.deployment?.reasons, state: .rollbackFailed)
      }
    }
    guard let target = try await lastSuccess() else {
      throw PluginFailure(
        code: "nothing-to-return-to", message: "there is no earlier deployment of \(service.name) that succeeded",
        hint: "ECS keeps them for 90 days; deploy the images that you want instead")
    }
    scene.context.progress(
      step,
      "goes back from \(TaskDefinitionName(service.taskDefinition ?? "")) to \(TaskDefinitionName(target)), the last "
        + "deployment that succeeded")
    var plan = DeploymentPlan(summary: "", state: ["update": [:], "force": false])
    plan.state["previous"] = service.taskDefinition.map { .string($0) }
    plan.changes = [
      PlannedChange(
        "update", "service \(service.name)", before: service.taskDefinition.map { .string($0) }, after: .string(target))
    ]
    plan.state["revision"] = ["existing": .string(target), "draft": [:]]
    return try await apply(plan)
  }

  /// The task definition of the newest deployment that succeeded and is another one than what runs.
  private func lastSuccess() async throws -> String? {
    let past = try await DeploymentHistory(client, settings.address).successes()
    if let earlier = past.first(where: { !TaskDefinitionName.areSame($0, service.taskDefinition) }) { return earlier }
    return scene.request.previous?["outputs"]?["taskDefinition"]?.string
  }
}
