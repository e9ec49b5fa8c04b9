import JSON

extension HandOff {
  private static func command(_ description: String) -> JSONValue {
    [
      "type": ["string", "array"], "items": ["type": "string"], "minItems": 1, "minLength": 1,
      "x-variables": false,
      "description": .string(
        "\(description) A list is a program and its arguments; a text is for /bin/sh -e. {image.NAME}, {digest.NAME}, {tag.NAME}, {id}, {project} and {region} are filled in."
      ),
    ]
  }

  /// The members of `with:` that belong to hand-offs alone.
  static let properties: [(String, JSONValue)] = [
    ("command", command("Deploys.")),
    ("plan-command", command("Says what the deployment would change, and changes nothing.")),
    ("rollback-command", command("Goes back to what was there before.")),
    ("status-command", command("Says how things are.")),
    (
      "plan-exit-code",
      [
        "enum": ["plain", "detailed"], "default": "plain",
        "description":
          "Whether plan-command ends with 0 for no changes and 2 for changes, as terraform plan -detailed-exitcode does.",
      ]
    ),
    (
      "environment",
      [
        "type": "object", "additionalProperties": ["type": ["string", "integer", "number", "boolean"]],
        "description": "Further variables of the commands' environment; filled in as the commands are.",
      ]
    ),
    ("directory", ["type": "string", "default": ".", "description": "The folder that the commands run in."]),
    (
      "credentials",
      [
        "type": "array", "items": ["enum": ["aws"]], "default": [],
        "description": "Credentials that the commands get: aws is the AWS_* variables.",
      ]
    ),
    (
      "grace",
      [
        "type": "string", "default": "10s",
        "description": "How long a command has after SIGTERM before SIGKILL.",
      ]
    ),
    (
      "on-failure",
      [
        "enum": ["leave", "rollback"],
        "description": "What to do when it fails. The default is leave for commands and rollback for task sets.",
      ]
    ),
  ]
}
