import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Moves a service from CodeDeploy to ECS's own strategies, in place: `migrate: true`. Nothing is deployed by it.
struct Migration: Sendable {
  let scene: BlueGreenScene

  init(_ scene: BlueGreenScene) { self.scene = scene }

  private var settings: BlueGreenSettings { scene.settings }
  private var service: ECSService { scene.service }
  private static let unchanged = "is deployed by ECS's own strategies already"

  // MARK: Plan

  func plan() async throws -> DeploymentPlan {
    guard service.controller == "CODE_DEPLOY" else {
      guard service.controller == "ECS" else {
        throw settings.config.failure(
          "migrate", "\(service.name) has the controller \(service.controller), and only CODE_DEPLOY can be moved",
          hint: "make a new service with the controller ECS")
      }
      return DeploymentPlan(
        summary: "\(service.name) \(Self.unchanged)", state: ["engine": "migration", "unchanged": true])
    }
    guard let set = scene.primarySet, let definition = set["taskDefinition"]?.string else {
      throw PluginFailure(
        code: "no-primary-task-set", message: "\(service.name) has no primary task set",
        hint: "deploy it with CodeDeploy once, then move it", state: .failed)
    }
    let target = try await CodeDeployTarget.find(scene)
    if let open = try await CodeDeployEngine(scene).running(target) {
      throw PluginFailure(
        code: "deployment-in-progress", message: "\(service.name) has a deployment in progress: \(open.id)",
        hint: "wait for its end before the move: slipway deploy wait", retryable: true, state: .failed)
    }
    let configuration = try deploymentConfiguration(target)
    let wiring = try await MigrationWiring.find(scene, target, live: set["loadBalancers"]?[0] ?? [:])
    let update: JSONValue = [
      "deploymentController": ["type": "ECS"], "deploymentConfiguration": configuration,
      "taskDefinition": .string(definition), "loadBalancers": [wiring.balancer],
    ]
    var before: JSONValue = ["deploymentController": ["type": "CODE_DEPLOY"]]
    for name in ["deploymentConfiguration", "taskDefinition"] { before[name] = service.json[name] }
    before["taskDefinition"] = .string(definition)
    before["loadBalancers"] = set["loadBalancers"]
    let strategy = configuration["strategy"]?.string ?? ""
    return DeploymentPlan(
      summary: "move \(service.name) from CodeDeploy to ECS's own strategy \(strategy)",
      changes: wiring.changes + [
        PlannedChange("update", "service \(service.name)", before: before, after: update),
        PlannedChange(
          "keep", "\(target.group) of \(target.application)",
          note: "CodeDeploy's application and group stay; delete them when nothing uses them any more"),
      ],
      state: ["engine": "migration", "update": update, "rules": .array(wiring.rules)])
  }

  /// What `with:` says; where it says nothing, what the deployment group does is kept as far as ECS has the like.
  private func deploymentConfiguration(_ target: CodeDeployTarget) throws -> JSONValue {
    let native = NativeConfiguration(config: settings.config, service: service)
    var wanted = try native.deploymentConfiguration() ?? service.json["deploymentConfiguration"] ?? [:]
    if settings.config["strategy"] == nil { wanted["strategy"] = "BLUE_GREEN" }
    if wanted["bakeTimeInMinutes"] == nil || settings.config["bake-time"] == nil {
      wanted["bakeTimeInMinutes"] = .int(min(target.terminationMinutes, 1440))
    }
    let alarms = target.json["alarmConfiguration"]
    if settings.config["alarms"] == nil, alarms?["enabled"]?.bool == true {
      let names = (alarms?["alarms"]?.array ?? []).compactMap { $0["name"] }
      let events = target.json["autoRollbackConfiguration"]?["events"]?.array ?? []
      wanted["alarms"] = [
        "alarmNames": .array(names), "enable": true, "rollback": .bool(events.contains("DEPLOYMENT_STOP_ON_ALARM")),
      ]
    }
    return wanted
  }

  // MARK: Apply

  func apply(_ plan: DeploymentPlan) async throws -> DeploymentReport {
    let outputs: JSONValue = [
      "cluster": .string(settings.address.clusterName), "service": .string(service.name),
      "taskDefinition": .string(scene.primarySet?["taskDefinition"]?.string ?? service.taskDefinition ?? ""),
    ]
    guard service.controller == "CODE_DEPLOY", plan.state["unchanged"]?.bool != true else {
      return DeploymentReport(.unchanged, summary: "\(service.name) \(Self.unchanged)", outputs: outputs)
    }
    let step = "migrate \(service.name)"
    for rule in plan.state["rules"]?.array ?? [] {
      let arn = rule["arn"]?.string ?? ""
      scene.context.progress(step, "forwards \(arn) to both target groups", state: .running)
      try await scene.client.modify(TrafficRule(ListenerRule(arn: arn, actions: rule["actions"]?.array ?? [])))
    }
    var parameters = plan.state["update"] ?? [:]
    parameters["cluster"] = .string(settings.address.cluster)
    parameters["service"] = .string(settings.address.service)
    do { _ = try await scene.client.change(.ecs, "UpdateService", parameters) } catch let error as AWSError
      where error.code == .awsRefused
    {
      throw PluginFailure(
        code: "migration-refused", message: "ECS refuses to move \(service.name): \(error.reason)",
        hint: KnownCause.hint(for: error.reason)
          ?? "check load-balancer: role may change the listener, and both target groups belong to the production rule",
        path: "/migrate", state: .failed)
    }
    scene.context.progress(step, "ECS deploys it from now on", state: .done)
    return DeploymentReport(
      .succeeded, summary: "\(service.name) is deployed by ECS's own strategies from now on", changes: plan.changes,
      outputs: outputs)
  }
}
