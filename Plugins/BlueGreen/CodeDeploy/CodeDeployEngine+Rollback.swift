import AWS
import DeployPlugins
import ECSDeployment
import JSON

extension CodeDeployEngine {
  /// Goes back: what is on its way is stopped; else the last deployment that succeeded with another revision is made
  /// once more.
  func rollback() async throws -> DeploymentReport {
    let target = try await CodeDeployTarget.find(scene)
    if let open = try await running(target) { return try await rollBack(open) }
    let earlier = try await earlier(target)
    let name = TaskDefinitionName(earlier.definition)
    scene.context.progress(
      step, "goes back from \(TaskDefinitionName(liveDefinition ?? "")) to \(name) of \(earlier.source)",
      state: .running)
    var create = target.names
    create["description"] = .string("slipway \(scene.request.id): back to \(name)")
    let plan = DeploymentPlan(
      summary: "",
      changes: [
        PlannedChange(
          "deploy", "\(target.group) of \(target.application)", before: liveDefinition.map { .string($0) },
          after: .string(earlier.definition))
      ],
      state: [
        "revision": ["draft": [:], "existing": .string(earlier.definition)], "appSpec": .string(earlier.content),
        "create": create,
      ])
    return try await apply(plan)
  }

  /// Stops what is on its way.
  private func rollBack(_ open: CodeDeployDeployment) async throws -> DeploymentReport {
    scene.context.progress(step, "stops \(open.id), and goes back", state: .running)
    let rollback: String?
    if open.isRollback {
      rollback = open.id
    } else {
      var watch = CodeDeployWatch(scene, id: open.id)
      rollback = try await takeBack(&watch)
    }
    let definition = try await client.service(settings.address)?.taskDefinition ?? liveDefinition ?? ""
    guard let rollback else {
      var told = report(.succeeded, definition, open.id, nil)
      told.summary += "; \(open.id) was stopped before it changed anything"
      return told
    }
    let end = try await rollbackState(rollback)
    guard end.state == .rolledBack else {
      throw PluginFailure(
        code: "rollback-failed", message: "the rollback \(rollback) of \(open.id) failed",
        hint: "see where the listener of \(service.name) forwards to, then deploy again", causes: end.reasons,
        state: .rollbackFailed, outputs: outputs(definition, rollback))
    }
    try await ScalingPause(scene)?.end()
    let live = try await client.service(settings.address)
    var told = report(.succeeded, BlueGreenScene.primary(live) ?? definition, rollback, nil)
    told.changes = [PlannedChange("stop", "deployment \(open.id)", note: "rolled back by \(rollback)")]
    return told
  }

  private struct Earlier {
    var source: String
    var definition: String
    var content: String
  }

  /// The newest deployment that succeeded and brought another task definition than the one that is live.
  private func earlier(_ target: CodeDeployTarget) async throws -> Earlier {
    var parameters = target.names
    parameters["includeOnlyStatuses"] = ["Succeeded"]
    let ids = try await client.call(.codeDeploy, "ListDeployments", parameters)["deployments"]?.array ?? []
    for id in ids.compactMap(\.string).prefix(20) {
      guard let content = try await client.codeDeployDeployment(id).content,
        let definition = content.firstMatch(of: #/arn:[^"'\s]+:task-definition\/[^"'\s,}]+/#).map({ String($0.output) }
        ),
        !TaskDefinitionName.areSame(definition, liveDefinition), try await isActive(definition)
      else { continue }
      return Earlier(
        source: "\(id), the last deployment that succeeded with another one", definition: definition, content: content)
    }
    let spec = try AppSpec(scene).template
    if let definition = scene.request.previous?["outputs"]?["taskDefinition"]?.string,
      !TaskDefinitionName.areSame(definition, liveDefinition), try await isActive(definition)
    {
      return Earlier(source: "the record of deployments", definition: definition, content: spec)
    }
    if let live = liveDefinition,
      let definition = try await DeploymentHistory(client, settings.address).revision(before: live)
    {
      return Earlier(source: "the revision before it", definition: definition, content: spec)
    }
    throw PluginFailure(
      code: "nothing-to-return-to", message: "there is no earlier deployment of \(service.name) that succeeded",
      hint: "deploy the images that you want instead")
  }

  /// What was deregistered cannot be deployed any more.
  private func isActive(_ definition: String) async throws -> Bool {
    let status = try await client.taskDefinition(definition)?["taskDefinition"]?["status"]?.string
    return status ?? "INACTIVE" == "ACTIVE"
  }
}

extension BlueGreenScene {
  static func primary(_ service: ECSService?) -> String? {
    let sets = service?.json["taskSets"]?.array ?? []
    return sets.first { $0["status"]?.string == "PRIMARY" }?["taskDefinition"]?.string
  }
}
