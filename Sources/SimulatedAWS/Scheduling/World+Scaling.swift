import JSON

struct ScalingState: Sendable {
  var targets: [JSONValue] = []
  var policies: [JSONValue] = []
  /// By ARN.
  var tags: [String: JSONValue] = [:]
}

/// Application Auto Scaling. Nothing is ever scaled.
extension World {
  static let scalingOperations: [Operation] = [
    Operation("application-autoscaling", "RegisterScalableTarget") { world, call in
      try world.registerScalableTarget(call)
    },
    Operation("application-autoscaling", "DescribeScalableTargets") { world, call in
      let ids = call.strings("ResourceIds")
      return try world.page(
        world.scaling.targets.filter { ids.isEmpty || ids.contains($0["ResourceId"]?.string ?? "") },
        as: "ScalableTargets", call, limit: 50, countName: "MaxResults", tokenName: "NextToken")
    },
    Operation("application-autoscaling", "DeregisterScalableTarget") { world, call in
      let place = try world.scalableTarget(call)
      world.scaling.targets.remove(at: place)
      return [:]
    },
    Operation("application-autoscaling", "PutScalingPolicy") { world, call in try world.putScalingPolicy(call) },
    Operation("application-autoscaling", "DescribeScalingPolicies") { world, call in
      let id = call.string("ResourceId")
      return try world.page(
        world.scaling.policies.filter { id == nil || $0["ResourceId"]?.string == id }, as: "ScalingPolicies", call,
        limit: 10, countName: "MaxResults", tokenName: "NextToken")
    },
  ]

  private func scalableTarget(_ call: Call) throws -> Int {
    let id = try call.required("ResourceId")
    guard let place = scaling.targets.firstIndex(where: { $0["ResourceId"]?.string == id }) else {
      throw Refusal(
        "ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: \(id)")
    }
    return place
  }

  /// What is left out stays as it is.
  private func registerScalableTarget(_ call: Call) throws -> JSONValue {
    let id = try call.required("ResourceId")
    let parts = id.split(separator: "/").map(String.init)
    guard parts.count == 3, parts[0] == "service", service(parts[2], in: parts[1])?.status == "ACTIVE" else {
      throw Refusal.validation("ECS service doesn't exist: \(id)")
    }
    let known = try? scalableTarget(call)
    var target: JSONValue =
      known.map { scaling.targets[$0] } ?? [
        "ServiceNamespace": "ecs", "ResourceId": .string(id), "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 0, "MaxCapacity": 0,
        "RoleARN": .string(
          "arn:\(partition):iam::\(scene.account):role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            + "AWSServiceRoleForApplicationAutoScaling_ECSService"), "CreationTime": timestamp,
        "SuspendedState": [
          "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
        ], "ScalableTargetARN": .string(arn("application-autoscaling", "scalable-target/\(numbers.hex())")),
      ]
    for name in ["MinCapacity", "MaxCapacity"] { if let value = call[name] { target[name] = value } }
    if known == nil, call["MinCapacity"] == nil || call["MaxCapacity"] == nil {
      throw Refusal.validation("MinCapacity and MaxCapacity must be specified when registering a new scalable target")
    }
    for member in call["SuspendedState"]?.object?.members ?? [] {
      target["SuspendedState"]?[member.name] = member.value
    }
    if let known { scaling.targets[known] = target } else { scaling.targets.append(target) }
    return ["ScalableTargetARN": target["ScalableTargetARN"] ?? ""]
  }

  private func putScalingPolicy(_ call: Call) throws -> JSONValue {
    _ = try scalableTarget(call)
    let name = try call.required("PolicyName")
    var policy = call.parameters
    policy["PolicyARN"] = .string(arn("autoscaling", "scalingPolicy:\(numbers.uuid()):policyName/\(name)"))
    policy["CreationTime"] = timestamp
    if policy["PolicyType"] == nil { policy["PolicyType"] = "StepScaling" }
    policy["Alarms"] = []
    scaling.policies.removeAll { $0["PolicyName"]?.string == name && $0["ResourceId"] == policy["ResourceId"] }
    scaling.policies.append(policy)
    return ["PolicyARN": policy["PolicyARN"] ?? "", "Alarms": []]
  }
}
