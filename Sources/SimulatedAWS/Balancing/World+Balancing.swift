import JSON

/// Elastic Load Balancing v2.
extension World {
  static let balancingOperations: [Operation] = [
    Operation("elbv2", "DescribeLoadBalancers") { world, call in
      try world.describe(
        world.balancing.loadBalancers, as: "LoadBalancers", "LoadBalancerArn", call, "LoadBalancerArns")
    },
    Operation("elbv2", "DescribeTargetGroups") { world, call in
      try world.describe(world.balancing.targetGroups, as: "TargetGroups", "TargetGroupArn", call, "TargetGroupArns")
    },
    Operation("elbv2", "DescribeListeners") { world, call in
      let balancer = call.string("LoadBalancerArn")
      return try world.describe(
        world.balancing.listeners.filter { balancer == nil || $0["LoadBalancerArn"]?.string == balancer },
        as: "Listeners", "ListenerArn", call, "ListenerArns")
    },
    Operation("elbv2", "DescribeRules") { world, call in
      let listener = call.string("ListenerArn")
      return try world.describe(
        world.balancing.rules.filter {
          listener == nil || $0["RuleArn"]?.string.map { World.listener(of: $0) } == listener
        },
        as: "Rules", "RuleArn", call, "RuleArns")
    },
    Operation("elbv2", "DescribeTargetHealth", looks: true) { world, call in try world.describeTargetHealth(call) },
    Operation("elbv2", "ModifyRule") { world, call in try world.modifyRule(call) },
    Operation("elbv2", "ModifyListener") { world, call in try world.modifyListener(call) },
  ]

  /// The listener that a rule belongs to, by its ARN.
  static func listener(of rule: String) -> String {
    rule.split(separator: "/").dropLast().joined(separator: "/").replacing(":listener-rule/", with: ":listener/")
  }

  private static let missing = [
    "LoadBalancerArns": "LoadBalancerNotFound", "TargetGroupArns": "TargetGroupNotFound",
    "ListenerArns": "ListenerNotFound", "RuleArns": "RuleNotFound",
  ]

  private func describe(
    _ all: [JSONValue], as name: String, _ arnName: String, _ call: Call, _ parameter: String
  ) throws -> JSONValue {
    let arns = call.strings(parameter)
    let names = call.strings("Names")
    for arn in arns where !all.contains(where: { $0[arnName]?.string == arn }) {
      throw Refusal(Self.missing[parameter] ?? "NotFound", "One or more of '\(arn)' not found")
    }
    let nameMember = arnName.replacing("Arn", with: "Name")
    let found = all.filter { item in
      (arns.isEmpty || arns.contains(item[arnName]?.string ?? ""))
        && (names.isEmpty || names.contains(item[nameMember]?.string ?? ""))
        && (name != "TargetGroups" || call["LoadBalancerArn"] == nil
          || item["LoadBalancerArns"]?.array?.contains { $0 == call["LoadBalancerArn"] } == true)
    }
    return try page(found, as: name, call, limit: 400, countName: "PageSize", tokenName: "Marker").renaming(
      "Marker", to: "NextMarker")
  }

  private func describeTargetHealth(_ call: Call) throws -> JSONValue {
    let group = try call.required("TargetGroupArn")
    guard balancing.targetGroups.contains(where: { $0["TargetGroupArn"]?.string == group }) else {
      throw Refusal("TargetGroupNotFound", "One or more target groups not found")
    }
    return ["TargetHealthDescriptions": .array(targetHealth(of: group))]
  }

  private func modifyRule(_ call: Call) throws -> JSONValue {
    let arn = try call.required("RuleArn")
    guard let place = balancing.rules.firstIndex(where: { $0["RuleArn"]?.string == arn }) else {
      throw Refusal("RuleNotFound", "One or more rules not found")
    }
    if balancing.rules[place]["IsDefault"]?.bool == true {
      throw Refusal("OperationNotPermitted", "Default rule '\(arn)' cannot be modified")
    }
    if let actions = call["Actions"] { balancing.rules[place]["Actions"] = try typed(actions) }
    if let conditions = call["Conditions"] { balancing.rules[place]["Conditions"] = conditions }
    return ["Rules": [balancing.rules[place]]]
  }

  /// The default rule of a listener goes with it.
  private func modifyListener(_ call: Call) throws -> JSONValue {
    let arn = try call.required("ListenerArn")
    guard let place = balancing.listeners.firstIndex(where: { $0["ListenerArn"]?.string == arn }) else {
      throw Refusal("ListenerNotFound", "One or more listeners not found")
    }
    if let actions = call["DefaultActions"] {
      let actions = try typed(actions)
      balancing.listeners[place]["DefaultActions"] = actions
      for index in balancing.rules.indices where balancing.rules[index]["IsDefault"]?.bool == true {
        if balancing.rules[index]["RuleArn"]?.string.map({ Self.listener(of: $0) }) == arn {
          balancing.rules[index]["Actions"] = actions
        }
      }
    }
    return ["Listeners": [balancing.listeners[place]]]
  }

  /// Actions with numbers in place of the texts of Query.
  private func typed(_ actions: JSONValue) throws -> JSONValue {
    .array(
      try (actions.array ?? []).map { action in
        var action = action
        if let order = action["Order"]?.string.flatMap({ Int($0) }) { action["Order"] = .int(order) }
        let groups = try action["ForwardConfig"]?["TargetGroups"]?.array?.map { group -> JSONValue in
          var group = group
          guard balancing.targetGroups.contains(where: { $0["TargetGroupArn"] == group["TargetGroupArn"] }) else {
            throw Refusal("TargetGroupNotFound", "One or more target groups not found")
          }
          let weight = group["Weight"]?.int ?? group["Weight"]?.string.flatMap { Int($0) } ?? 1
          guard (0...999).contains(weight) else {
            throw Refusal("ValidationError", "Weight \(weight) must be between 0 and 999")
          }
          group["Weight"] = .int(weight)
          return group
        }
        if let groups { action["ForwardConfig"]?["TargetGroups"] = .array(groups) }
        return action
      })
  }

  /// Sets the weights that the rule or listener of an ARN forwards with.
  func setWeights(_ arn: String, _ weights: [(arn: String, weight: Int)]) {
    let actions: JSONValue = [LoadBalancing.forward(weights)]
    for index in balancing.rules.indices where balancing.rules[index]["RuleArn"]?.string == arn {
      balancing.rules[index]["Actions"] = actions
    }
    for index in balancing.listeners.indices where balancing.listeners[index]["ListenerArn"]?.string == arn {
      balancing.listeners[index]["DefaultActions"] = actions
    }
  }
}

extension JSONValue {
  fileprivate func renaming(_ old: String, to new: String) -> JSONValue {
    guard let value = self[old] else { return self }
    var copy = self
    copy[old] = nil
    copy[new] = value
    return copy
  }
}
