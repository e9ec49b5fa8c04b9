import JSON

extension ExternalPlugin {
  static let configSchema: JSONValue = [
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": .members(HandOff.properties + TaskSetScene.properties + shared),
    "anyOf": [["required": ["command"]], ["required": ["service"]]],
    "additionalProperties": false,
  ]

  private static let shared: [(String, JSONValue)] = [
    ("timeout", ["type": "string", "description": "How long the deployment may take, such as 30m."]),
    (
      "on-timeout",
      [
        "enum": ["fail", "rollback"], "default": "fail",
        "description": "What to do when the time is over.",
      ]
    ),
    (
      "on-cancel",
      [
        "enum": ["leave", "rollback"],
        "description":
          "What to do when the deployment is cancelled. The default is leave for commands and rollback for task sets.",
      ]
    ),
  ]
}
