import ECSDeployment
import JSON

extension BlueGreenPlugin {
  static let configSchema: JSONValue = [
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": .members(common + native + codeDeployMembers),
    "required": ["service"],
    "additionalProperties": false,
  ]

  private static func text(_ description: String, _ more: (String, JSONValue)...) -> JSONValue {
    .members([("type", "string"), ("description", .string(description))] + more)
  }

  private static let texts: JSONValue = ["type": ["string", "array"], "items": ["type": "string"]]

  private static func map(_ description: String) -> JSONValue {
    ["type": "object", "additionalProperties": ["type": "string"], "description": .string(description)]
  }

  private static let common: [(String, JSONValue)] = [
    ("cluster", text("Name or ARN of the cluster.", ("default", "default"))),
    ("service", text("Name or ARN of the service.")),
    ("region", text("The region of the cluster.")),
    (
      "containers",
      map("The image, by its name in the build or as a reference, for each container that gets a new one.")
    ),
    (
      "task-definition",
      text("A file (JSON or YAML), a family or an ARN in the place of what the service runs; <IMAGE> is a placeholder.")
    ),
    ("variables", map("Values of ${NAME} in the file of the task definition.")),
    (
      "force-new-deployment",
      ["type": "boolean", "default": false, "description": "Deploy although the service runs that already."]
    ),
    ("timeout", text("How long it may take. The default is half an hour and the bake times.")),
    (
      "on-timeout",
      ["enum": ["fail", "rollback"], "default": "fail", "description": "What to do when the time is over."]
    ),
    (
      "on-cancel",
      [
        "enum": ["leave", "stop", "rollback"], "default": "leave",
        "description": "What to do when the deployment is cancelled: AWS goes on with it, or rolls it back.",
      ]
    ),
    (
      "if-in-progress",
      [
        "enum": ["wait", "stop", "refuse"],
        "description":
          "What to do when the service has another deployment in progress. The default is wait; with CodeDeploy it is refuse.",
      ]
    ),
    (
      "failure-threshold",
      [
        "type": "integer", "minimum": 0,
        "description":
          "Failed tasks after which the deployment is rolled back, for no circuit breaker guards it; 0 is never. The default is half of the tasks, at least 3.",
      ]
    ),
    ("poll-interval", text("How often AWS is asked. The default grows from 1s to 10s.")),
    ("verify", Verification.schema),
    (
      "approve",
      [
        "enum": ["manual", "verify"], "default": "manual",
        "description":
          "Who decides at a hook that pauses: somebody with slipway deploy approve or reject, or the gates of verify.",
      ]
    ),
    (
      "migrate",
      [
        "type": "boolean", "default": false,
        "description": "Move the service from CodeDeploy to ECS's own strategies, and deploy nothing.",
      ]
    ),
  ]

  private static let native: [(String, JSONValue)] = [
    (
      "strategy",
      [
        "enum": ["blue-green", "canary", "linear"],
        "description": "How traffic goes over to the new tasks. The default is what the service has.",
      ]
    ),
    ("bake-time", text("How long both revisions run once all traffic has gone over; whole minutes.")),
    ("canary", step("The share of the traffic that goes over first, 0.1 to 100.", "How long it stays so.")),
    ("linear", step("The share that goes over at each step, 3 to 100.", "The time between the steps.")),
    (
      "alarms",
      [
        "type": ["string", "array", "object"], "items": ["type": "string"],
        "description": "CloudWatch alarms that fail the deployment.",
        "properties": [
          "names": texts,
          "rollback": ["type": "boolean", "default": true, "description": "Whether it is rolled back then."],
        ],
        "additionalProperties": false,
      ]
    ),
    (
      "hooks",
      [
        "type": "array", "description": "What happens at stages of the deployment.",
        "items": [
          "type": "object", "additionalProperties": false, "required": ["stages"],
          "properties": [
            "stages": [
              "type": ["string", "array"], "items": ["type": "string"],
              "description": "Such as post-test-traffic-shift, pre-production-traffic-shift.",
            ],
            "pause": ["type": "boolean", "description": "Wait for slipway deploy approve or reject."],
            "lambda": text("ARN of a function to call."), "role": text("ARN of the role that may call it."),
            "details": ["type": "object", "description": "What the function gets."],
            "timeout": text("How long to wait; whole minutes, 24 hours when it is missing."),
            "on-timeout": ["enum": ["rollback", "continue"], "description": "What happens then."],
          ],
        ],
      ]
    ),
    (
      "load-balancer",
      [
        "type": "object", "additionalProperties": false,
        "description":
          "What stands before the service; sent only when it changes, for ECS would not swap the target groups any more.",
        "properties": [
          "target-group": text("ARN of one target group."),
          "alternate-target-group": text("ARN of the other one."),
          "production-rule": text("ARN of the listener rule, or of the listener of a network load balancer."),
          "test-rule": text("The same for requests to the new tasks alone."),
          "role": text("ARN of the role with which ECS changes the listener."),
          "container": text("The container that gets the requests."),
          "port": ["type": "integer", "description": "Its port."],
        ],
      ]
    ),
    (
      "deployment-configuration",
      ["type": "object", "description": "Further members of deploymentConfiguration, as ECS names them."]
    ),
  ]

  private static func step(_ percent: String, _ bake: String) -> JSONValue {
    [
      "type": "object", "additionalProperties": false,
      "properties": [
        "percent": ["type": "number", "description": .string(percent)], "bake-time": text("\(bake) Whole minutes."),
      ],
    ]
  }
}
