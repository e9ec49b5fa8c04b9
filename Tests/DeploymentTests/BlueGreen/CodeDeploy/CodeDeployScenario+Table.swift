import DeployPlugins
import JSON
import SimulatedAWS

extension CodeDeployScenario {
  static let all = successes + stages + failures + cancellations + decisions + others + troubles

  private static let hooks: JSONValue = [
    "before-install": "check", "after-install": "check", "after-allow-test-traffic": "check",
    "before-allow-traffic": "check", "after-allow-traffic": "check",
  ]
  static let canary = "CodeDeployDefault.ECSCanary10Percent5Minutes"

  private static let successes: [CodeDeployScenario] = [
    CodeDeployScenario("all at once", .succeeded, .new, changes: once),
    CodeDeployScenario(
      "canary by name", .succeeded, .new, config: ["deployment-config": .string(canary)], changes: once),
    CodeDeployScenario(
      "canary by its short name", .succeeded, .new, config: ["deployment-config": "ECSCanary10Percent15Minutes"]),
    CodeDeployScenario(
      "linear that CodeDeploy has", .succeeded, .new, config: ["linear": ["percent": 10, "bake-time": "1m"]],
      changes: once),
    CodeDeployScenario(
      "canary of one's own", .succeeded, .new,
      config: ["canary": ["percent": 25, "bake-time": "2m"], "create-deployment-config": true],
      changes: ["RegisterTaskDefinition", "CreateDeploymentConfig", "CreateDeployment"]),
    CodeDeployScenario(
      "linear of one's own that is there", .succeeded, .new, config: ["linear": ["percent": 50, "bake-time": "1m"]],
      changes: once
    ) {
      $0.calls.append(
        (
          "codedeploy", "CreateDeploymentConfig",
          [
            "deploymentConfigName": "slipway-ecs-linear-50-percent-1-minutes", "computePlatform": "ECS",
            "trafficRoutingConfig": [
              "type": "TimeBasedLinear", "timeBasedLinear": ["linearPercentage": 50, "linearInterval": 1],
            ],
          ]
        ))
    },
    CodeDeployScenario("functions at all events", .succeeded, .new, config: ["lifecycle-hooks": hooks], changes: once),
    CodeDeployScenario(
      "network, platform version and providers", .succeeded, .new,
      config: [
        "network": ["subnets": ["subnet-11111111"], "assign-public-ip": true], "platform-version": "1.4.0",
        "capacity-providers": ["FARGATE", ["provider": "FARGATE_SPOT", "weight": 3]],
      ], changes: once),
    CodeDeployScenario(
      "waits for the end of the old tasks", .succeeded, .new, scene: .codeDeploy(terminationMinutes: 10),
      config: ["termination": "wait"], changes: once),
    CodeDeployScenario(
      "ends the old tasks", .succeeded, .new, scene: .codeDeploy(terminationMinutes: 60),
      config: ["termination": "end"],
      changes: once + ["ContinueDeployment"]),
    CodeDeployScenario(
      "gates that pass", .succeeded, .new, config: ["verify": [["command": "true"], ["alarms": "errors"]]]
    ) { $0.alarms = [("errors", "OK")] },
    CodeDeployScenario("an alarm that is silent", .succeeded, .new, config: ["alarms": ["errors"]]) {
      $0.alarms = [("errors", "OK")]
    },
    CodeDeployScenario("no task", .succeeded, .new, scene: .codeDeploy(desiredCount: 0)),
  ]

  /// It fails in each event, and CodeDeploy goes back; before there are new tasks, there is nothing to go back from.
  private static let stages = [
    "BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic", "BeforeAllowTraffic",
    "AllowTraffic", "AfterAllowTraffic",
  ].map { event in
    let isHook = hooks.object?.names.contains { $0.replacing("-", with: "") == event.lowercased() } == true
    return CodeDeployScenario(
      "fails at \(event)", event == "BeforeInstall" ? .failed : .rolledBack, .old, code: "deployment-failed",
      config: ["lifecycle-hooks": hooks], changes: once, says: [event, isHook ? "smoke test: 502" : "ECS_UPDATE_ERROR"]
    ) {
      $0.codeDeploy = [
        isHook
          ? .hookFails(at: event, logTail: "smoke test: 502")
          : .fails(at: event, code: "ECS_UPDATE_ERROR", "the service could not be updated")
      ]
    }
  }

