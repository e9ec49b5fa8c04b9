import JSON

struct RulesState: Sendable {
  /// As EventBridge describes them.
  var rules: [JSONValue] = []
  /// By name of the rule.
  var targets: [String: [JSONValue]] = [:]
}

/// Amazon EventBridge: rules and their targets.
extension World {
  static let ruleOperations: [Operation] = [
    Operation("events", "PutRule") { world, call in try world.putRule(call) },
    Operation("events", "DescribeRule") { world, call in try world.rule(try call.required("Name")) },
    Operation("events", "ListRules") { world, call in
      try world.page(
        world.rules.rules.filter { $0["Name"]?.string?.hasPrefix(call.string("NamePrefix") ?? "") == true },
        as: "Rules", call, limit: 100, countName: "Limit", tokenName: "NextToken")
    },
    Operation("events", "ListTargetsByRule") { world, call in
      let name = try call.required("Rule")
      _ = try world.rule(name)
      return try world.page(
        world.rules.targets[name] ?? [], as: "Targets", call, limit: 100, countName: "Limit", tokenName: "NextToken")
    },
    Operation("events", "ListRuleNamesByTarget") { world, call in
      let arn = call.string("TargetArn")
      let names = world.rules.targets.filter { $0.value.contains { $0["Arn"]?.string == arn } }.keys.sorted()
      return try world.page(
        names.map { .string($0) }, as: "RuleNames", call, limit: 100, countName: "Limit", tokenName: "NextToken")
    },
    Operation("events", "PutTargets") { world, call in try world.putTargets(call) },
    Operation("events", "RemoveTargets") { world, call in try world.removeTargets(call) },
  ]

  private func rule(_ name: String) throws -> JSONValue {
    guard let rule = rules.rules.first(where: { $0["Name"]?.string == name }) else {
      throw Refusal("ResourceNotFoundException", "Rule \(name) does not exist on EventBus default.")
    }
    return rule
  }

  private func putRule(_ call: Call) throws -> JSONValue {
    let name = try call.required("Name")
    let place = rules.rules.firstIndex { $0["Name"]?.string == name }
    var rule: JSONValue = ["Name": .string(name), "Arn": .string(arn("events", "rule/\(name)"))]
    for member in ["EventPattern", "State", "Description", "ScheduleExpression", "RoleArn", "EventBusName"] {
      rule[member] = call[member]
    }
    if rule["State"] == nil { rule["State"] = "ENABLED" }
    if rule["EventBusName"] == nil { rule["EventBusName"] = "default" }
    if let place { rules.rules[place] = rule } else { rules.rules.append(rule) }
    return ["RuleArn": rule["Arn"] ?? ""]
  }

  /// Targets are replaced whole, by their ids. Those that cannot be are failed entries of a good answer.
  private func putTargets(_ call: Call) throws -> JSONValue {
    let name = try call.required("Rule")
    let rule = try rule(name)
    if let manager = rule["ManagedBy"]?.string {
      throw Refusal("ManagedRuleException", "Rule \(name) is managed by \(manager)")
    }
    var failures: [JSONValue] = []
    for target in call.array("Targets") {
      let definition = target["EcsParameters"]?["TaskDefinitionArn"]?.string
      if let definition, taskDefinition(definition)?.isActive != true {
        failures.append([
          "TargetId": target["Id"] ?? "", "ErrorCode": "ValidationException",
          "ErrorMessage": .string("\(definition) is no active task definition"),
        ])
        continue
      }
      var targets = rules.targets[name] ?? []
      if let place = targets.firstIndex(where: { $0["Id"] == target["Id"] }) {
        targets[place] = target
      } else {
        targets.append(target)
      }
      rules.targets[name] = targets
    }
    return ["FailedEntryCount": .int(failures.count), "FailedEntries": .array(failures)]
  }

  private func removeTargets(_ call: Call) throws -> JSONValue {
    let name = try call.required("Rule")
    _ = try rule(name)
    let ids = call.strings("Ids")
    rules.targets[name]?.removeAll { ids.contains($0["Id"]?.string ?? "") }
    return ["FailedEntryCount": 0, "FailedEntries": []]
  }
}
