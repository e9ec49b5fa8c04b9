import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Goes back to the revision of the last deployment that succeeded, and says which one that is.
struct RollingRollback: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext
  let request: PluginRequest

  func run() async throws -> DeploymentReport {
    let found = try await client.services(config.cluster, config.services.map(\.service))
    var pending: [PendingRollout] = []
    var changes: [PlannedChange] = []
    for address in config.services {
      guard let service = found[address.service], service.status != "INACTIVE" else { throw address.missing }
      let (target, reason) = try await target(address, service)
      context.log("\(address.service) goes back to \(TaskDefinitionName(target)): \(reason)")
      changes.append(
        PlannedChange(
          "update", "service \(address.service)",
          before: ["taskDefinition": .string(Self.name(service.primary?.taskDefinition ?? service.taskDefinition))],
          after: ["taskDefinition": .string(Self.name(target))], note: reason))
      guard !request.isDryRun else { continue }
      pending.append(try await start(address, service, target))
    }
    let names = changes.map { "\($0.target) → \($0.after?["taskDefinition"]?.string ?? "")" }.joined(separator: ", ")
    if request.isDryRun {
      return DeploymentReport(.unchanged, summary: "nothing was changed: \(names)", changes: changes)
    }
    guard config.waits else {
      return DeploymentReport(.inProgress, summary: "going back: \(names)", changes: changes)
    }
    let waiter = RolloutWaiter(config: config, client: client, context: context, deadline: request.deadline)
    let services = try await waiter.wait(pending, draft: nil)
    return DeploymentReport(
      .succeeded, summary: "back: \(names)", changes: changes, outputs: ["services": .members(services)])
  }

  private static func name(_ arn: String?) -> String { arn.map { TaskDefinitionName($0).description } ?? "" }

  /// The revision to go back to, and why that one.
  private func target(_ address: ServiceAddress, _ service: ECSService) async throws -> (String, String) {
    let current = service.primary?.taskDefinition ?? service.taskDefinition ?? ""
    func isOther(_ name: String?) -> Bool { name != nil && !TaskDefinitionName.areSame(name, current) }
    let isUnfinished = service.primary?.rolloutState.map { $0 != "COMPLETED" } ?? false
    if isUnfinished,
      let earlier = service.deployments.first(where: { $0.status != "PRIMARY" && isOther($0.taskDefinition) })?
        .taskDefinition
    {
      try await check(earlier, address)
      return (earlier, "the deployment of \(TaskDefinitionName(current)) is not done, and this is what it replaces")
    }
    let history = DeploymentHistory(client, address)
    for name in try await history.successes() where isOther(name) {
      if try await isActive(name) { return (name, "it is the last one that was deployed with success before") }
    }
    if let name = try await history.revision(before: current) {
      return (name, "it is the revision before \(TaskDefinitionName(current)); ECS tells of no earlier deployment")
    }
    throw PluginFailure(
      code: "nothing-to-return-to",
      message: "there is no revision to go back to from \(TaskDefinitionName(current)) of \(address.service)",
      hint: "deploy one that is known to work: task-definition: FAMILY:REVISION", path: "/service", state: .failed)
  }

  private func isActive(_ name: String) async throws -> Bool {
    let definition = try await client.taskDefinition(name)?["taskDefinition"]
    return definition != nil && definition?["status"]?.string ?? "ACTIVE" == "ACTIVE"
  }

  private func check(_ name: String, _ address: ServiceAddress) async throws {
    guard try await isActive(name) else {
      throw PluginFailure(
        code: "revision-gone",
        message: "\(TaskDefinitionName(name)) was deregistered: \(address.service) cannot go back to it",
        hint: "deploy one that is known to work: task-definition: FAMILY:REVISION", path: "/service", state: .failed)
    }
  }

  private func start(
    _ address: ServiceAddress, _ service: ECSService, _ target: String
  ) async throws -> PendingRollout {
    let known = config.waits ? try await DeploymentHistory(client, address).known() : []
    var rollout = Rollout(
      address, taskDefinition: target, previous: service.primary?.taskDefinition ?? service.taskDefinition,
      knownDeployments: known, knownEvents: Set(service.events.map(\.id)))
    var stopped = StoppedTasks(cluster: address.cluster, service: address.service, taskDefinition: target)
    try await stopped.passOver(client)
    let answer = try await client.change(
      .ecs, "UpdateService",
      [
        "cluster": .string(address.cluster), "service": .string(address.service), "taskDefinition": .string(target),
      ])
    rollout.take(answer, before: service)
    return PendingRollout(rollout: rollout, undo: [:], stopped: stopped)
  }
}
