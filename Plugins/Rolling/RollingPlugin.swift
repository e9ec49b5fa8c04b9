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

  private static let configSchema: JSONValue = [
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": [
      "cluster": ["type": "string", "description": "Name or ARN of the cluster."],
      "service": ["type": "string", "description": "Name or ARN of the service."],
      "containers": [
        "type": "object",
        "description": "The image, by its name in the build, for each container that gets a new one.",
        "additionalProperties": ["type": "string"],
      ],
    ],
    "required": ["cluster", "service", "containers"],
    "additionalProperties": false,
  ]
}
