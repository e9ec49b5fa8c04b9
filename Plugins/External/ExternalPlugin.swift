public import DeployPlugins
import JSON

/// Deployments that somebody else carries out.
public struct ExternalPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "external", version: "0.1.0", summary: "Deployments that somebody else carries out.",
      operations: [.describe], credentials: [.aws],
      configSchema: ["type": "object"])
  }
}
