import ECSDeployment
import JSON

extension TaskSetScene {
  private static func text(_ description: String, _ more: (String, JSONValue)...) -> JSONValue {
    .members([("type", "string"), ("description", .string(description))] + more)
  }

  private static func map(_ description: String) -> JSONValue {
    ["type": "object", "additionalProperties": ["type": "string"], "description": .string(description)]
  }

  /// The members of `with:` that belong to task sets alone.
  static let properties: [(String, JSONValue)] = [
    ("cluster", text("Name or ARN of the cluster.", ("default", "default"))),
    ("service", text("Name or ARN of a service whose deployment controller is EXTERNAL.")),
    ("region", text("The region of the cluster.")),
    (
      "containers",
      map("The image, by its name in the build or as a reference, for each container that gets a new one.")
    ),
    ("task-definition", text("A file (JSON or YAML), a family or an ARN in the place of what the service runs.")),
    ("variables", map("Values of ${NAME} in the file of the task definition.")),
    (
      "task-set",
      [
        "type": "object",
        "description":
          "Members of CreateTaskSet, as ECS names them, where the new set shall differ from the primary one.",
      ]
    ),
    ("listener", text("ARN of the listener, or of the rule, whose traffic is shifted.")),
    (
      "target-groups",
      [
        "type": "array", "items": ["type": "string"], "minItems": 2, "maxItems": 2,
        "description": "ARNs of both target groups; the new set gets the one that the primary one has not.",
      ]
    ),
    (
      "steps",
      [
        "type": "array", "items": ["type": "integer", "minimum": 1, "maximum": 100], "default": [100],
        "description": "The shares of the traffic that the new set gets, in percent.",
      ]
    ),
    ("step-pause", text("The time between the steps.", ("default", "0s"))),
    (
      "scale",
      [
        "type": "number", "minimum": 0, "maximum": 100, "default": 100,
        "description": "The size of the new set, in percent of the service's desired count.",
      ]
    ),
    (
      "keep-old",
      [
        "type": "boolean", "default": false,
        "description": "Leave the old set as it is, for a rollback that takes seconds.",
      ]
    ),
    ("drain", text("How long the old set stays once it has no traffic.", ("default", "0s"))),
    (
      "orphans",
      [
        "enum": ["adopt", "delete", "refuse"], "default": "refuse",
        "description": "What to do with task sets that nobody minds.",
      ]
    ),
    (
      "failure-threshold",
      [
        "type": "integer", "minimum": 0, "default": 3,
        "description": "Failed tasks after which the deployment fails; 0 is never. Nothing else counts them.",
      ]
    ),
    ("poll-interval", text("How often AWS is asked. The default grows from 1s to 10s.")),
    ("verify", Verification.schema),
  ]
}
