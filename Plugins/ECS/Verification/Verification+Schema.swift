public import JSON

extension Verification {
  /// The schema of `verify:`, for plugins that have it.
  public static let schema: JSONValue = [
    "type": "array",
    "description":
      "Gates to pass between the steps of the deployment and at its end; one that does not pass takes it back.",
    "items": [
      "type": "object", "additionalProperties": false,
      "properties": [
        "name": ["type": "string", "description": "What messages call it."],
        "http": [
          "description": "A request that has to be answered as expected; a text is the address alone.",
          "type": ["string", "object"],
          "properties": [
            "url": ["type": "string", "description": "Where to ask."],
            "status": [
              "type": ["integer", "array"], "items": ["type": "integer"], "default": 200,
              "description": "The status, or all that will do.",
            ],
            "contains": ["type": "string", "description": "A text that has to be in the answer."],
            "headers": ["type": "object", "additionalProperties": ["type": "string"], "description": "To send along."],
            "timeout": ["type": "string", "default": "10s", "description": "Of one request."],
          ],
          "required": ["url"], "additionalProperties": false,
        ],
        "command": [
          "type": ["string", "array"], "items": ["type": "string"], "x-variables": false,
          "description": "A command that has to end with 0; a text is for /bin/sh -e.",
        ],
        "alarms": [
          "type": ["string", "array"], "items": ["type": "string"],
          "description": "CloudWatch alarms that must not be in ALARM.",
        ],
        "within": ["type": "string", "default": "60s", "description": "How long it may take to pass."],
        "at": [
          "type": ["string", "array"], "items": ["type": "string"],
          "description":
            "The stages at which it stands, such as post-test-traffic-shift; everywhere when it is missing.",
        ],
      ],
    ],
  ]
}
