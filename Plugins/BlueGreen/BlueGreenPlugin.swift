public import DeployPlugins
import ECSDeployment
import JSON

/// Blue/green, canary and linear deployments of Amazon ECS services: by ECS's own strategies, or by CodeDeploy.
public struct BlueGreenPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "blue-green", version: "0.1.0",
      summary: "Blue/green, canary and linear deployments of Amazon ECS services, by ECS itself or by CodeDeploy.",
      operations: [.describe, .plan, .apply, .status, .rollback], credentials: [.aws],
      configSchema: Self.configSchema, cancelGraceSeconds: 600)
  }

  public func plan(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentPlan {
    let scene = try await BlueGreenScene(request, context)
    if scene.settings.migrates { return try await Migration(scene).plan() }
    return switch try engine(scene) {
    case .native: try await NativeEngine(scene).plan()
    case .codeDeploy: try await CodeDeployEngine(scene).plan()
    }
  }

  public func apply(
    _ plan: DeploymentPlan, _ request: PluginRequest, _ context: PluginContext
  ) async throws -> DeploymentReport {
    let scene = try await BlueGreenScene(request, context)
    if plan.state["engine"] == "migration" { return try await Migration(scene).apply(plan) }
    return switch try engine(scene) {
    case .native: try await NativeEngine(scene).apply(plan)
    case .codeDeploy: try await CodeDeployEngine(scene).apply(plan)
    }
  }

  public func status(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    let scene = try await BlueGreenScene(request, context)
    return switch try engine(scene) {
    case .native: try await NativeEngine(scene).status()
    case .codeDeploy: try await CodeDeployEngine(scene).status()
    }
  }

  public func rollback(_ request: PluginRequest, _ context: PluginContext) async throws -> DeploymentReport {
    let scene = try await BlueGreenScene(request, context)
    return switch try engine(scene) {
    case .native: try await NativeEngine(scene).rollback()
    case .codeDeploy: try await CodeDeployEngine(scene).rollback()
    }
  }

  private enum Engine { case native, codeDeploy }

  private func engine(_ scene: BlueGreenScene) throws(PluginFailure) -> Engine {
    switch scene.service.controller {
    case "CODE_DEPLOY": return .codeDeploy
    case "EXTERNAL":
      throw scene.settings.config.failure(
        "service", "\(scene.service.name) is deployed by task sets (controller EXTERNAL)",
        hint: "deploy it with the plugin external")
    default: return .native
    }
  }
}
