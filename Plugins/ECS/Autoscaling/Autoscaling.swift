import AWS
public import DeployPlugins
public import JSON

/// How ECS scales a service: its limits, and the policies that follow a measure.
public struct Autoscaling: Sendable, Hashable {
  public let minimum: Int
  public let maximum: Int
  /// `PutScalingPolicy`'s name and `TargetTrackingScalingPolicyConfiguration`.
  public let policies: [Policy]

  public struct Policy: Sendable, Hashable {
    public let name: String
    public let configuration: JSONValue
  }

  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig) throws(PluginFailure) {
    guard let minimum = try config.int("min"), let maximum = try config.int("max") else {
      throw config.failure("", "autoscaling has no min or no max")
    }
    guard minimum >= 0, minimum <= maximum else {
      throw config.failure("max", "max is \(maximum), and min is \(minimum)", hint: "max is at least min")
    }
    self.minimum = minimum
    self.maximum = maximum
    var policies: [Policy] = []
    for (key, metric) in [
      ("target-cpu", "ECSServiceAverageCPUUtilization"), ("target-memory", "ECSServiceAverageMemoryUtilization"),
    ] {
      guard let value = try config.int(key) else { continue }
      policies.append(
        Policy(
          name: "slipway-\(key)",
          configuration: [
            "TargetValue": .int(value), "PredefinedMetricSpecification": ["PredefinedMetricType": .string(metric)],
          ]))
    }
    for policy in try config.children("policies") {
      guard let name = try policy.string("name"), let configuration = policy["configuration"] else {
        throw policy.failure("", "a policy has no name or no configuration")
      }
      policies.append(Policy(name: name, configuration: configuration))
    }
    self.policies = policies
  }
}

/// Registers services with Application Auto Scaling.
public struct AutoscalingRegistrar: Sendable {
  private let client: ECSClient
  private let resource: String

  public init(_ client: ECSClient, _ address: ServiceAddress) {
    self.client = client
    resource = "service/\(address.clusterName)/\(address.service)"
  }

  private var target: JSONValue {
    ["ServiceNamespace": "ecs", "ResourceId": .string(resource), "ScalableDimension": "ecs:service:DesiredCount"]
  }

  /// The scalable target; nil where there is none, or it cannot be asked for.
  public func current() async throws -> JSONValue? {
    let answer = try await client.quietly(
      .applicationAutoScaling, "DescribeScalableTargets",
      [
        "ServiceNamespace": "ecs", "ResourceIds": [.string(resource)],
        "ScalableDimension": "ecs:service:DesiredCount",
      ])
    return answer?["ScalableTargets"]?[0]
  }

  /// Whether the limits and the policies are those.
  public func isSame(_ current: JSONValue?, _ wanted: Autoscaling) async throws -> Bool {
    guard current?["MinCapacity"]?.int == wanted.minimum, current?["MaxCapacity"]?.int == wanted.maximum else {
      return false
    }
    guard !wanted.policies.isEmpty,
      let answer = try await client.quietly(
        .applicationAutoScaling, "DescribeScalingPolicies",
        ["ServiceNamespace": "ecs", "ResourceId": .string(resource)])
    else { return true }
    let policies = answer["ScalingPolicies"]?.array ?? []
    return wanted.policies.allSatisfy { wanted in
      let live = policies.first { $0["PolicyName"]?.string == wanted.name }
      let configuration = live?["TargetTrackingScalingPolicyConfiguration"]
      return (wanted.configuration.object?.members ?? []).allSatisfy { configuration?[$0.name] == $0.value }
    }
  }

  public func register(_ wanted: Autoscaling) async throws {
    var parameters = target
    parameters["MinCapacity"] = .int(wanted.minimum)
    parameters["MaxCapacity"] = .int(wanted.maximum)
    _ = try await client.change(.applicationAutoScaling, "RegisterScalableTarget", parameters)
    for policy in wanted.policies {
      var parameters = target
      parameters["PolicyName"] = .string(policy.name)
      parameters["PolicyType"] = "TargetTrackingScaling"
      parameters["TargetTrackingScalingPolicyConfiguration"] = policy.configuration
      _ = try await client.change(.applicationAutoScaling, "PutScalingPolicy", parameters)
    }
  }
}
