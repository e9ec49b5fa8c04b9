import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Deployments by AWS CodeDeploy (controller CODE_DEPLOY).
struct CodeDeployEngine: Sendable {
  let scene: BlueGreenScene

  init(_ scene: BlueGreenScene) { self.scene = scene }

  /// What becomes of the wait for the end of the old tasks.
  enum Termination: String, CaseIterable {
    /// The deployment is done when all requests go to the new tasks; the old ones end in their time.
    case leave
    /// It is done when the old tasks are gone.
    case wait
    /// The old tasks end at once.
    case end
  }

  var settings: BlueGreenSettings { scene.settings }
  var config: DeployConfig { scene.settings.config }
  var client: ECSClient { scene.client }
  var service: ECSService { scene.service }
  var step: String { "deploy \(service.name)" }

  /// The task definition that gets the requests.
  var liveDefinition: String? { scene.primarySet?["taskDefinition"]?.string ?? service.taskDefinition }

  func termination() throws(PluginFailure) -> Termination {
    try config.choice("termination", Termination.self) ?? .leave
  }

  // MARK: Plan

  func plan() async throws -> DeploymentPlan {
    try checkMembers()
    let target = try await CodeDeployTarget.find(scene)
    let revision = try await PlannedRevision.plan(client, config, images: scene.request.images, live: liveDefinition)
    let spec = try AppSpec(scene)
    let routing = try await routing()
    let description = try parameters(target, routing?.name, "")
    let open = try await running(target)
    let goesOn = try goesOn(open, revision, spec)
    let isUnchanged = !goesOn && isLive(revision, spec)
    var changes: [PlannedChange] = []
    if goesOn, let open {
      changes = [PlannedChange("wait", "deployment \(open.id)", note: "a run before this one began it")]
    } else if !isUnchanged {
      changes = change(revision, routing, target)
      if let open, try ifInProgress() == .refuse { throw inProgress(open) }
    }
    return DeploymentPlan(
      summary: isUnchanged
        ? "\(service.name) runs \(TaskDefinitionName(liveDefinition ?? "")) already"
        : "deploy \(revision.draft.family) to \(service.name) by CodeDeploy",
      changes: changes,
      state: [
        "engine": "codedeploy", "revision": revision.json, "appSpec": .string(spec.template),
        "file": spec.file.map { .string($0) } ?? .null, "unchanged": .bool(isUnchanged), "create": description,
        "deploymentConfig": routing?.creation ?? .null,
      ])
  }

  private func change(
    _ revision: PlannedRevision, _ routing: TrafficRouting?, _ target: CodeDeployTarget
  ) -> [PlannedChange] {
    var changes = [revision.change].compactMap { $0 }
    if let creation = routing?.creation, let routing {
      changes.append(
        PlannedChange(
          "create", "deployment configuration \(routing.name)", after: creation["trafficRoutingConfig"],
          note: "unless it is there"))
    }
    changes.append(
      PlannedChange(
        "deploy", "\(target.group) of \(target.application)", before: liveDefinition.map { .string($0) },
        after: .string(revision.existing ?? "\(revision.draft.family) (new revision)"),
        note: routing?.name ?? target.configName))
    return changes
  }

  /// Members for ECS's own strategies mean nothing here.
  private func checkMembers() throws(PluginFailure) {
    for (key, remedy) in [
      ("hooks", "hooks of CodeDeploy are functions under lifecycle-hooks"),
      ("bake-time", "the deployment group says how long the old tasks stay"),
      ("deployment-configuration", "use deployment-config, canary or linear"),
    ] where config[key] != nil {
      throw config.failure(
        key, "\(service.name) is deployed by CodeDeploy, and \(key) is for ECS's own strategies",
        hint: "\(remedy); or move the service with slipway deploy migrate")
    }
    _ = try termination()
  }

  /// - Throws: `PluginFailure` of the category `config` for a configuration that is not there and must not be made.
  private func routing() async throws -> TrafficRouting? {
    guard let routing = try TrafficRouting(config) else { return nil }
    guard try await TrafficRouting.describe(client, routing.name) == nil else { return routing }
    guard routing.creation != nil else {
      throw config.failure(
        "deployment-config", "CodeDeploy has no deployment configuration \(routing.name)",
        hint: "use one such as CodeDeployDefault.ECSCanary10Percent5Minutes, or canary or linear")
    }
    guard try config.bool("create-deployment-config") == true else {
      let key = config["canary"] != nil ? "canary" : "linear"
      throw config.failure(
        key, "CodeDeploy has no deployment configuration \(routing.name)",
        hint: "set create-deployment-config: true, and it is made; it costs nothing and serves all services")
    }
    return routing
  }

  /// Whether the service runs that already, as it is asked for.
  private func isLive(_ revision: PlannedRevision, _ spec: AppSpec) -> Bool {
    guard !settings.forcesNewDeployment, let live = liveDefinition,
      TaskDefinitionName.areSame(revision.existing, live)
    else { return false }
    guard spec.file == nil, let set = scene.primarySet else { return true }
    if let network = try? NetworkSettings.configuration(config) {
      let merged = NetworkSettings.merged(set["networkConfiguration"], network)
      if !NetworkSettings.areSame(set["networkConfiguration"], merged) { return false }
    }
    if let version = config["platform-version"]?.string, version != set["platformVersion"]?.string { return false }
    guard let providers = try? CapacitySettings.strategy(config) else { return true }
    func names(_ value: JSONValue?) -> Set<String> {
      Set(
        (value?.array ?? []).map {
          "\($0["capacityProvider"]?.string ?? "") \($0["weight"]?.int ?? 0) \($0["base"]?.int ?? 0)"
        })
    }
    return names(providers) == names(set["capacityProviderStrategy"])
  }

