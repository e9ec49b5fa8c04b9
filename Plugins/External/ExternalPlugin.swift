public import DeployPlugins
import JSON

/// Deployments that Amazon ECS does not carry out itself: by task sets, or by somebody else's command.
public struct ExternalPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "external", version: "0.1.0",
      summary: "Hands the deployment over to a command, or drives the task sets of an Amazon ECS service.",
      operations: [.describe, .plan, .apply, .status, .rollback], credentials: [.awsIfPresent],
      configSchema: Self.configSchema, cancelGraceSeconds: 300)
  }

  /// A command deploys when the configuration names one, else task sets are driven.
  private func isHandOff(_ request: PluginRequest) -> Bool { request.config["command"] != nil }

  public func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan {
    if isHandOff(request) { return try await HandOff(request, context).plan() }
    return try await TaskSetPlanner(scene: TaskSetScene(request, context)).plan()
  }

  public func apply(
    _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
  ) async throws -> DeploymentReport {
    if isHandOff(request) { return try await HandOff(request, context).apply(plan) }
    return try await TaskSetEngine(scene: TaskSetScene(request, context)).apply(plan)
  }

  public func status(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    if isHandOff(request) { return try await HandOff(request, context).status() }
    return try await TaskSetEngine(scene: TaskSetScene(request, context)).status()
  }

  public func rollback(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    if isHandOff(request) { return try await HandOff(request, context).rollback() }
    return try await TaskSetEngine(scene: TaskSetScene(request, context)).rollback()
  }
}
