import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Carries a plan out. Doing it again after it was cut off anywhere comes to the same.
struct RollingApply: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext
  let request: PluginRequest
  /// `state` of the plan.
  let state: JSONValue

  func run() async throws -> DeploymentReport {
    let survey = try await survey()
    var changes = try await create(survey)
    let arn = try await revision(survey, &changes)
    let isPlanned = state["deploys"]?.bool ?? survey.deploys
    if survey.updates.contains(where: \.deploys) { try await run(config.before, survey, arn, &changes) }
    let rollouts = try await update(survey, arn, &changes)
    var outputs: JSONValue = ["taskDefinition": .string(arn)]
    guard config.waits else {
      return DeploymentReport(
        rollouts.isEmpty ? .unchanged : .inProgress,
        summary: rollouts.isEmpty ? unchanged(arn) : "ECS is deploying \(TaskDefinitionName(arn))", changes: changes,
        outputs: outputs)
    }
    let waiter = RolloutWaiter(config: config, client: client, context: context, deadline: deadline)
    let services = try await waiter.wait(rollouts, draft: survey.draft)
    if !services.isEmpty { outputs["services"] = .members(services) }
    if !rollouts.isEmpty { try await verify(rollouts, waiter) }
    if isPlanned { try await run(config.after, survey, arn, &changes) }
    try await follow(survey, arn, &changes)
    guard !changes.isEmpty || !rollouts.isEmpty else {
      return DeploymentReport(.unchanged, summary: unchanged(arn), outputs: outputs)
    }
    let names = config.services.map(\.service).joined(separator: ", ")
    return DeploymentReport(
      .succeeded, summary: "\(TaskDefinitionName(arn)) runs in \(names)", changes: changes, outputs: outputs)
  }

  private func unchanged(_ arn: String) -> String {
    "\(config.services.map(\.service).joined(separator: ", ")) was as it should be: \(TaskDefinitionName(arn))"
  }

  private var deadline: Double? { request.deadline }

  /// A gate that does not pass takes the deployment back.
  private func verify(_ rollouts: [PendingRollout], _ waiter: RolloutWaiter) async throws {
    let verification = try Verification(config.config, request: request, context: context)
    do { try await verification.run(client, at: "AFTER_DEPLOYMENT") } catch let failure as PluginFailure {
      guard config.takesBackUnverified else { throw failure }
      throw try await withoutCancellation { await waiter.takeBack(rollouts, failure) }
    }
  }

  // MARK: Survey

  private func survey() async throws -> RollingSurvey {
    let surveyor = RollingSurveyor(config: config, client: client, context: context, images: request.images)
    guard let draft = state["draft"] else { return try await surveyor.survey(nil) }
    let planned = state["services"]
    let names = config.services.map(\.service)
    let survey = try await surveyor.survey(
      .init(
        draft: TaskDefinitionDraft(registering: draft),
        deployments: Dictionary(
          names.compactMap { name in planned?[name]?["deployment"]?.string.map { (name, $0) } },
          uniquingKeysWith: { _, last in last })))
    for update in survey.updates { try checkStaleness(update, planned?[update.address.service]) }
    return survey
  }

  /// The plan was made for the service as it was then.
  private func checkStaleness(_ update: RollingSurvey.Update, _ planned: JSONValue?) throws(PluginFailure) {
    let then = planned?["taskDefinition"]?.string
    let now = update.live?.taskDefinition
    guard update.changesRevision, let now, let planned = planned, !planned.isNull else { return }
    guard !TaskDefinitionName.areSame(then, now) else { return }
    throw PluginFailure(
      code: "plan-stale",
      message: "the service \(update.address.service) moved on since the plan was made: it runs "
        + "\(TaskDefinitionName(now)), and was planned from \(then.map { TaskDefinitionName($0).description } ?? "nothing")",
      hint: "make a new plan, and look at it", path: "/service", retryable: true, state: .failed)
  }

  // MARK: Creation

  private func create(_ survey: RollingSurvey) async throws -> [PlannedChange] {
    let creation = Creation(client)
    var changes: [PlannedChange] = []
    if !survey.hasCluster {
      try await creation.createCluster(
        config.services[0].clusterName, strategy: config.settings.wanted["capacityProviderStrategy"])
      changes.append(PlannedChange("create", "cluster \(config.services[0].clusterName)"))
    }
    for group in survey.missingLogGroups {
      try await creation.createLogGroup(group)
      changes.append(PlannedChange("create", "log group \(group)"))
    }
    return changes
  }

  private func revision(_ survey: RollingSurvey, _ changes: inout [PlannedChange]) async throws -> String {
    if let arn = survey.reusable { return arn }
    let step = "register \(survey.draft.family)"
    context.progress(step, state: .running)
    let arn = try await client.register(survey.draft)
    context.progress(step, "\(TaskDefinitionName(arn))", state: .done)
    changes.append(PlannedChange("register", "task definition \(TaskDefinitionName(arn))"))
    return arn
  }

  // MARK: Tasks

  private func run(
    _ tasks: [OneOffTask], _ survey: RollingSurvey, _ arn: String, _ changes: inout [PlannedChange]
  ) async throws {
    for task in tasks {
      var draft = survey.draft
      var definition = arn
      if let name = task.taskDefinition {
        guard let answer = try await client.taskDefinition(name) else {
          throw PluginFailure(
            code: "invalid-config", message: "there is no task definition \(name)",
            path: task.pointer + "/task-definition", category: .config)
        }
        draft = TaskDefinitionDraft(describing: answer)
        definition = answer["taskDefinition"]?["taskDefinitionArn"]?.string ?? name
      }
      let service =
        survey.liveServices.first?.json
        ?? Creation.serviceParameters(
          config.services[0], definition: survey.serviceDefinition ?? [:], settings: config.settings.wanted)
      try await OneOffTaskRun(task, cluster: config.cluster, draft: draft, client: client, context: context)
        .run(taskDefinition: definition, service: service, id: request.id)
      changes.append(PlannedChange("run", "task \(task.name)"))
    }
  }

  // MARK: Services

  private func update(
    _ survey: RollingSurvey, _ arn: String, _ changes: inout [PlannedChange]
  ) async throws -> [PendingRollout] {
    var rollouts: [PendingRollout] = []
    for update in survey.updates {
      guard update.isNeeded else {
        if update.isOnItsWay { rollouts.append(try await attach(update, arn)) }
        continue
      }
      let rollout = try await start(update, survey, arn)
      if update.deploys { rollouts.append(rollout) }
      changes.append(
        PlannedChange(update.live == nil ? "create" : "update", "service \(update.address.service)"))
    }
    return rollouts
  }

  /// ECS is on the way already: an earlier run was cut off.
  private func attach(_ update: RollingSurvey.Update, _ arn: String) async throws -> PendingRollout {
    let earlier = update.live?.deployments.first { $0.status != "PRIMARY" }?.taskDefinition
    let rollout = Rollout(
      update.address, taskDefinition: arn, previous: earlier, deploymentID: update.live?.primary?.id,
      knownEvents: Set(update.live?.events.map(\.id) ?? []))
    return PendingRollout(rollout: rollout, undo: [:], stopped: tasks(update, arn))
  }

  private func tasks(_ update: RollingSurvey.Update, _ arn: String) -> StoppedTasks {
    StoppedTasks(cluster: update.address.cluster, service: update.address.service, taskDefinition: arn)
  }

  private func start(
    _ update: RollingSurvey.Update, _ survey: RollingSurvey, _ arn: String
  ) async throws -> PendingRollout {
    let name = update.address.service
    var stopped = tasks(update, arn)
    guard let live = update.live else {
      let parameters = Creation.serviceParameters(
        update.address, definition: survey.serviceDefinition ?? [:], settings: config.settings.wanted)
      let answer = try await Creation(client).createService(
        parameters, taskDefinition: arn, token: Token.make(request.id, name, "create"))
      var rollout = Rollout(update.address, taskDefinition: arn, previous: nil)
      rollout.take(answer, before: nil)
      return PendingRollout(rollout: rollout, undo: [:], stopped: stopped)
    }
    // The same revision again: what it stopped before is no fault of this deployment.
    if !update.changesRevision { try await stopped.passOver(client) }
    let known = config.waits ? try await DeploymentHistory(client, update.address).known() : []
    var rollout = Rollout(
      update.address, taskDefinition: arn, previous: live.taskDefinition, knownDeployments: known,
      knownEvents: Set(live.events.map(\.id)))
    rollout.take(try await change(update, arn), before: live)
    let undo = ServiceSettings.before(update.changes, live)
    return PendingRollout(rollout: rollout, undo: undo, stopped: stopped)
  }

  private func change(_ update: RollingSurvey.Update, _ arn: String) async throws -> JSONValue {
    var parameters: JSONValue = [
      "cluster": .string(update.address.cluster), "service": .string(update.address.service),
    ]
    if update.changesRevision { parameters["taskDefinition"] = .string(arn) }
    for member in update.changes.object?.members ?? [] { parameters[member.name] = member.value }
    if update.forces { parameters["forceNewDeployment"] = true }
    do { return try await client.change(.ecs, "UpdateService", parameters) } catch let error as AWSError
      where error.code == .awsRefused
    {
      throw PluginFailure(
        code: "update-refused", message: "ECS refuses to update the service \(update.address.service): \(error.reason)",
        hint: KnownCause.hint(for: error.reason), path: "/service", state: .failed)
    }
  }

  // MARK: What follows

  private func follow(_ survey: RollingSurvey, _ arn: String, _ changes: inout [PlannedChange]) async throws {
    let mover = ScheduleMover(client)
    for schedule in config.schedules where try await mover.move(schedule, to: arn) {
      context.progress("move \(schedule.label)", "\(TaskDefinitionName(arn))", state: .done)
      changes.append(PlannedChange("move", schedule.label, after: .string(TaskDefinitionName(arn).description)))
    }
    if let wanted = config.autoscaling {
      for address in config.services {
        let registrar = AutoscalingRegistrar(client, address)
        guard try await !registrar.isSame(registrar.current(), wanted) else { continue }
        try await registrar.register(wanted)
        changes.append(PlannedChange("scale", "service \(address.service)"))
      }
    }
    if let keep = config.keepRevisions { try await deregister(survey, arn, keep, &changes) }
  }

  private func deregister(
    _ survey: RollingSurvey, _ arn: String, _ keep: Int, _ changes: inout [PlannedChange]
  ) async throws {
    let services = try await client.services(config.cluster, config.services.map(\.service))
    var inUse: Set<String> = [arn]
    inUse.formUnion(survey.liveServices.compactMap(\.taskDefinition))
    for schedule in config.schedules {
      inUse.formUnion(try await ScheduleMover(client).current(schedule, family: survey.draft.family))
    }
    let old = OldRevisions(client)
    let candidates = try await old.candidates(
      survey.draft.family, keep: keep, services: Array(services.values), inUse: inUse)
    for gone in try await old.deregister(candidates, context) {
      changes.append(PlannedChange("deregister", "task definition \(TaskDefinitionName(gone))"))
    }
  }
}

/// A deployment that ECS works at, and what its wait begins with.
struct PendingRollout: Sendable {
  let rollout: Rollout
  /// Members of `UpdateService` that bring back what was changed beside the revision.
  let undo: JSONValue
  let stopped: StoppedTasks
}
