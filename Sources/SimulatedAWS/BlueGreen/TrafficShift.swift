import JSON

/// Where a blue/green, canary or linear rollout stands; nothing of it is used by rolling ones.
struct TrafficShift: Sendable {
  static let stages = [
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP",
  ]

  var isActive = false
  /// Whether it goes back.
  var isReturning = false
  /// Of `stages`.
  var stage = 0
  /// The tick when the stage, or the step of it, began.
  var since = 0
  /// Steps of the production shift that were made.
  var step = 0
  /// Of the production and of the test traffic, in percent, on the new revision.
  var production = 0.0
  var test = 0.0
  /// The target group with the production traffic when nothing is shifted; nil without a load balancer.
  var live: String?
  /// The other one, which the new revision has.
  var next: String?
  /// Of the deployment that has the traffic.
  var source: String?
  /// Hooks that were passed, and those that wait, by stage, number and step.
  var passed: Set<String> = []
  var hookIDs: [String: String] = [:]

  var name: String { Self.stages[stage] }
}

extension Service {
  var balancing: (rule: String, test: String?)? {
    guard let advanced = loadBalancers.first?["advancedConfiguration"],
      let rule = advanced["productionListenerRule"]?.string
    else { return nil }
    return (rule, advanced["testListenerRule"]?.string)
  }

  /// Both target groups, as they are declared.
  var targetGroups: (first: String, second: String)? {
    guard let first = loadBalancers.first?["targetGroupArn"]?.string,
      let second = loadBalancers.first?["advancedConfiguration"]?["alternateTargetGroupArn"]?.string
    else { return nil }
    return (first, second)
  }
}