  private static let failures: [CodeDeployScenario] = [
    CodeDeployScenario(
      "a crash loop", .rolledBack, .old, code: "crash-loop", changes: once + ["StopDeployment"],
      says: ["exited with 1", "ECONNREFUSED"]
    ) {
      $0.deployments = ["web": [.crashLoop()]]
    },
    CodeDeployScenario(
      "an image that is not there", .rolledBack, .old, code: "crash-loop", says: ["push the image first"]
    ) {
      $0.deployments = ["web": [.cannotPull]]
    },
    CodeDeployScenario(
      "tasks that never get healthy", .rolledBack, .old, code: "deployment-failed", config: ["failure-threshold": 0],
      says: ["TIMEOUT"]
    ) { $0.deployments = ["web": [.stuck]] },
    CodeDeployScenario(
      "the time is over", .timedOut, .whatever, code: "timed-out", config: ["timeout": "3s"], changes: once,
      says: ["did not end in time"]
    ) { stuck(&$0) },
    CodeDeployScenario(
      "an alarm", .rolledBack, .old, code: "stopped",
      config: ["alarms": ["errors"], "deployment-config": .string(canary)], changes: once,
      says: ["ALARM_ACTIVE", "errors"]
    ) {
      $0.alarms = [("errors", "OK")]
      $0.codeDeploy = [.alarm("errors", at: "AllowTraffic")]
    },
    CodeDeployScenario(
      "a rollback that fails", .rollbackFailed, .whatever, code: "deployment-failed",
      says: ["the rollback d-", "INTERNAL_ERROR"]
    ) {
      $0.codeDeploy = [
        .fails(at: "AllowTraffic", code: "ELASTIC_LOAD_BALANCING_INVALID", "the listener is gone"),
        .fails(at: "Install", code: "INTERNAL_ERROR", "there was an internal error"),
      ]
    },
    CodeDeployScenario(
      "no rollback", .failed, .whatever, code: "deployment-failed", config: ["auto-rollback": false], changes: once,
      says: ["HEALTH_CONSTRAINTS"]
    ) { $0.codeDeploy = [.fails(at: "AfterInstall", code: "HEALTH_CONSTRAINTS", "too few are healthy")] },
    CodeDeployScenario(
      "a gate that does not pass", .rolledBack, .old, code: "verification-failed",
      config: ["verify": [["name": "smoke", "command": "echo no; false", "within": "0.01s"]]],
      changes: once + ["StopDeployment"], says: ["smoke did not pass"]),
    CodeDeployScenario(
      "a container that is not there", .failed, .old, code: "deployment-failed",
      config: ["load-balancer": ["container": "proxy", "port": 80]], changes: once, says: ["ECS_UPDATE_ERROR", "proxy"]),
    CodeDeployScenario(
      "somebody stops it", .rolledBack, .old, code: "stopped",
      config: ["deployment-config": .string(canary), "auto-rollback": true]
    ) { $0.moments = [stopped(after: 9)] },
  ]

  /// For longer than anybody waits.
  static func stuck(_ scene: inout Scene) {
    scene.deployments = ["web": [.stuck]]
    scene.tickLength = 0.1
  }

  static func stopped(after count: Int) -> Moment {
    .after("GetDeployment", count: count) { world in
      let id = world.describedCodeDeployments().last?["deploymentId"] ?? ""
      try world.call("codedeploy", "StopDeployment", ["deploymentId": id, "autoRollbackEnabled": true])
    }
  }

  /// At each stage with each choice.
  private static let cancellations: [CodeDeployScenario] = [
    ", BeforeInstall", ", Install", ", AllowTraffic", "the old tasks wait",
  ].flatMap { stage in
    ["leave", "stop", "rollback"].map { choice in
      // Before there are new tasks, there is nothing to go back from.
      let isEarly = stage == ", BeforeInstall"
      return CodeDeployScenario(
        "cancelled at \(stage): \(choice)",
        choice == "leave" ? .inProgress : choice == "stop" || isEarly ? .stopped : .rolledBack,
        choice == "leave" ? .new : .old, code: "cancelled", scene: .codeDeploy(terminationMinutes: 60),
        config: [
          "on-cancel": .string(choice), "deployment-config": .string(canary), "termination": "wait",
          "lifecycle-hooks": ["before-install": "check"],
        ], changes: once + (choice == "leave" ? [] : ["StopDeployment"]), cancelledAt: stage)
    }
  }

  private static let decisions: [CodeDeployScenario] = [
    CodeDeployScenario(
      "approved", .succeeded, .new, scene: .codeDeploy(readyMinutes: 30), changes: once + ["ContinueDeployment"],
      decides: "approve"),
    CodeDeployScenario(
      "rejected", .rolledBack, .old, code: "stopped", scene: .codeDeploy(readyMinutes: 30),
      changes: once + ["StopDeployment"], decides: "reject"),
    CodeDeployScenario(
      "approved by gates", .succeeded, .new, scene: .codeDeploy(readyMinutes: 30),
      config: ["approve": "verify", "verify": [["command": "true", "at": "ready"]]],
      changes: once + ["ContinueDeployment"]),
    CodeDeployScenario(
      "not approved by gates", .rolledBack, .old, code: "verification-failed", scene: .codeDeploy(readyMinutes: 30),
      config: ["approve": "verify", "verify": [["command": "false", "within": "0.01s"]]],
      changes: once + ["StopDeployment"]),
    CodeDeployScenario(
      "nobody approves", .stopped, .whatever, code: "stopped", scene: .codeDeploy(readyMinutes: 2), changes: once,
      says: ["TIMEOUT"]),
  ]

