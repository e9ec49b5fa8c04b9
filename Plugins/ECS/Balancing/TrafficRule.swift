import DeployPlugins
public import AWS
import JSON

/// Where a listener or one of its rules sends requests, and how they are divided.
public struct TrafficRule: Sendable, Hashable {
  public var rule: ListenerRule
  public let isListener: Bool

  public init(_ rule: ListenerRule) {
    self.rule = rule
    isListener = Self.isListener(rule.arn)
  }

  /// Rules of application load balancers have `listener-rule` in their ARNs.
  public static func isListener(_ arn: String) -> Bool { !arn.contains(":listener-rule/") }

  private var forward: Int? { rule.actions.lastIndex { $0["Type"]?.string == "forward" } }

  /// Target groups with their weights; a single one without a weight has 1.
  public var weights: [(group: String, weight: Int)] {
    guard let forward else { return [] }
    let action = rule.actions[forward]
    if let groups = action["ForwardConfig"]?["TargetGroups"]?.array, !groups.isEmpty {
      return groups.map { ($0["TargetGroupArn"]?.string ?? "", $0["Weight"].flatMap(Self.int) ?? 1) }
    }
    return action["TargetGroupArn"]?.string.map { [($0, 1)] } ?? []
  }

  public func weight(of group: String) -> Int { weights.first { $0.group == group }?.weight ?? 0 }

  /// Of all requests, in percent.
  public func share(of group: String) -> Double {
    let total = weights.map(\.weight).reduce(0, +)
    return total == 0 ? 0 : Double(weight(of: group)) * 100 / Double(total)
  }

  /// The same with other weights; other actions, conditions and stickiness stay.
  public func with(_ weights: [(group: String, weight: Int)]) -> TrafficRule {
    var copy = self
    let groups = JSONValue.array(
      weights.map { ["TargetGroupArn": .string($0.group), "Weight": .int($0.weight)] })
    if let forward {
      copy.rule.actions[forward]["TargetGroupArn"] = nil
      var config = copy.rule.actions[forward]["ForwardConfig"] ?? [:]
      config["TargetGroups"] = groups
      copy.rule.actions[forward]["ForwardConfig"] = config
    } else {
      copy.rule.actions = [["Type": "forward", "ForwardConfig": ["TargetGroups": groups]]]
    }
    // What services do not tell has to be kept in other words.
    for index in copy.rule.actions.indices where copy.rule.actions[index]["AuthenticateOidcConfig"] != nil {
      copy.rule.actions[index]["AuthenticateOidcConfig"]?["UseExistingClientSecret"] = true
    }
    return copy
  }

  private static func int(_ value: JSONValue) -> Int? { value.int ?? value.string.flatMap { Int($0) } }

  public static func == (one: TrafficRule, other: TrafficRule) -> Bool { one.rule == other.rule }
  public func hash(into hasher: inout Hasher) { hasher.combine(rule) }
}

extension ECSClient {
  /// - Parameter arn: of a listener or of a rule.
  /// - Returns: nil when there is none.
  /// - Throws: `AWSError`, `CancellationError`.
  public func trafficRule(_ arn: String) async throws -> TrafficRule? {
    let rules =
      TrafficRule.isListener(arn)
      ? try await send(DescribeListeners(arns: [arn])) : try await send(DescribeRules(arns: [arn]))
    return rules.first.map(TrafficRule.init)
  }

  /// Divides requests anew.
  /// - Throws: `AWSError`, `CancellationError` when it was cancelled before.
  public func modify(_ rule: TrafficRule) async throws {
    try Task.checkCancellation()
    try await withoutCancellation {
      if rule.isListener {
        try await send(ModifyListener(rule.rule))
      } else {
        try await send(ModifyRule(rule.rule))
      }
    }
  }
}

/// A target group's name in its ARN, for people.
public func targetGroupName(_ arn: String) -> String {
  let parts = arn.split(separator: "/").map(String.init)
  return arn.contains(":targetgroup/") && parts.count >= 2 ? parts[1] : arn
}
