import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Looks before a deployment whether the load balancer says what ECS believes: ECS itself does not.
struct NativePreflight: Sendable {
  let scene: BlueGreenScene
  /// As it is now: when another deployment was waited for, the scene's is of before.
  let service: ECSService

  init(_ scene: BlueGreenScene, service: ECSService? = nil) {
    self.scene = scene
    self.service = service ?? scene.service
  }

  /// What stands before the service, as its last revision has it.
  struct Traffic: Sendable {
    var live: String
    var other: String
    var rule: String
  }

  /// Nil for services without managed traffic, and where it cannot be found out.
  func traffic() async throws -> Traffic? {
    guard let balancer = service.json["loadBalancers"]?[0],
      let first = balancer["targetGroupArn"]?.string,
      let second = balancer["advancedConfiguration"]?["alternateTargetGroupArn"]?.string,
      let rule = balancer["advancedConfiguration"]?["productionListenerRule"]?.string
    else { return nil }
    guard let live = try await liveGroup() else { return nil }
    return Traffic(live: live, other: live == first ? second : first, rule: rule)
  }

  /// The target group of the revision that runs.
  func liveGroup() async throws -> String? {
    var revision = service.json["currentServiceRevisions"]?[0]?["arn"]?.string
    if revision == nil, let arn = service.currentDeployment {
      revision = try await scene.client.serviceDeployment(arn)?.targetRevision
    }
    return try await group(ofRevision: revision)
  }

  /// The target group that a service revision has.
  func group(ofRevision revision: String?) async throws -> String? {
    guard let revision else { return nil }
    return try await scene.client.serviceRevision(revision)?["resolvedConfiguration"]?["loadBalancers"]?[0]?[
      "targetGroupArn"]?.string
  }

  /// - Throws: `PluginFailure` when the listener does not fit what ECS believes.
  func check(_ traffic: Traffic?) async throws {
    try await checkAlarms()
    guard let traffic else { return }
    let rule: TrafficRule
    do {
      guard let found = try await scene.client.trafficRule(traffic.rule) else {
        throw failure("there is no listener rule \(traffic.rule)", "correct productionListenerRule of the service")
      }
      rule = found
    } catch let error as AWSError {
      return scene.context.warn(
        "listener-unknown", "the weights of the production listener were not checked: \(error.reason)",
        help: ["permit elasticloadbalancing:DescribeRules and DescribeListeners"])
    }
    let groups = rule.weights.map(\.group)
    guard groups.contains(traffic.live), groups.contains(traffic.other) else {
      throw failure(
        "the production listener rule does not forward to both target groups of \(service.name)",
        "let \(traffic.rule) forward to \(targetGroupName(traffic.live)) with weight 1 and to "
          + "\(targetGroupName(traffic.other)) with weight 0")
    }
    guard rule.weight(of: traffic.live) > 0, rule.weight(of: traffic.other) == 0 else {
      let weights = rule.weights.map { "\(targetGroupName($0.group)) \($0.weight)" }.joined(separator: ", ")
      throw failure(
        "the production listener sends requests elsewhere than to the running revision: its weights are \(weights), and "
          + "\(targetGroupName(traffic.live)) is live",
        "something else changed the weights: give \(targetGroupName(traffic.live)) all of them, then deploy again")
    }
  }

  private func failure(_ message: String, _ hint: String) -> PluginFailure {
    PluginFailure(code: "listener-mismatch", message: message, hint: hint, path: "/service", state: .failed)
  }

  /// Alarms that are in ALARM when a deployment begins are ignored for it.
  private func checkAlarms() async throws {
    let alarms = service.json["deploymentConfiguration"]?["alarms"]
    guard alarms?["enable"]?.bool == true else { return }
    let names = alarms?["alarmNames"]?.array?.compactMap(\.string) ?? []
    for alarm in try await scene.client.quietly(DescribeAlarms(names: names)) ?? [] where alarm.state == "ALARM" {
      scene.context.warn(
        "alarm-active", "the alarm \(alarm.name) is in ALARM already, so it does not guard this deployment",
        notes: alarm.reason.map { [$0] }, path: "/alarms")
    }
  }
}
