public import DeployPlugins

/// Rolling updates of Amazon ECS services (deployment controller `ECS`, strategy `ROLLING`).
public struct RollingPlugin: DeployPlugin {
  public init() {}

  public var description: PluginDescription {
    PluginDescription(
      name: "rolling", version: "0.1.0",
      summary: "Replaces the images of an Amazon ECS service's task definition and lets ECS roll the service.",
      operations: [.describe], credentials: [.aws], configSchema: Self.configSchema)
  }
}
