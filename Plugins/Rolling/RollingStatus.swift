import DeployPlugins
import ECSDeployment
import JSON

/// Says how the services are.
struct RollingStatus: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext
  let request: PluginRequest

  func run() async throws -> DeploymentReport {
    let services = try await live()
    let moving = services.filter { $0.primary?.rolloutState == "IN_PROGRESS" }
    if request.waits, !moving.isEmpty {
      let pending = moving.map(pending)
      let waiter = RolloutWaiter(config: config, client: client, context: context, deadline: request.deadline)
      _ = try await waiter.wait(pending, draft: nil)
      return try await report(live())
    }
    return try await report(services)
  }

  private func live() async throws -> [ECSService] {
    let found = try await client.services(config.cluster, config.services.map(\.service))
    var services: [ECSService] = []
    for address in config.services {
      guard let service = found[address.service], service.status != "INACTIVE" else { throw address.missing }
      services.append(service)
    }
    return services
  }

  private func pending(_ service: ECSService) -> PendingRollout {
    let address = config.services.first { $0.service == service.name } ?? config.services[0]
    let definition = service.primary?.taskDefinition ?? service.taskDefinition ?? ""
    let rollout = Rollout(
      address, taskDefinition: definition,
      previous: service.deployments.first { $0.status != "PRIMARY" }?.taskDefinition,
      deploymentID: service.primary?.id, knownEvents: Set(service.events.map(\.id)))
    return PendingRollout(
      rollout: rollout, undo: [:],
      stopped: StoppedTasks(cluster: address.cluster, service: address.service, taskDefinition: definition))
  }

  private func report(_ services: [ECSService]) async throws -> DeploymentReport {
    var outputs: [(String, JSONValue)] = []
    var lines: [String] = []
    var state = DeploymentState.succeeded
    for service in services {
      let definition = service.primary?.taskDefinition ?? service.taskDefinition ?? ""
      let rollout = service.primary?.rolloutState
      switch rollout {
      case "FAILED": state = .failed
      case "IN_PROGRESS" where state == .succeeded: state = .inProgress
      default: break
      }
      let counts = "\(service.runningCount) of \(service.desiredCount) running"
      lines.append(
        "\(service.name): \(TaskDefinitionName(definition)), \(rollout?.lowercased() ?? "steady"), \(counts)")
      outputs.append((service.name, Self.output(service, definition)))
    }
    return DeploymentReport(
      state, summary: lines.joined(separator: "; "), outputs: ["services": .members(outputs)])
  }

  private static func output(_ service: ECSService, _ definition: String) -> JSONValue {
    var value: JSONValue = [
      "taskDefinition": .string(definition), "desiredCount": .int(service.desiredCount),
      "runningCount": .int(service.runningCount), "pendingCount": .int(service.pendingCount),
    ]
    value["rolloutState"] = service.primary?.rolloutState.map { .string($0) }
    value["reason"] = service.primary?.rolloutReason.map { .string($0) }
    value["events"] = .array(service.events.prefix(5).map { .string($0.message) })
    return value
  }
}
