import DeployPlugins
import JSON
import SimulatedAWS

extension TaskSetScenario {
  static let all = successes + failures + cancellations + orphans + troubles

  private static let successes: [TaskSetScenario] = [
    TaskSetScenario("all at once", .succeeded, .new),
    TaskSetScenario("in steps", .succeeded, .new, config: ["steps": [10, 50], "step-pause": "10ms"]),
    TaskSetScenario("no load balancer", .succeeded, .new, isBalanced: false),
    TaskSetScenario("the old set stays", .succeeded, .new, config: ["keep-old": true], sets: 2),
    TaskSetScenario("drained for a moment", .succeeded, .new, config: ["drain": "10ms"]),
    TaskSetScenario(
      "gates that pass", .succeeded, .new,
      config: ["steps": [50], "verify": [["command": "true", "at": ["test", "shift"]], ["command": "true"]]]),
    TaskSetScenario(
      "other settings for the new set", .succeeded, .new,
      config: ["task-set": ["capacityProviderStrategy": [["capacityProvider": "FARGATE_SPOT", "weight": 1]]]]),
  ]

  private static func failing(_ name: String, _ fate: Fate, says: [String]) -> TaskSetScenario {
    TaskSetScenario(name, .rolledBack, .old, code: "crash-loop", says: says) { $0.deployments["web"] = [fate] }
  }

  private static let failures: [TaskSetScenario] = [
    failing("a crash loop", .crashLoop(), says: ["ECONNREFUSED"]),
    failing("an image that is not there", .cannotPull, says: ["CannotPullContainerError"]),
    failing("out of memory", .outOfMemory, says: ["OutOfMemoryError"]),
    failing("targets that are ill", .unhealthy, says: ["health checks"]),
    TaskSetScenario(
      "the time is over", .rolledBack, .old, code: "timed-out", config: ["timeout": "0.3s"], says: ["not stable"]
    ) { $0.deployments["web"] = [.stuck] },
    TaskSetScenario(
      "the time is over, and it is left", .timedOut, .old, code: "timed-out",
      config: ["timeout": "0.3s", "on-timeout": "fail"], sets: 2
    ) { $0.deployments["web"] = [.stuck] },
    TaskSetScenario(
      "a test of the new set", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["command": "exit 2", "within": "0s", "at": "test"]]], says: ["exit code 2"]),
    TaskSetScenario(
      "a gate between the steps", .rolledBack, .old, code: "verification-failed",
      config: ["steps": [10], "verify": [["command": "exit 2", "within": "0s", "at": "shift"]]]),
    TaskSetScenario(
      "a gate at the end", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["command": "exit 2", "within": "0s"]]]),
    TaskSetScenario("a listener that refuses", .rolledBack, .old, code: "aws-denied") {
      $0.faults = [.fault("ModifyRule", .accessDenied)]
    },
    TaskSetScenario("no permission for the primary set", .rolledBack, .old, code: "aws-denied") {
      $0.faults = [.fault("UpdateServicePrimaryTaskSet", .accessDenied)]
    },
    TaskSetScenario("no permission for task sets", nil, .old, code: "aws-denied") {
      $0.faults = [.fault("CreateTaskSet", .accessDenied)]
    },
    TaskSetScenario(
      "a rollback that fails", .rollbackFailed, .whatever, code: "verification-failed",
      config: ["verify": [["command": "exit 2", "within": "0s"]]], says: ["could not take back"]
    ) { $0.faults = [.fault("DeleteTaskSet", times: 9, .accessDenied)] },
    TaskSetScenario(
      "a rollback of weights that fails", .rollbackFailed, .whatever, code: "verification-failed",
      config: ["verify": [["command": "exit 2", "within": "0s"]]], says: ["the weights of the listener"]
    ) { $0.faults = [.fault("ModifyRule", times: 9, after: 1, .accessDenied)] },
    TaskSetScenario("left as it is", .failed, .whatever, code: "crash-loop", config: ["on-failure": "leave"], sets: 2) {
      $0.deployments["web"] = [.crashLoop()]
    },
  ]

  private static let cancellations: [TaskSetScenario] = [
    ("begun", "is begun"), ("half of its tasks run", "of 2 running"), ("at a step", "10 % of the traffic"),
    ("with all of the traffic", "100 % of the traffic"), ("as the primary one", "is the primary one"),
  ].flatMap { (name: String, moment: String) in
    [
      TaskSetScenario(
        "cancelled \(name)", .rolledBack, .old, code: "cancelled",
        config: ["steps": [10], "step-pause": "300ms", "drain": "300ms"], cancelledAt: moment),
      TaskSetScenario(
        "cancelled \(name), left", .stopped, .whatever, code: "cancelled",
        config: ["steps": [10], "step-pause": "300ms", "drain": "300ms", "on-cancel": "leave"], cancelledAt: moment),
    ]
  }

  private static func orphan(_ scene: inout Scene, _ definition: String) {
    scene.moments = [
      .after("DescribeServices") { world in
        try world.call(
          "ecs", "CreateTaskSet",
          [
            "cluster": "prod", "service": "web", "taskDefinition": .string(definition), "launchType": "FARGATE",
            "networkConfiguration": Scene.network, "externalId": "somebody",
          ])
      }
    ]
  }

  private static let orphans: [TaskSetScenario] = [
    TaskSetScenario("an orphan", .failed, .old, code: "orphan-task-sets", says: ["orphans: delete"], sets: 2) {
      orphan(&$0, "web:1")
    },
    TaskSetScenario("an orphan that is deleted", .succeeded, .new, config: ["orphans": "delete"]) {
      orphan(&$0, "web:1")
    },
  ]

  private static let troubles: [TaskSetScenario] = [
    TaskSetScenario("throttled", .succeeded, .new) {
      $0.faults = [.fault("DescribeTaskSets", times: 3, after: 2, .throttled), .fault("CreateTaskSet", .throttled)]
    },
    TaskSetScenario("an answer gets lost", .succeeded, .new) {
      $0.faults = [.fault("CreateTaskSet", .loseAnswer), .fault("UpdateServicePrimaryTaskSet", .loseAnswer)]
    },
    TaskSetScenario("no permission for the targets' health", .succeeded, .new) {
      $0.faults = [.fault("DescribeTargetHealth", times: 1000, .accessDenied)]
    },
    TaskSetScenario("a service of another controller", nil, .whatever, code: "invalid-config", says: ["plugin rolling"])
    {
      $0 = .web()
    },
    TaskSetScenario(
      "steps that fall", nil, .old, code: "invalid-config", config: ["steps": [50, 10]], says: ["rise"]),
    TaskSetScenario(
      "a listener that is not there", nil, .whatever, code: "invalid-config",
      config: ["listener": "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/none/1/2"],
      says: ["no listener"]),
  ]
}
