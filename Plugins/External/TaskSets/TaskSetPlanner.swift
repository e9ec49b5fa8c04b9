import DeployPlugins
import ECSDeployment
import JSON

/// Says what a deployment by task sets would do.
struct TaskSetPlanner: Sendable {
  let scene: TaskSetScene

  func plan() async throws -> DeploymentPlan {
    let settings = scene.settings
    let revision = try await PlannedRevision.plan(
      scene.client, settings.config, images: scene.request.images, live: scene.primary?.taskDefinition)
    let id = scene.externalID(revision.draft)
    let ours = scene.sets.first { $0.externalID == id && $0.status != "DRAINING" }
    let others = scene.sets.filter { $0.status == "ACTIVE" && $0.externalID != id && !isKept($0) }
    let leftovers = others.filter(isLeftOver)
    let orphans = others.filter { !isLeftOver($0) }
    try refuse(orphans)
    let isLive = TaskDefinitionName.areSame(revision.existing, scene.primary?.taskDefinition)
    if isLive, ours == nil || ours?.isPrimary == true, others.isEmpty {
      return DeploymentPlan(
        summary: "\(scene.service.name) runs that already", state: ["mode": "task-sets", "unchanged": true])
    }
    var changes = [revision.change].compactMap { $0 }
    for orphan in orphans where settings.orphans == .delete {
      changes.append(PlannedChange("delete", "task set \(orphan.id)", note: "left over by another run"))
    }
    for leftover in leftovers {
      changes.append(PlannedChange("delete", "task set \(leftover.id)", note: "a deployment that was cut off left it"))
    }
    changes += try await steps(revision, ours, orphans)
    var state: JSONValue = [
      "mode": "task-sets", "revision": revision.json, "externalId": .string(id),
      "creation": try creation(id), "orphans": .array(orphans.map { .string($0.id) }),
      "leftovers": .array(leftovers.map { .string($0.id) }),
    ]
    state["previous"] = scene.primary.map { .string($0.id) }
    return DeploymentPlan(
      summary: "deploy \(revision.draft.family) to \(scene.service.name) as a new task set", changes: changes,
      state: state)
  }

  /// What was there before a primary set of ours: the run that replaced it was cut off before it could delete it.
  private func isLeftOver(_ set: TaskSet) -> Bool {
    guard let primary = scene.primary, primary.externalID?.hasPrefix("slipway-") == true,
      let made = set.json["createdAt"]?.double, let primaryMade = primary.json["createdAt"]?.double
    else { return false }
    return made < primaryMade
  }

  /// Sets that a run of ours left for a fast way back are no orphans.
  private func isKept(_ set: TaskSet) -> Bool { scene.settings.keepsOld && isLeftOver(set) }

  private func refuse(_ orphans: [TaskSet]) throws(PluginFailure) {
    guard !orphans.isEmpty, scene.settings.orphans == .refuse else { return }
    let names = orphans.map { "\($0.id) (\(TaskDefinitionName($0.taskDefinition)), \($0.running) running)" }
    throw PluginFailure(
      code: "orphan-task-sets",
      message: "\(scene.service.name) has task sets that nobody minds: \(names.joined(separator: ", "))",
      hint: "set orphans: delete to delete them, or orphans: adopt to go on with one of the same task definition",
      path: "/orphans", state: .failed)
  }

  private func steps(_ revision: PlannedRevision, _ ours: TaskSet?, _ orphans: [TaskSet]) async throws
    -> [PlannedChange]
  {
    let settings = scene.settings
    let name = revision.existing.map { TaskDefinitionName($0).description } ?? "\(revision.draft.family) (new revision)"
    let adopted = orphans.first {
      settings.orphans == .adopt && TaskDefinitionName.areSame($0.taskDefinition, revision.existing)
    }
    var changes: [PlannedChange] = []
    if let set = ours ?? adopted {
      changes.append(PlannedChange("adopt", "task set \(set.id)", after: .string(name)))
    } else {
      changes.append(
        PlannedChange(
          "create", "task set of \(scene.service.name)", after: .string(name), note: "\(settings.scale) % of the tasks")
      )
    }
    if let rule = try await scene.trafficRule(), let free = scene.freeGroup {
      changes.append(
        PlannedChange(
          "shift", "traffic of \(scene.service.name)",
          before: .members(rule.weights.map { (targetGroupName($0.group), JSONValue.int($0.weight)) }),
          after: .members([(targetGroupName(free), JSONValue.int(100))]),
          note: settings.steps.map { "\($0) %" }.joined(separator: ", ")))
    }
    changes.append(
      PlannedChange(
        "update", "primary task set of \(scene.service.name)", before: scene.primary.map { .string($0.id) },
        after: .string("the new one")))
    if let primary = scene.primary {
      changes.append(
        settings.keepsOld
          ? PlannedChange("keep", "task set \(primary.id)", note: "for a fast way back")
          : PlannedChange("delete", "task set \(primary.id)"))
    }
    return changes
  }

  /// Parameters of CreateTaskSet, but for the task definition: what the primary set has, and what the configuration
  /// says.
  private func creation(_ id: String) throws -> JSONValue {
    var value: JSONValue = scene.place
    value["externalId"] = .string(id)
    value["scale"] = ["value": .number(JSONNumber(scene.settings.scale) ?? JSONNumber(100)), "unit": "PERCENT"]
    for name in [
      "launchType", "capacityProviderStrategy", "networkConfiguration", "platformVersion", "serviceRegistries",
    ] {
      value[name] = scene.primary?.json[name]
    }
    for (name, member) in scene.settings.config["task-set"]?.object?.members ?? [] { value[name] = member }
    if value["capacityProviderStrategy"]?.array?.isEmpty == false { value["launchType"] = nil }
    var balancer = value["loadBalancers"]?[0] ?? scene.primary?.json["loadBalancers"]?[0]
    if let free = scene.freeGroup, balancer != nil { balancer?["targetGroupArn"] = .string(free) }
    if let balancer { value["loadBalancers"] = [balancer] }
    guard scene.settings.listener == nil || balancer != nil else {
      throw scene.settings.config.failure(
        "task-set", "there is no task set to take the load balancer from",
        hint: "say it in task-set: {loadBalancers: [{targetGroupArn: …, containerName: …, containerPort: …}]}")
    }
    return value
  }
}