  // MARK: Apply

  func apply(_ plan: DeploymentPlan) async throws -> DeploymentReport {
    let pause = try await ScalingPause(scene)
    if plan.state["unchanged"]?.bool == true {
      try await pause?.end()
      return report(.unchanged, liveDefinition ?? "", nil, plan)
    }
    let target = try await CodeDeployTarget.find(scene)
    let revision = PlannedRevision(json: plan.state["revision"] ?? [:])
    let spec = AppSpec(template: plan.state["appSpec"]?.string ?? "", file: plan.state["file"]?.string)
    let deadline = try await deadline(target, plan.state["create"]?["deploymentConfigName"]?.string)
    // Nothing is made for a deployment that another one keeps from beginning.
    if revision.existing == nil, try ifInProgress() == .refuse, let open = try await running(target) {
      throw inProgress(open)
    }
    let arn = try await revision.register(client)
    let content = try spec.content(arn)
    var parameters = plan.state["create"] ?? [:]
    parameters["revision"] = AppSpec.revision(content)
    if let creation = plan.state["deploymentConfig"], creation.object != nil,
      let name = creation["deploymentConfigName"]?.string
    {
      try await TrafficRouting(name: name, creation: creation).create(client)
    }
    var stopped = StoppedTasks(
      cluster: settings.address.cluster, service: settings.address.service, taskDefinition: arn)
    let id: String
    if let ours = try await settle(target, content, deadline) {
      id = ours
      scene.context.progress(
        step, "the deployment \(id) of \(TaskDefinitionName(arn)) goes on already", state: .running)
    } else {
      try await stopped.passOver(client)
      do {
        try await pause?.begin()
        id = try await create(target, parameters, content, arn, deadline)
      } catch {
        try await withoutCancellation { try await pause?.end() }
        throw error
      }
    }
    return try await guarding(pause) {
      try await finish(CodeDeployWatch(scene, id: id, stopped: stopped), revision, arn, plan, deadline)
    }
  }

  /// Whatever happens: who scaled before, scales again.
  private func guarding<Result: Sendable>(
    _ pause: ScalingPause?, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      let result = try await body()
      try await withoutCancellation { try await pause?.end() }
      return result
    } catch {
      try await withoutCancellation { try await pause?.end() }
      throw error
    }
  }

  /// As `timeout` says; else what the group and the shift of traffic may take.
  private func deadline(_ target: CodeDeployTarget, _ config: String?) async throws -> ContinuousClock.Instant {
    if let timeout = settings.timeout { return .now + timeout }
    let shift = TrafficRouting.minutes(try await TrafficRouting.describe(client, config ?? target.configName))
    let ready = target.waitsForSignal ? target.readyMinutes : 0
    let wait = try termination() == .wait ? target.terminationMinutes : 0
    return .now + .seconds((75 + shift + ready + wait) * 60)
  }

  /// What CreateDeployment is told beside the revision.
  private func parameters(
    _ target: CodeDeployTarget, _ configName: String?, _ content: String
  ) throws(PluginFailure) -> JSONValue {
    var parameters = target.names
    parameters["deploymentConfigName"] = configName.map { .string($0) }
    let images = scene.request.images.values.map(\.reference).sorted().joined(separator: ", ")
    let description = try config.string("description") ?? "slipway \(scene.request.id): \(images)"
    parameters["description"] = .string(String(description.prefix(512)))
    parameters["autoRollbackConfiguration"] = try autoRollback()
    if config["alarms"] != nil {
      let isMapping = config["alarms"]?.object != nil
      let names = try (isMapping ? config.child("alarms")?.strings("names") : config.strings("alarms")) ?? []
      parameters["overrideAlarmConfiguration"] = [
        "enabled": .bool(!names.isEmpty), "ignorePollAlarmFailure": false,
        "alarms": .array(names.map { ["name": .string($0)] }),
      ]
    }
    return parameters
  }

  /// Nil leaves it to the deployment group.
  private func autoRollback() throws(PluginFailure) -> JSONValue? {
    let all = ["failure", "alarm", "stop"]
    let names: [String]
    switch config["auto-rollback"] {
    case nil: return nil
    case .bool(let isOn): names = isOn ? all : []
    default: names = try config.strings("auto-rollback") ?? []
    }
    let events = [
      "failure": "DEPLOYMENT_FAILURE", "alarm": "DEPLOYMENT_STOP_ON_ALARM", "stop": "DEPLOYMENT_STOP_ON_REQUEST",
    ]
    if let wrong = names.first(where: { events[$0] == nil }) {
      throw config.failure(
        "auto-rollback", "\"\(wrong)\" is nothing to roll back after", hint: "failure, alarm or stop")
    }
    return [
      "enabled": .bool(!names.isEmpty), "events": .array(names.compactMap { events[$0] }.map { .string($0) }),
    ]
  }

  // MARK: Reports

  func report(
    _ state: DeploymentState, _ taskDefinition: String, _ id: String?, _ plan: DeploymentPlan?
  ) -> DeploymentReport {
    let name = TaskDefinitionName(taskDefinition)
    return DeploymentReport(
      state, summary: state == .unchanged ? "\(service.name) runs \(name) already" : "\(service.name) runs \(name)",
      changes: state == .unchanged ? [] : plan?.changes ?? [], outputs: outputs(taskDefinition, id))
  }

  func outputs(_ taskDefinition: String, _ id: String?) -> JSONValue {
    var outputs: JSONValue = [
      "cluster": .string(settings.address.clusterName), "service": .string(service.name),
      "taskDefinition": .string(taskDefinition),
    ]
    outputs["deployment"] = id.map { .string($0) }
    return outputs
  }
}
