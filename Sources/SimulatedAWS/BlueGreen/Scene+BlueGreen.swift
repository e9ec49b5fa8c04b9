public import JSON

extension Scene {
  /// `Scene.web` behind an application load balancer with a blue and a green target group, deployed by one of ECS's own
  /// strategies. Blue has the traffic at the beginning.
  /// - Parameters:
  ///   - strategy: BLUE_GREEN, CANARY or LINEAR.
  ///   - hooks: as `lifecycleHooks`.
  ///   - change: of the parameters that made the service.
  public static func blueGreen(
    _ strategy: String = "BLUE_GREEN", bakeMinutes: Int = 5, hooks: [JSONValue] = [], desiredCount: Int = 2,
    change: (inout JSONValue) -> Void = { _ in }
  ) -> Scene {
    var scene = Scene.web(desiredCount: desiredCount)
    let fronts = scene.addFronts()
    var configuration: JSONValue = ["strategy": .string(strategy), "bakeTimeInMinutes": .int(bakeMinutes)]
    switch strategy {
    case "CANARY": configuration["canaryConfiguration"] = ["canaryPercent": 10, "canaryBakeTimeInMinutes": 5]
    case "LINEAR": configuration["linearConfiguration"] = ["stepPercent": 25, "stepBakeTimeInMinutes": 5]
    default: break
    }
    if !hooks.isEmpty { configuration["lifecycleHooks"] = .array(hooks) }
    scene.services[0]["deploymentConfiguration"] = configuration
    scene.services[0]["loadBalancers"] = [
      [
        "targetGroupArn": .string(fronts.blue), "containerName": "web", "containerPort": 8080,
        "advancedConfiguration": [
          "alternateTargetGroupArn": .string(fronts.green), "productionListenerRule": .string(fronts.rule),
          "testListenerRule": .string(fronts.test),
          "roleArn": .string("arn:aws:iam::\(scene.account):role/ecsInfrastructureRole"),
        ],
      ]
    ]
    change(&scene.services[0])
    return scene
  }

  /// What stands before a service with two revisions at once.
  public struct Fronts: Sendable, Hashable {
    /// ARNs of target groups.
    public var blue: String
    public var green: String
    /// ARNs of listener rules.
    public var rule: String
    public var test: String
    /// The ARN of the listener of the production rule.
    public var listener: String
  }

  /// Adds a load balancer with two target groups; all production traffic goes to the first one.
  public mutating func addFronts() -> Fronts {
    let blue = loadBalancing.addGroup("web-blue", account: account, region: region)
    let green = loadBalancing.addGroup("web-green", account: account, region: region)
    let prefix = "arn:aws:elasticloadbalancing:\(region):\(account)"
    let listener = "\(prefix):listener/app/web-blue/50dc6c495c0c9188/f2f7dc8efc522ab2"
    let rules = ["1111111111111111", "2222222222222222"].map {
      "\(prefix):listener-rule/app/web-blue/50dc6c495c0c9188/f2f7dc8efc522ab2/\($0)"
    }
    for (number, rule) in rules.enumerated() {
      loadBalancing.rules.append([
        "RuleArn": .string(rule), "Priority": .string("\(number + 1)"), "IsDefault": false,
        "Conditions": [
          ["Field": "path-pattern", "PathPatternConfig": ["Values": [.string("/\(number == 0 ? "*" : "test")")]]]
        ],
        "Actions": [LoadBalancing.forward([(blue, 1), (green, 0)])],
      ])
    }
    return Fronts(blue: blue, green: green, rule: rules[0], test: rules[1], listener: listener)
  }
}

extension World {
  /// The share of the requests, in percent, that a rule or listener sends to a target group.
  public func share(of group: String, at arn: String) -> Double {
    let weights = forwards(of: arn)
    let total = weights.map(\.weight).reduce(0, +)
    return total == 0 ? 0 : Double(weights.first { $0.arn == group }?.weight ?? 0) * 100 / Double(total)
  }
}
