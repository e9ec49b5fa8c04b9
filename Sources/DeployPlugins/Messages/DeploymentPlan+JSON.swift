public import JSON

// By hand, for what a coder writes has not the digits and the order that were read.

extension DeploymentPlan {
  public var json: JSONValue {
    ["summary": .string(summary), "changes": .array(changes.map(\.json)), "state": state]
  }

  /// Nil when it is none of deploy protocol 1.
  public init?(json: JSONValue) {
    guard let summary = json["summary"]?.string, let changes = [PlannedChange](json: json["changes"] ?? []) else {
      return nil
    }
    self.init(summary: summary, changes: changes, state: json["state"] ?? [:])
  }
}

extension DeploymentReport {
  public var json: JSONValue {
    [
      "state": .string(state.rawValue), "summary": .string(summary), "changes": .array(changes.map(\.json)),
      "outputs": outputs,
    ]
  }

  /// Nil when it is none of deploy protocol 1.
  public init?(json: JSONValue) {
    guard let state = json["state"]?.string.flatMap(DeploymentState.init(rawValue:)),
      let changes = [PlannedChange](json: json["changes"] ?? [])
    else { return nil }
    self.init(state, summary: json["summary"]?.string ?? "", changes: changes, outputs: json["outputs"] ?? [:])
  }
}

extension PlannedChange {
  public var json: JSONValue {
    var value: JSONValue = ["action": .string(action), "target": .string(target)]
    value["before"] = before
    value["after"] = after
    value["note"] = note.map { .string($0) }
    return value
  }

  /// Nil when it is none of deploy protocol 1.
  public init?(json: JSONValue) {
    guard let action = json["action"]?.string, let target = json["target"]?.string else { return nil }
    self.init(action, target, before: json["before"], after: json["after"], note: json["note"]?.string)
  }
}

extension [PlannedChange] {
  fileprivate init?(json: JSONValue) {
    guard let values = json.array else { return nil }
    self = values.compactMap(PlannedChange.init(json:))
    if count != values.count { return nil }
  }
}
