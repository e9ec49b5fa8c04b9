import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Says what would be done about what the survey found.
struct RollingPlanner: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext

  func plan(_ survey: RollingSurvey) async throws -> DeploymentPlan {
    var changes = creations(survey)
    if survey.reusable == nil { changes.append(registration(survey)) }
    let revision = survey.reusable.map { TaskDefinitionName($0).description } ?? "\(survey.draft.family) (new revision)"
    if survey.deploys { changes += config.before.map { run($0, "before the deployment") } }
    for update in survey.updates { changes += self.changes(update, survey, revision) }
    if survey.deploys { changes += config.after.map { run($0, "after the deployment") } }
    changes += try await schedules(survey, revision)
    changes += try await autoscaling()
    if survey.deploys, let keep = config.keepRevisions {
      changes.append(
        PlannedChange(
          "deregister", "old revisions of \(survey.draft.family)",
          note: "all but the newest \(keep), and but those that something still refers to"))
    }
    try await warn(survey)
    let names = survey.updates.map(\.address.service).joined(separator: ", ")
    return DeploymentPlan(
      summary: changes.isEmpty
        ? "\(names) is as it should be: \(revision)"
        : "deploy \(revision) to \(names) in \(config.services[0].clusterName)",
      changes: changes, state: Self.state(survey))
  }

  // MARK: State

  static func state(_ survey: RollingSurvey) -> JSONValue {
    [
      "draft": survey.draft.json,
      "services": .members(
        survey.updates.map { update in
          var value: JSONValue = [:]
          value["taskDefinition"] = update.live?.taskDefinition.map { .string($0) }
          value["deployment"] = update.live?.primary?.id.map { .string($0) }
          return (update.address.service, value)
        }),
      "deploys": .bool(survey.deploys),
    ]
  }

  // MARK: Changes

  private func creations(_ survey: RollingSurvey) -> [PlannedChange] {
    var changes: [PlannedChange] = []
    if !survey.hasCluster { changes.append(PlannedChange("create", "cluster \(config.services[0].clusterName)")) }
    return changes + survey.missingLogGroups.map { PlannedChange("create", "log group \($0)") }
  }

  private func registration(_ survey: RollingSurvey) -> PlannedChange {
    PlannedChange(
      "register", "task definition \(survey.draft.family)", before: survey.base?.json, after: survey.draft.json)
  }

  private func run(_ task: OneOffTask, _ time: String) -> PlannedChange {
    PlannedChange("run", "task \(task.name)", after: task.json, note: "\(time); its exit code decides")
  }

  private func changes(_ update: RollingSurvey.Update, _ survey: RollingSurvey, _ revision: String) -> [PlannedChange] {
    let target = "service \(update.address.service)"
    guard let live = update.live else {
      let parameters = Creation.serviceParameters(
        update.address, definition: survey.serviceDefinition ?? [:], settings: config.settings.wanted)
      var after = parameters
      after["taskDefinition"] = .string(revision)
      return [PlannedChange("create", target, after: after)]
    }
    guard update.isNeeded else {
      return update.isOnItsWay
        ? [PlannedChange("wait", target, note: "ECS is deploying \(revision) already")] : []
    }
    var before = ServiceSettings.before(update.changes, live)
    var after = update.changes
    if update.changesRevision {
      before["taskDefinition"] = .string(live.taskDefinition.map { TaskDefinitionName($0).description } ?? "")
      after["taskDefinition"] = .string(revision)
    }
    if update.forces { after["forceNewDeployment"] = true }
    let hasFailed = live.primary?.rolloutState == "FAILED" && update.forces && !config.forces
    return [
      PlannedChange(
        "update", target, before: before, after: after,
        note: hasFailed ? "the last deployment of this revision failed" : nil)
    ]
  }

  private func schedules(_ survey: RollingSurvey, _ revision: String) async throws -> [PlannedChange] {
    var changes: [PlannedChange] = []
    let mover = ScheduleMover(client)
    for schedule in config.schedules {
      let current = try await mover.current(schedule, family: survey.draft.family)
      let isThere = current.allSatisfy { TaskDefinitionName.areSame($0, survey.reusable) }
      guard !isThere else { continue }
      let names = current.map { TaskDefinitionName($0).description }.joined(separator: ", ")
      changes.append(
        PlannedChange("move", schedule.label, before: .string(names), after: .string(revision)))
    }
    return changes
  }

  private func autoscaling() async throws -> [PlannedChange] {
    guard let wanted = config.autoscaling else { return [] }
    var changes: [PlannedChange] = []
    for address in config.services {
      let registrar = AutoscalingRegistrar(client, address)
      let current = try await registrar.current()
      guard try await !registrar.isSame(current, wanted) else { continue }
      var before: JSONValue?
      if let current { before = ["min": current["MinCapacity"] ?? .null, "max": current["MaxCapacity"] ?? .null] }
      changes.append(
        PlannedChange(
          "scale", "service \(address.service)", before: before,
          after: ["min": .int(wanted.minimum), "max": .int(wanted.maximum)],
          note: wanted.policies.isEmpty ? nil : "policies: " + wanted.policies.map(\.name).joined(separator: ", ")))
    }
    return changes
  }

  // MARK: Warnings

  private func warn(_ survey: RollingSurvey) async throws {
    for update in survey.updates {
      guard let live = update.live else { continue }
      let settings = update.changes["deploymentConfiguration"] ?? live.json["deploymentConfiguration"]
      let desired = update.changes["desiredCount"]?.int ?? live.desiredCount
      if desired == 0, !live.isDaemon {
        context.warn(
          "no-tasks", "the service \(live.name) wants 0 tasks: the deployment will start none, and prove nothing",
          help: ["raise desired-count, or let autoscaling do so"], path: "/desired-count")
      }
      warnOfPercents(live, desired, settings)
      if update.deploys { try await warnOfAlarms(settings) }
      if update.changes["desiredCount"] != nil,
        try await AutoscalingRegistrar(client, update.address).current() != nil
      {
        context.warn(
          "autoscaled", "the service \(live.name) is scaled automatically: its number of tasks is overwritten once",
          path: "/desired-count")
      }
      if update.changes != [:], !update.deploys {
        let names = update.changes.object?.names.joined(separator: ", ") ?? ""
        context.warn(
          "no-deployment", "running tasks are not replaced: \(names) alone makes ECS deploy nothing",
          help: ["set force-new-deployment: true if they have to be"])
      }
    }
  }

  /// The lower bound is rounded up, the upper one down.
  private func warnOfPercents(_ live: ECSService, _ desired: Int, _ settings: JSONValue?) {
    guard !live.isDaemon, desired > 0 else { return }
    let lowest = (desired * (settings?["minimumHealthyPercent"]?.int ?? 100) + 99) / 100
    let highest = desired * (settings?["maximumPercent"]?.int ?? 200) / 100
    guard lowest >= desired, highest <= desired else { return }
    context.warn(
      "deployment-cannot-move",
      "of \(desired) tasks \(lowest) have to run and \(highest) may: ECS can neither stop an old one nor start a new one",
      help: ["lower minimum-healthy-percent or raise maximum-percent"], path: "/minimum-healthy-percent")
  }

  private func warnOfAlarms(_ settings: JSONValue?) async throws {
    guard settings?["alarms"]?["enable"]?.bool == true else { return }
    let names = (settings?["alarms"]?["alarmNames"]?.array ?? []).compactMap(\.string)
    try await AlarmCheck(client).warn(of: names, context)
  }
}
