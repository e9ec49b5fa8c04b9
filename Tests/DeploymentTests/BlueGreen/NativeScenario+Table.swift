import DeployPlugins
import JSON
import SimulatedAWS

extension NativeScenario {
  static let all = successes + stages + failures + rollbackFailures + cancellations + approvals + others + troubles

  private static let function = "arn:aws:lambda:eu-central-1:123456789012:function:check"

  static func hook(_ stages: [String]) -> JSONValue {
    [
      "targetType": "AWS_LAMBDA", "hookTargetArn": .string(function),
      "roleArn": "arn:aws:iam::123456789012:role/hooks", "lifecycleStages": .array(stages.map { .string($0) }),
    ]
  }

  static func pause(_ stages: [String]) -> JSONValue {
    ["targetType": "PAUSE", "lifecycleStages": .array(stages.map { .string($0) })]
  }

  private static let successes: [NativeScenario] = [
    NativeScenario("all at once", .succeeded, .new),
    NativeScenario("canary", .succeeded, .new, scene: .blueGreen("CANARY")),
    NativeScenario("linear", .succeeded, .new, scene: .blueGreen("LINEAR")),
    NativeScenario("no bake time", .succeeded, .new, scene: .blueGreen(bakeMinutes: 0)),
    NativeScenario(
      "no load balancer", .succeeded, .new, scene: .blueGreen { $0["loadBalancers"] = nil }),
    NativeScenario(
      "functions at all stages", .succeeded, .new, scene: .blueGreen(hooks: [hook(TrafficStages.hooks)])),
    NativeScenario(
      "a function that takes its time", .succeeded, .new, scene: .blueGreen(hooks: [hook(["POST_SCALE_UP"])])
    ) { $0.hookAnswers[function] = ["IN_PROGRESS", "IN_PROGRESS"] },
    NativeScenario(
      "from rolling to canary", .succeeded, .new,
      config: [
        "strategy": "canary", "canary": ["percent": .number(JSONNumber(0.5) ?? JSONNumber(1)), "bake-time": "1m"],
        "bake-time": "2m",
      ]
    ) { $0.services[0]["deploymentConfiguration"] = ["strategy": "ROLLING"] },
    NativeScenario(
      "from canary to linear", .succeeded, .new, scene: .blueGreen("CANARY"),
      config: ["strategy": "linear", "linear": ["percent": 50, "bake-time": "1m"]]),
    NativeScenario(
      "hooks of the configuration", .succeeded, .new,
      config: [
        "hooks": [["stages": "post-scale-up", "lambda": .string(function), "role": "arn:aws:iam::123456789012:role/h"]]
      ]),
    NativeScenario(
      "gates that pass", .succeeded, .new, config: ["verify": [["command": "true"], ["alarms": "errors"]]]
    ) { $0.alarms = [("errors", "OK")] },
    NativeScenario(
      "an alarm that is silent", .succeeded, .new, config: ["alarms": ["errors"]]
    ) { $0.alarms = [("errors", "OK")] },
  ]

  /// A function refuses at each stage.
  private static let stages = TrafficStages.hooks.map { stage in
    NativeScenario(
      "refused at \(stage)", .rolledBack, .old, code: "rolled-back", scene: .blueGreen(hooks: [hook([stage])]),
      says: [function]
    ) { $0.hookAnswers[function] = ["FAILED"] }
  }

  private static func failing(
    _ name: String, _ fate: Fate, code: String = "crash-loop", says: [String], scene: Scene = .blueGreen()
  ) -> NativeScenario {
    NativeScenario(name, .rolledBack, .old, code: code, scene: scene, says: says) { $0.deployments["web"] = [fate] }
  }

