import ECSDeployment
import JSON

extension RollingPlugin {
  private static let duration = "^([0-9.]+(ms|s|m|h|d)?)+$"

  private static func text(_ description: String, _ more: (String, JSONValue)...) -> JSONValue {
    .members([("type", "string"), ("description", .string(description))] + more)
  }

  private static func flag(_ description: String, default value: Bool? = nil) -> JSONValue {
    var schema: JSONValue = ["type": "boolean", "description": .string(description)]
    schema["default"] = value.map { .bool($0) }
    return schema
  }

  private static func number(_ description: String, _ more: (String, JSONValue)...) -> JSONValue {
    .members([("type", "integer"), ("minimum", 0), ("description", .string(description))] + more)
  }

  private static func time(_ description: String, _ more: (String, JSONValue)...) -> JSONValue {
    .members([("type", "string"), ("pattern", .string(duration)), ("description", .string(description))] + more)
  }

  private static func texts(_ description: String) -> JSONValue {
    ["type": "array", "items": ["type": "string"], "description": .string(description)]
  }

  private static func choice(_ description: String, _ choices: [String], default value: String? = nil) -> JSONValue {
    var schema: JSONValue = [
      "type": "string", "enum": .array(choices.map { .string($0) }), "description": .string(description),
    ]
    schema["default"] = value.map { .string($0) }
    return schema
  }

  private static let network: JSONValue = [
    "type": "object", "description": "Where tasks with network mode awsvpc are: what is not named stays as it is.",
    "properties": [
      "subnets": texts("IDs of the subnets."), "security-groups": texts("IDs of the security groups."),
      "assign-public-ip": flag("Whether tasks get a public address."),
    ],
    "required": ["subnets"], "additionalProperties": false,
  ]

  private static let providers: JSONValue = [
    "type": "array",
    "description": "The capacity provider strategy: names, or mappings with provider, weight and base.",
    "items": [
      "anyOf": [
        ["type": "string"],
        [
          "type": "object",
          "properties": [
            "provider": text("Such as FARGATE, FARGATE_SPOT, or one of yours."),
            "capacityProvider": text("The same, as ECS writes it."), "weight": number("Its share of the tasks."),
            "base": number("How many tasks it gets first."),
          ],
        ],
      ]
    ],
    "examples": [[["provider": "FARGATE", "base": 1], ["provider": "FARGATE_SPOT", "weight": 3]]],
  ]

  private static func tasks(_ description: String) -> JSONValue {
    let task: JSONValue = [
      "type": "object",
      "properties": [
        "task": text("A name for messages."),
        "container": text("Runs the command, and its exit code decides; the only essential one unless given."),
        "command": [
          "anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]]], "x-variables": false,
          "description": "In place of the container's command: words, or a text for /bin/sh -c.",
        ],
        "environment": [
          "type": "object", "description": "Further environment variables.",
          "additionalProperties": ["type": ["string", "number", "boolean"]],
        ],
        "cpu": text("CPU units of the task."), "memory": text("MiB of the task."),
        "task-definition": text("Another one than the revision that is deployed."),
        "timeout": time("Then the task is stopped, and has failed.", ("default", "30m")),
        "launch-type": choice("In place of the service's.", ["FARGATE", "EC2", "EXTERNAL"]),
        "platform-version": text("In place of the service's."), "network": network, "capacity-providers": providers,
      ],
      "additionalProperties": false,
    ]
    return ["anyOf": [task, ["type": "array", "items": task]], "description": .string(description)]
  }

  private static let schedules: JSONValue = [
    "type": "array", "description": "Scheduled tasks that move to the new revision after the deployment.",
    "items": [
      "type": "object",
      "properties": [
        "rule": text("An EventBridge rule."), "event-bus": text("Of the rule; the default one unless given."),
        "targets": texts("IDs of the rule's targets; all that run the family unless given."),
        "schedule": text("A schedule of EventBridge Scheduler."),
        "group": text("Of the schedule; the default one unless given."),
      ],
      "additionalProperties": false,
    ],
    "examples": [[["rule": "nightly"], ["schedule": "hourly", "group": "shop"]]],
  ]

  private static let autoscaling: JSONValue = [
    "type": "object", "description": "Registers the service with Application Auto Scaling.",
    "properties": [
      "min": number("The fewest tasks."), "max": number("The most tasks."),
      "target-cpu": number("Percent of CPU to keep to."), "target-memory": number("Percent of memory to keep to."),
      "policies": [
        "type": "array", "description": "Further target tracking policies.",
        "items": [
          "type": "object",
          "properties": [
            "name": text("Of the policy."),
            "configuration": ["type": "object", "description": "TargetTrackingScalingPolicyConfiguration."],
          ],
        ],
      ],
    ],
    "required": ["min", "max"], "additionalProperties": false,
  ]