  /// Another deployment is on its way.
  private static let others: [CodeDeployScenario] = [
    CodeDeployScenario(
      "another one is refused", .failed, .whatever, code: "deployment-in-progress", changes: [], says: ["d-"], busy),
    CodeDeployScenario(
      "another one is waited for", .succeeded, .new, config: ["if-in-progress": "wait"], changes: once, busy),
    CodeDeployScenario(
      "another one is stopped", .succeeded, .new, config: ["if-in-progress": "stop"],
      changes: ["RegisterTaskDefinition", "StopDeployment", "CreateDeployment"], busy),
    CodeDeployScenario(
      "another one that only ends its old tasks", .succeeded, .new, scene: .codeDeploy(terminationMinutes: 600),
      config: ["if-in-progress": "wait", "termination": "end"],
      changes: ["RegisterTaskDefinition", "ContinueDeployment", "CreateDeployment", "ContinueDeployment"]
    ) { busy(&$0) },
    CodeDeployScenario("somebody is faster", .failed, .whatever, code: "deployment-in-progress") {
      $0.moments = [
        .after("RegisterTaskDefinition") { world in try world.call("codedeploy", "CreateDeployment", other) }
      ]
    },
  ]

  private static func busy(_ scene: inout Scene) { scene.calls.append(("codedeploy", "CreateDeployment", other)) }

  static let other: JSONValue = [
    "applicationName": "AppECS-prod-web", "deploymentGroupName": "DgpECS-prod-web",
    "revision": ["revisionType": "AppSpecContent", "appSpecContent": ["content": .string(otherContent)]],
  ]
  static let otherContent = """
    version: 0.0
    Resources:
      - TargetService:
          Type: AWS::ECS::Service
          Properties:
            TaskDefinition: arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1
            LoadBalancerInfo: {ContainerName: web, ContainerPort: 8080}
    """

  private static let troubles: [CodeDeployScenario] = [
    CodeDeployScenario("throttled", .succeeded, .new, changes: once) {
      $0.faults = [
        .fault("CreateDeployment", times: 2, .throttled), .fault("GetDeployment", times: 3, after: 2, .throttled),
        .fault("BatchGetDeploymentTargets", times: 5, after: 1, .status(503)),
      ]
    },
    CodeDeployScenario("targets cannot be asked for", .succeeded, .new, changes: once) {
      $0.faults = [.fault("ListDeploymentTargets", times: 1000, .accessDenied)]
    },
    CodeDeployScenario("the answer of CreateDeployment is lost", .succeeded, .new, changes: nil) {
      $0.faults = [.fault("CreateDeployment", .loseAnswer)]
    },
    CodeDeployScenario("the connection ends", .succeeded, .new) {
      $0.faults = [.fault("GetDeployment", times: 2, after: 3, .dropConnection)]
    },
    CodeDeployScenario(
      "CreateDeployment is not permitted", nil, .old, code: "aws-denied", changes: ["RegisterTaskDefinition"]
    ) {
      $0.faults = [.fault("CreateDeployment", times: 10, .accessDenied)]
    },
    CodeDeployScenario(
      "no application", nil, .old, code: "application-not-found", config: ["application": "shop"], changes: [],
      says: ["CodeDeploy has no application shop", "name the application of web"]),
    CodeDeployScenario(
      "no group", nil, .old, code: "deployment-group-not-found", config: ["deployment-group": "blue"], changes: [],
      says: ["has no deployment group blue"]),
    CodeDeployScenario(
      "no configuration", nil, .old, code: "invalid-config", config: ["deployment-config": "ECSWhatever"], changes: [],
      says: ["CodeDeployDefault.ECSWhatever"]),
    CodeDeployScenario(
      "a configuration that must not be made", nil, .old, code: "invalid-config", config: ["canary": ["percent": 7]],
      changes: [], says: ["create-deployment-config: true"]),
    CodeDeployScenario(
      "hooks of ECS", nil, .old, code: "invalid-config", config: ["hooks": [["pause": true, "stages": "bake-time"]]],
      changes: [], says: ["lifecycle-hooks"]),
    CodeDeployScenario(
      "an unknown event", nil, .old, code: "invalid-config", config: ["lifecycle-hooks": ["install": "check"]],
      changes: [], says: ["before-install"]),
  ]
}
