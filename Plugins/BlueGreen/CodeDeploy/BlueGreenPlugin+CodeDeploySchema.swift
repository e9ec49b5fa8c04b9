import JSON

extension BlueGreenPlugin {
  private static func text(_ description: String) -> JSONValue {
    ["type": "string", "description": .string(description)]
  }

  /// What is for services that CodeDeploy deploys.
  static let codeDeployMembers: [(String, JSONValue)] = [
    ("application", text("CodeDeploy's application. The default is AppECS-CLUSTER-SERVICE.")),
    ("deployment-group", text("CodeDeploy's deployment group. The default is DgpECS-CLUSTER-SERVICE.")),
    (
      "deployment-config",
      text(
        "CodeDeploy's deployment configuration, such as CodeDeployDefault.ECSLinear10PercentEvery1Minutes. The default is that of the group; strategy, canary and linear choose one as well."
      )
    ),
    (
      "create-deployment-config",
      [
        "type": "boolean", "default": false,
        "description":
          "Whether a deployment configuration for canary or linear may be made in CodeDeploy where it has none.",
      ]
    ),
    (
      "appspec",
      text(
        "CodeDeploy's AppSpec, in YAML or JSON, with <TASK_DEFINITION> in the place of the task definition. Without it one is made of the live service."
      )
    ),
    (
      "lifecycle-hooks",
      [
        "type": "object",
        "description":
          "Functions that CodeDeploy calls: before-install, after-install, after-allow-test-traffic, before-allow-traffic, after-allow-traffic.",
        "additionalProperties": ["type": "string", "description": "Name or ARN of the function."],
      ]
    ),
    (
      "auto-rollback",
      [
        "type": ["boolean", "string", "array"], "items": ["enum": ["failure", "alarm", "stop"]],
        "description":
          "After what CodeDeploy goes back by itself: failure, alarm, stop; true is all. The default is what the deployment group says.",
      ]
    ),
    ("description", text("Of the deployment in CodeDeploy. The default names the images.")),
    (
      "termination",
      [
        "enum": ["leave", "wait", "end"], "default": "leave",
        "description":
          "What becomes of CodeDeploy's wait before it ends the old tasks: leave is done when all traffic has gone over, wait waits for it as well, end ends it.",
      ]
    ),
    (
      "suspend-autoscaling",
      [
        "type": "boolean", "default": false,
        "description":
          "Whether Application Auto Scaling is suspended during a deployment by CodeDeploy, and restored after it.",
      ]
    ),
    (
      "network",
      [
        "type": "object", "additionalProperties": false,
        "description": "Other subnets, security groups and public addresses for the new tasks (CodeDeploy).",
        "properties": [
          "subnets": ["type": ["string", "array"], "items": ["type": "string"], "description": "Ids."],
          "security-groups": ["type": ["string", "array"], "items": ["type": "string"], "description": "Ids."],
          "assign-public-ip": ["type": "boolean", "description": "Whether tasks get a public address."],
        ],
      ]
    ),
    ("platform-version", text("Another platform version of Fargate for the new tasks (CodeDeploy).")),
    (
      "capacity-providers",
      [
        "type": "array",
        "description": "Other capacity providers for the new tasks (CodeDeploy): names, or provider, weight and base.",
        "items": [
          "type": ["string", "object"], "additionalProperties": false,
          "properties": [
            "provider": text("Its name."), "weight": ["type": "integer", "minimum": 0, "description": "Its share."],
            "base": ["type": "integer", "minimum": 0, "description": "Tasks that it has at least."],
          ],
        ],
      ]
    ),
  ]
}
