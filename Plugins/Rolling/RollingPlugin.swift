import AWS
public import DeployPlugins
import ECSDeployment
import JSON

/// Rolling updates of Amazon ECS services (deployment controller `ECS`, strategy `ROLLING`).
public struct RollingPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "rolling", version: "0.1.0",
      summary: "Replaces the images of an Amazon ECS service's task definition and lets ECS roll the service.",
      operations: [.describe, .plan, .apply, .status, .rollback], credentials: [.aws],
      configSchema: Self.configSchema, cancelGraceSeconds: 900)
  }

  public func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan {
    let (config, client) = try await begin(request, context)
    _ = try Verification(config.config, request: request, context: context)
    let survey = try await RollingSurveyor(config: config, client: client, context: context, images: request.images)
      .survey(nil)
    return try await RollingPlanner(config: config, client: client, context: context).plan(survey)
  }

  public func apply(
    _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
  ) async throws -> DeploymentReport {
    if request.isDryRun {
      return DeploymentReport(.unchanged, summary: "nothing was changed: \(plan.summary)", changes: plan.changes)
    }
    let (config, client) = try await begin(request, context)
    return try await RollingApply(
      config: config, client: client, context: context, request: request, state: plan.state
    ).run()
  }

  public func status(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    let (config, client) = try await begin(request, context)
    return try await RollingStatus(config: config, client: client, context: context, request: request).run()
  }

  public func rollback(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    let (config, client) = try await begin(request, context)
    return try await RollingRollback(config: config, client: client, context: context, request: request).run()
  }

  /// Reads the configuration, and tells who is at work.
  private func begin(
    _ request: PluginRequest, _ context: PluginContext
  ) async throws -> (RollingConfig, ECSClient) {
    let config = try RollingConfig(request.config)
    let client = try ECSClient(
      environment: context.environment, region: try config.config.string("region") ?? request.region,
      pace: try Pace(config.config, environment: context.environment))
    if let identity = try await client.quietly(GetCallerIdentity()) {
      context.log("as \(identity.arn), in the account \(identity.account)")
    }
    return (config, client)
  }
}
