import JSON

extension RollingPlugin {
  static let configSchema: JSONValue = [
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