  private static let failures: [NativeScenario] = [
    failing("a crash loop", .crashLoop(), says: ["ECONNREFUSED", "exited with 1"]),
    failing("a crash loop of a canary", .crashLoop(), says: ["exited with 1"], scene: .blueGreen("CANARY")),
    failing("a crash loop of a linear deployment", .crashLoop(), says: ["exited with 1"], scene: .blueGreen("LINEAR")),
    failing("out of memory", .outOfMemory, says: ["OutOfMemoryError"]),
    failing("an image that is not there", .cannotPull, says: ["CannotPullContainerError"]),
    failing("no secret", .noSecret, says: ["ResourceInitializationError"]),
    failing("targets that are ill", .unhealthy, says: ["health checks"]),
    failing("containers that are ill", .unhealthyContainer, says: ["health checks"]),
    NativeScenario(
      "an alarm", .rolledBack, .old, code: "rolled-back", config: ["alarms": ["errors"]], says: ["errors"]
    ) {
      $0.alarms = [("errors", "OK")]
      $0.deployments["web"] = [.alarm("errors", afterTicks: 8)]
    },
    NativeScenario(
      "the time is over", .timedOut, .whatever, code: "timed-out", config: ["timeout": "3s"], says: ["SCALE_UP"]
    ) { $0.deployments["web"] = [.stuck] },
    NativeScenario(
      "the time is over, and it is rolled back", .rolledBack, .old, code: "timed-out",
      config: ["timeout": "3s", "on-timeout": "rollback"]
    ) { $0.deployments["web"] = [.stuck] },
    NativeScenario(
      "no capacity", .rolledBack, .old, code: "timed-out", config: ["timeout": "8s", "on-timeout": "rollback"],
      says: ["Capacity is unavailable"]
    ) { $0.deployments["web"] = [.noCapacity] },
    NativeScenario(
      "a gate at the bake time", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["command": "echo 500 >&2; exit 1", "within": "0s"]]], says: ["500"]),
    NativeScenario(
      "a gate at the test traffic", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["command": "exit 3", "within": "0s", "at": "post-test-traffic-shift"]]],
      says: ["exit code 3"]),
    NativeScenario(
      "a gate of alarms", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["alarms": ["errors"], "within": "0s"]]], says: ["errors is in ALARM"]
    ) { $0.alarms = [("errors", "ALARM")] },
    NativeScenario(
      "a gate of HTTP", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["http": "http://127.0.0.1:9/", "within": "0s"]]], says: ["127.0.0.1"]),
  ]

  private static let rollbackFailures: [NativeScenario] = [
    NativeScenario(
      "ECS's rollback fails", .rollbackFailed, .whatever, code: "rollback-failed",
      scene: .blueGreen(hooks: [hook(["POST_SCALE_UP"])])
    ) {
      $0.hookAnswers[function] = ["FAILED"]
      $0.rollback = .crashLoop()
    },
    NativeScenario(
      "our rollback fails", .rollbackFailed, .whatever, code: "crash-loop", says: ["the rollback failed as well"]
    ) {
      $0.deployments["web"] = [.crashLoop()]
      $0.rollback = .crashLoop()
    },
  ]

  /// At stages that last long enough, and at each one that a hook holds.
  private static let cancellations: [NativeScenario] =
    TrafficStages.told.flatMap { stage in
      [
        NativeScenario(
          "cancelled at \(stage), rolled back", .rolledBack, .old, code: "cancelled", config: ["on-cancel": "rollback"],
          cancelledAt: stage, says: ["cancelled at"], change: slow),
        NativeScenario(
          "cancelled at \(stage), left", .inProgress, .new, code: "cancelled", cancelledAt: stage,
          says: ["ECS goes on"], change: slow),
      ]
    }
    + TrafficStages.hooks.filter { $0 != "TEST_TRAFFIC_SHIFT" && $0 != "PRODUCTION_TRAFFIC_SHIFT" }.map { stage in
      NativeScenario(
        "cancelled at the pause of \(stage)", .rolledBack, .old, code: "cancelled",
        scene: .blueGreen(hooks: [pause([stage])]), config: ["on-cancel": "stop"], cancelledAt: "waits at")
    }

  private static func slow(_ scene: inout Scene) {
    scene.bakeTicks = 100
    scene.deployments["web"] = [.healthy(after: 100)]
  }

  private static let approvals: [NativeScenario] = [
    NativeScenario(
      "approved", .succeeded, .new, scene: .blueGreen(hooks: [pause(["POST_TEST_TRAFFIC_SHIFT"])]), decides: "approve"),
    NativeScenario(
      "approved at each step", .succeeded, .new,
      scene: .blueGreen("LINEAR", hooks: [pause(["PRE_PRODUCTION_TRAFFIC_SHIFT"])]), decides: "approve"),
    NativeScenario(
      "rejected", .rolledBack, .old, code: "rolled-back",
      scene: .blueGreen(hooks: [pause(["POST_TEST_TRAFFIC_SHIFT"])]),
      decides: "reject"),
    NativeScenario(
      "approved by gates", .succeeded, .new, scene: .blueGreen(hooks: [pause(["POST_TEST_TRAFFIC_SHIFT"])]),
      config: ["approve": "verify", "verify": [["command": "true"]]]),
    NativeScenario(
      "rejected by gates", .rolledBack, .old, code: "verification-failed",
      scene: .blueGreen(hooks: [pause(["POST_TEST_TRAFFIC_SHIFT"])]),
      config: ["approve": "verify", "verify": [["command": "false", "within": "0s"]]]),
    NativeScenario(
      "nobody decides", .rolledBack, .old, code: "rolled-back",
      config: [
        "hooks": [["stages": "post-scale-up", "pause": true, "timeout": "1m", "on-timeout": "rollback"]]
      ], says: ["timed out"]),
    NativeScenario(
      "nobody decides, and it goes on", .succeeded, .new,
      config: [
        "hooks": [["stages": "post-scale-up", "pause": true, "timeout": "1m", "on-timeout": "continue"]]
      ]),
  ]

  private static func update(_ world: isolated World, _ definition: String) throws {
    try world.call(
      "ecs", "UpdateService", ["cluster": "prod", "service": "web", "taskDefinition": .string(definition)])
  }

  private static let others: [NativeScenario] = [
    NativeScenario(
      "superseded", .superseded, .whatever, code: "superseded", says: ["web:2"]
    ) {
      $0.taskDefinitions.append(Scene.taskDefinition("web", containers: ["web"], tag: "other"))
      $0.moments = [.after("DescribeServiceDeployments", count: 6) { try update($0, "web:2") }]
    },
    NativeScenario("stopped by somebody", .rolledBack, .old, code: "rolled-back") {
      $0.moments = [
        .after("DescribeServiceDeployments", count: 6) { world in
          let arn = world.describedDeployments("web").last?["serviceDeploymentArn"] ?? .null
          try world.call("ecs", "StopServiceDeployment", ["serviceDeploymentArn": arn, "stopType": "ROLLBACK"])
        }
      ]
    },
    NativeScenario(
      "another one in progress, refused", .failed, .whatever, code: "deployment-in-progress",
      config: ["if-in-progress": "refuse"]
    ) { inProgress(&$0) },
    NativeScenario("another one in progress, waited for", .succeeded, .whatever) { inProgress(&$0) },
    NativeScenario(
      "another one in progress, stopped", .succeeded, .new, config: ["if-in-progress": "stop"]
    ) { inProgress(&$0) },
    NativeScenario(
      "weights that something else changed", .failed, .whatever, code: "listener-mismatch", says: ["web-green 1"]
    ) { scene in
      let groups = scene.loadBalancing.targetGroups.compactMap { $0["TargetGroupArn"]?.string }
      let actions: JSONValue = [LoadBalancing.forward([(groups[0], 0), (groups[1], 1)])]
      for index in scene.loadBalancing.rules.indices { scene.loadBalancing.rules[index]["Actions"] = actions }
    },
    NativeScenario(
      "a rule with one group", .failed, .old, code: "listener-mismatch", says: ["weight 0"]
    ) { scene in
      let blue = scene.loadBalancing.targetGroups[0]["TargetGroupArn"]?.string ?? ""
      for index in scene.loadBalancing.rules.indices {
        scene.loadBalancing.rules[index]["Actions"] = [LoadBalancing.forward([(blue, 1)])]
      }
    },
    NativeScenario("a rolling service", nil, .old, code: "invalid-config", says: ["plugin rolling"]) {
      $0.services[0]["deploymentConfiguration"] = ["strategy": "ROLLING"]
    },
    NativeScenario(
      "a canary that is none", nil, .old, code: "invalid-config", config: ["canary": ["percent": 10]],
      says: ["strategy: canary"]),
    NativeScenario(
      "a share that cannot be", nil, .old, code: "invalid-config",
      config: ["strategy": "linear", "linear": ["percent": 2]],
      says: ["3 to 100"]),
  ]

  private static func inProgress(_ scene: inout Scene) {
    scene.taskDefinitions.append(Scene.taskDefinition("web", containers: ["web"], tag: "other"))
    scene.moments = [.after("DescribeTaskDefinition") { try update($0, "web:2") }]
  }

  private static let troubles: [NativeScenario] = [
    NativeScenario("throttled", .succeeded, .new) {
      $0.faults = [
        .fault("DescribeServiceDeployments", times: 3, after: 2, .throttled), .fault("UpdateService", .throttled),
        .fault("RegisterTaskDefinition", .throttled),
      ]
    },
    NativeScenario("answers get lost", .succeeded, .new) {
      $0.faults = [.fault("UpdateService", .loseAnswer), .fault("DescribeServiceDeployments", times: 2, .status(503))]
    },
    NativeScenario("no permission for service deployments", .succeeded, .new) {
      $0.faults = [
        .fault("ListServiceDeployments", times: 1000, .accessDenied),
        .fault("DescribeServiceDeployments", times: 1000, .accessDenied),
      ]
    },
    NativeScenario(
      "no permission for updates", nil, .old, code: "aws-denied"
    ) { $0.faults = [.fault("UpdateService", times: 9, .accessDenied)] },
    NativeScenario("no permission for the listener", .succeeded, .new) {
      $0.faults = [.fault("DescribeRules", times: 1000, .accessDenied)]
    },
  ]
}

/// Names of stages.
enum TrafficStages {
  static let hooks = [
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT",
  ]
  /// Those that a deployment without hooks stays at for more than a moment.
  static let told = ["SCALE_UP", "BAKE_TIME"]
}
