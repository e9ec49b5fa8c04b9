import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// What stands before a service, in ECS's words: found in CodeDeploy's deployment group, unless `load-balancer` says it.
struct MigrationWiring: Sendable {
  /// Of `loadBalancers`.
  var balancer: JSONValue
  /// Rules or listeners that have to forward to both target groups, with their actions then.
  var rules: [JSONValue] = []
  var changes: [PlannedChange] = []

  /// - Parameter live: the load balancer of the primary task set.
  /// - Throws: `PluginFailure` of the category `config` where it cannot be found.
  static func find(
    _ scene: BlueGreenScene, _ target: CodeDeployTarget, live: JSONValue
  ) async throws -> MigrationWiring {
    let config = scene.settings.config
    let child = try config.child("load-balancer")
    guard let role = try child?.string("role") else {
      throw config.failure(
        "load-balancer", "ECS needs a role with which it may change the listener",
        hint: "make one with the policy AmazonECSInfrastructureRolePolicyForLoadBalancers, and say "
          + "load-balancer: {role: ARN}")
    }
    guard let group = try child?.string("target-group") ?? live["targetGroupArn"]?.string else {
      throw config.failure(
        "load-balancer", "the service is behind no target group", hint: "say load-balancer: {target-group: ARN}")
    }
    let other: String
    if let named = try child?.string("alternate-target-group") {
      other = named
    } else {
      other = try await otherGroup(scene, target, group)
    }
    var wiring = MigrationWiring(balancer: live)
    var advanced: JSONValue = ["alternateTargetGroupArn": .string(other)]
    let production = try await wiring.rule(
      scene, child, "production-rule", target.pair?["prodTrafficRoute"], [group, other], isProduction: true)
    advanced["productionListenerRule"] = production.map { .string($0) }
    guard production != nil else {
      throw config.failure(
        "load-balancer", "no listener rule forwards to \(targetGroupName(group))",
        hint: "say it: load-balancer: {production-rule: ARN}")
    }
    let test = try await wiring.rule(
      scene, child, "test-rule", target.pair?["testTrafficRoute"], [group, other], isProduction: false)
    advanced["testListenerRule"] = test.map { .string($0) }
    advanced["roleArn"] = .string(role)
    wiring.balancer["targetGroupArn"] = .string(group)
    wiring.balancer["loadBalancerName"] = nil
    wiring.balancer["advancedConfiguration"] = advanced
    return wiring
  }

  /// The group of CodeDeploy's pair that does not serve.
  private static func otherGroup(
    _ scene: BlueGreenScene, _ target: CodeDeployTarget, _ group: String
  ) async throws -> String {
    let names = (target.pair?["targetGroups"]?.array ?? []).compactMap { $0["name"]?.string }
    let found = names.isEmpty ? [] : try await scene.client.send(DescribeTargetGroups(names: names))
    guard let other = found.first(where: { $0.arn != group && names.contains($0.name) }) else {
      throw scene.settings.config.failure(
        "load-balancer", "the other target group is not known",
        hint: "say it: load-balancer: {alternate-target-group: ARN}")
    }
    return other.arn
  }

  /// A rule that forwards to one of both groups. The production rule has to forward to both before ECS takes over.
  private mutating func rule(
    _ scene: BlueGreenScene, _ child: DeployConfig?, _ key: String, _ route: JSONValue?, _ groups: [String],
    isProduction: Bool
  ) async throws -> String? {
    var candidates: [(rule: TrafficRule, change: String)] = []
    if let arn = try child?.string(key) {
      guard let rule = try await scene.client.trafficRule(arn) else {
        throw (child ?? scene.settings.config).failure(key, "there is no \(arn)")
      }
      candidates = [(rule, arn)]
    } else {
      for listener in (route?["listenerArns"]?.array ?? []).compactMap(\.string) {
        for (rule, isDefault) in try await scene.client.send(DescribeListenerRules(listener: listener)) {
          candidates.append((TrafficRule(rule), isDefault ? listener : rule.arn))
        }
      }
    }
    guard let found = candidates.first(where: { one in groups.contains { one.rule.weights.map(\.group).contains($0) } })
    else { return nil }
    let known = Set(found.rule.weights.map(\.group))
    if isProduction, !known.isSuperset(of: groups) {
      let before = found.rule
      let after = before.with(groups.map { ($0, $0 == groups[0] ? 1 : 0) })
      rules.append(["arn": .string(found.change), "actions": .array(after.rule.actions)])
      changes.append(
        PlannedChange(
          "update", "listener rule \(found.rule.rule.arn)", before: .array(before.rule.actions),
          after: .array(after.rule.actions), note: "ECS wants it to forward to both target groups"))
    }
    return found.rule.rule.arn
  }
}
