public import DeployPlugins
import JSON

/// Blue/green, canary and linear deployments of Amazon ECS services.
public struct BlueGreenPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "blue-green", version: "0.1.0",
      summary: "Blue/green, canary and linear deployments of Amazon ECS services.", operations: [.describe],
      credentials: [.aws],
      configSchema: ["type": "object"])
  }
}