  private static let revision: [(String, JSONValue)] = [
    (
      "containers",
      [
        "type": "object", "additionalProperties": ["type": "string"],
        "description":
          "The image for each container that gets a new one: its name in the build, or a reference. Unless given, images and containers of the same name belong together, as do one image and one container.",
        "examples": [["web": "web"]],
      ]
    ),
    ("image-definitions", text("CodePipeline's imagedefinitions.json: further images of containers.")),
    (
      "task-definition",
      text(
        "What the new revision is made of: service (what runs now), a family, FAMILY:REVISION, an ARN, or a file (.json, .yaml, .yml) in the form of RegisterTaskDefinition, such as CodePipeline's taskdef.json with <IMAGE1_NAME>.",
        ("default", "service"))
    ),
    (
      "variables",
      [
        "type": "object", "additionalProperties": ["type": ["string", "number", "boolean"]],
        "description":
          "What ${NAME} and ${NAME:-default} stand for in those files; without this key such texts stay as they are.",
      ]
    ),
    (
      "tags",
      [
        "type": "object", "additionalProperties": ["type": "string"],
        "description": "Tags of the new revision, beside those that it has.",
      ]
    ),
    ("keep-revisions", number("Deregisters older revisions than so many, but none that something refers to.")),
  ]

  private static let service: [(String, JSONValue)] = [
    ("network", network), ("capacity-providers", providers),
    ("platform-version", text("Of Fargate, such as LATEST or 1.4.0.")),
    (
      "desired-count",
      number("How many tasks; unless given it stays as it is, which is what automatic scaling needs.")
    ),
    ("minimum-healthy-percent", number("How many tasks have to run during a deployment, in percent; rounded up.")),
    ("maximum-percent", number("How many tasks may run during a deployment, in percent; rounded down.")),
    (
      "circuit-breaker",
      [
        "type": ["boolean", "object"],
        "description":
          "Whether ECS gives a deployment up when its tasks fail, and goes back; or a mapping of enable, rollback and what ECS has beside them.",
      ]
    ),
    (
      "alarms",
      [
        "anyOf": [["type": "array", "items": ["type": "string"]], ["type": "object"]],
        "description":
          "CloudWatch alarms that make ECS go back: their names, or a mapping of names, enable and rollback.",
      ]
    ),
    (
      "deployment-configuration",
      ["type": "object", "description": "deploymentConfiguration, as ECS writes it; other members of it stay."]
    ),
    (
      "load-balancers",
      ["type": "array", "items": ["type": "object"], "description": "loadBalancers, as ECS writes them."]
    ),
    ("health-check-grace-period", time("How long failed health checks do not count for new tasks.")),
    ("enable-execute-command", flag("Whether ECS Exec works in new tasks.")),
    (
      "service-settings",
      ["type": "object", "description": "Further members of UpdateService and CreateService, as ECS writes them."]
    ),
    ("autoscaling", autoscaling),
    ("create", flag("Makes a cluster, log groups and services that are missing.", default: false)),
    ("service-definition", text("A file in the form of CreateService, JSON or YAML, for services that are made.")),
  ]

  private static let course: [(String, JSONValue)] = [
    ("before", tasks("Tasks that run once before the deployment, such as migrations; a failure ends it.")),
    ("after", tasks("Tasks that run once after the deployment has succeeded.")),
    ("verify", Verification.schema), ("schedules", schedules),
    (
      "force-new-deployment",
      flag("Deploys although nothing changed, such as to pull a tag again.", default: false)
    ),
    ("wait", flag("Whether to wait until the deployment is over.", default: true)),
    ("timeout", time("How long to wait.", ("default", "30m"), ("examples", ["10m", "1h30m"]))),
    ("rollback-timeout", time("How long to wait for the way back; as timeout unless given.")),
    ("on-timeout", choice("What to do then.", ["fail", "rollback"], default: "fail")),
    (
      "on-failure",
      choice("What to do when it fails and ECS does not go back; as on-timeout unless given.", ["fail", "rollback"])
    ),
    (
      "on-cancel",
      choice(
        "What becomes of the deployment when this is cancelled: ECS goes on, is told to end it, or is waited for until it went back.",
        ["leave", "stop", "rollback"], default: "leave")
    ),
    (
      "crash-limit",
      number(
        "After so many failed tasks it is a crash loop; 0 is never. Unless given, half of the desired count, at least 3."
      )
    ),
    ("poll-interval", time("How often ECS is asked; from 1s growing to 10s unless given.")),
  ]

  static let configSchema: JSONValue = [
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "properties": .members(
      [
        ("cluster", text("Name or ARN of the cluster.", ("default", "default"))),
        ("service", text("Name or ARN of the service.")),
        ("services", texts("Services that all get the same revision.")),
        ("region", text("The AWS region; that of the environment unless given.")),
      ] + revision + service + course),
    "anyOf": [["required": ["service"]], ["required": ["services"]]], "additionalProperties": false,
  ]
}
