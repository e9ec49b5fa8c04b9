import DeployPlugins
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

extension RollingScenario {
  private static let migrate: JSONValue = ["before": ["task": "migrate", "command": ["bin/migrate", "--all"]]]

  /// What a deployment does beside the deployment.
  static let extras: [RollingScenario] = [
    RollingScenario(
      "a task before", Scene.web().with { $0.tasks = [.exits(0, after: 3, logs: ["migrated 3 tables"])] }, migrate,
      .report(.succeeded), calls: ["RegisterTaskDefinition", "RunTask", "UpdateService"],
      tells: ["migrated 3 tables", "run migrate: running"]
    ) { server in
      let call = server.calls.first { $0.operation == "RunTask" }?.parameters
      #expect(call?["taskDefinition"]?.string?.hasSuffix("/web:2") == true)
      #expect(call?["launchType"] == "FARGATE")
      #expect(call?["networkConfiguration"] == Scene.network)
      #expect(call?["overrides"]?["containerOverrides"]?[0]?["command"] == ["bin/migrate", "--all"])
    },
    RollingScenario(
      "a task before that fails", Scene.web().with { $0.tasks = [.exits(3, logs: ["relation users exists"])] }, migrate,
      .failure("task-failed", nil, .failed), calls: ["RegisterTaskDefinition", "RunTask"], runs: "web:1",
      says: ["migrate failed: container web exited with 3"], tells: ["relation users exists"]),
    RollingScenario(
      "a task before that never runs", Scene.web().with { $0.tasks = [.cannotPull] }, migrate,
      .failure("task-failed", nil, .failed), calls: ["RegisterTaskDefinition", "RunTask"], runs: "web:1",
      says: ["container web never ran"], hint: "push the image first"),
    RollingScenario(
      "a task before that is not placed", Scene.web().with { $0.tasks = [.noInstance] }, migrate,
      .failure("task-not-started", nil, .failed), calls: ["RegisterTaskDefinition", "RunTask"], runs: "web:1",
      says: ["RESOURCE:MEMORY"], hint: "no instance has that much memory"),
    RollingScenario(
      "a task before that takes too long", Scene.web().with { $0.tasks = [.healthy] },
      ["before": [["task": "migrate", "command": "sleep 999", "timeout": "1s"]]],
      .failure("task-timed-out", nil, .timedOut), calls: ["RegisterTaskDefinition", "RunTask", "StopTask"],
      runs: "web:1"),
    RollingScenario(
      "a task that is not seen at once", Scene.web().with { $0.unseenFor = 3 }, migrate, .report(.succeeded),
      calls: ["RegisterTaskDefinition", "RunTask", "UpdateService"]),
    RollingScenario(
      "the answer of RunTask is lost: it runs once", Scene.web().fault("RunTask", .loseAnswer), migrate,
      .report(.succeeded), calls: ["RegisterTaskDefinition", "RunTask 0", "RunTask", "UpdateService"]
    ) { server in
      let tasks = await server.world.describedTasks().filter { $0["startedBy"]?.string == "slipway/test" }
      #expect(tasks.count == 1)
    },
    RollingScenario(
      "tasks before and after", .web(),
      ["before": ["task": "migrate"], "after": ["task": "warm", "environment": ["MODE": "warm"]]], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "RunTask", "UpdateService", "RunTask"]),
    RollingScenario(
      "a task after that fails", Scene.web().with { $0.tasks = [.exits(1)] }, ["after": ["task": "smoke-test"]],
      .failure("task-failed", nil, .failed), calls: ["RegisterTaskDefinition", "UpdateService", "RunTask"]),
    RollingScenario(
      "gates that pass", Scene.web().with { $0.alarms = [("errors", "OK")] },
      ["verify": [["command": "true"], ["alarms": ["errors"]]]], .report(.succeeded), tells: ["verify true: passed"]),
    RollingScenario(
      "a gate that does not pass", .web(), ["verify": [["name": "smoke test", "command": "false", "within": "100ms"]]],
      .failure("verification-failed", nil, .rolledBack),
      calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"], runs: "web:1",
      says: ["smoke test did not pass", "web:1 is back in web"]),
    RollingScenario(
      "a gate that does not pass, and nothing is taken back", .web(),
      ["verify": [["command": "false", "within": "100ms"]], "on-failure": "fail"],
      .failure("verification-failed", nil, .failed)),
    RollingScenario(
      "a rule follows", .scheduled(), ["schedules": [["rule": "nightly"]]], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "PutTargets"]
    ) { server in
      let target = server.calls.first { $0.operation == "PutTargets" }?.parameters["Targets"]?[0]
      var expected = Scene.target
      expected["EcsParameters"]?["TaskDefinitionArn"] = target?["EcsParameters"]?["TaskDefinitionArn"]
      #expect(target == expected)
      #expect(target?["EcsParameters"]?["TaskDefinitionArn"]?.string?.hasSuffix("/web:2") == true)
    },
    RollingScenario(
      "a rule's entry fails",
      Scene.scheduled().with {
        $0.moments = [
          .after("ListTargetsByRule", count: 2) { world in
            try world.call("ecs", "DeregisterTaskDefinition", ["taskDefinition": "web:2"])
          }
        ]
      }, ["schedules": [["rule": "nightly"]]], .failure("schedule-not-moved", nil, .failed),
      calls: ["RegisterTaskDefinition", "UpdateService", "PutTargets"], says: ["no active task definition"]),
    RollingScenario(
      "two change a rule at once",
      Scene.scheduled().fault(
        "PutTargets", times: 2, .refused(Refusal("ConcurrentModificationException", "Too many at once"))),
      ["schedules": [["rule": "nightly"]]], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "PutTargets 400", "PutTargets 400", "PutTargets"]),
    RollingScenario(
      "a schedule follows, disabled as it was", .scheduled(), ["schedules": [["schedule": "hourly"]]],
      .report(.succeeded), calls: ["RegisterTaskDefinition", "UpdateService", "UpdateSchedule"]
    ) { server in
      let schedule = try await server.world.get("scheduler", "GetSchedule", ["Name": "hourly"])
      #expect(schedule["State"] == "DISABLED")
      #expect(schedule["Description"] == "tidies up")
      #expect(schedule["ScheduleExpressionTimezone"] == "Europe/Berlin")
      #expect(schedule["Target"]?["EcsParameters"]?["TaskDefinitionArn"]?.string?.hasSuffix("/web:2") == true)
    },
    RollingScenario(
      "there is no such rule", .scheduled(), ["schedules": [["rule": "daily"]]],
      .failure("schedule-not-found", .config), calls: [], runs: "web:1"),
    RollingScenario(
      "scaling by itself", .web(), ["autoscaling": ["min": 2, "max": 6, "target-cpu": 60]], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "RegisterScalableTarget", "PutScalingPolicy"]),
    RollingScenario(
      "scaling by itself, as it was", .web(), ["autoscaling": ["min": 2, "max": 6, "target-cpu": 60]],
      steps: [.deploy, .deploy], .report(.unchanged),
      calls: ["RegisterTaskDefinition", "UpdateService", "RegisterScalableTarget", "PutScalingPolicy"]),
    RollingScenario(
      "a daemon",
      Scene.web {
        $0["schedulingStrategy"] = "DAEMON"
        $0["desiredCount"] = nil
        $0["launchType"] = "EC2"
      }, .report(.succeeded)
    ) { server in
      let update = server.calls.first { $0.operation == "UpdateService" }?.parameters
      #expect(update?.object?.names.sorted() == ["cluster", "service", "taskDefinition"])
    },
    RollingScenario(
      "cluster, log group and service are made",
      Scene().with { $0.taskDefinitions = [Scene.taskDefinition("web", containers: ["web"])] },
      [
        "create": true, "task-definition": "web", "desired-count": 2, "circuit-breaker": true,
        "network": ["subnets": ["subnet-1a2b3c4d"], "security-groups": ["sg-1a2b3c4d"]],
        "capacity-providers": ["FARGATE", ["provider": "FARGATE_SPOT", "weight": 2]],
      ], .report(.succeeded), calls: ["CreateCluster", "CreateLogGroup", "RegisterTaskDefinition", "CreateService"]
    ) { server in
      let service = await server.world.describedService("web")
      #expect(service?["deploymentConfiguration"]?["deploymentCircuitBreaker"] == ["enable": true, "rollback": true])
      #expect(service?["capacityProviderStrategy"]?.array?.count == 2)
    },
    RollingScenario(
      "a service definition with a load balancer",
      Scene.web().with { scene in
        scene.balance("web")
        scene.services = []
      },
      [
        "create": true, "task-definition": "web",
        "service-definition": .string(Checkout.fixture("deploy/ecs/service.yaml").string),
      ], .report(.succeeded), calls: ["RegisterTaskDefinition", "CreateService"]
    ) { server in
      let service = await server.world.describedService("web")
      #expect(service?["loadBalancers"]?[0]?["containerPort"] == 8080)
      #expect(service?["desiredCount"] == 2)
    },
    RollingScenario(
      "a task definition in YAML, with variables", .web(),
      [
        "task-definition": .string(Checkout.fixture("deploy/ecs/taskdef.yaml").string),
        "variables": ["CPU": 512, "STAGE": "prod"],
      ], .report(.succeeded)
    ) { server in
      let definition = await server.world.describedTaskDefinitions("web").last
      #expect(definition?["cpu"] == "512")
      let environment = definition?["containerDefinitions"]?[0]?["environment"]
      #expect(environment?.array?.contains(["name": "STAGE", "value": "prod"]) == true)
      #expect(environment?.array?.contains(["name": "TEMPLATE", "value": "${HOME}"]) == true)
      #expect(environment?.array?.contains(["name": "LEVEL", "value": "info"]) == true)
    },
    RollingScenario(
      "a variable without a value", .web(),
      [
        "task-definition": .string(Checkout.fixture("deploy/ecs/taskdef.yaml").string), "variables": ["CPU": "512"],
      ], .failure("invalid-config", .config), calls: [], runs: "web:1", says: ["${STAGE}"], hint: "$${STAGE}"),
    RollingScenario(
      "CodePipeline's taskdef.json", .web(),
      ["task-definition": .string(Checkout.fixture("deploy/ecs/taskdef.json").string)],
      images: ["IMAGE1_NAME": .built("app")], .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app@" + PluginImageDigest.value)
      let command = await server.world.describedTaskDefinitions("web").last?["containerDefinitions"]?[0]?["command"]
      #expect(command == ["sh", "-c", "echo ${HOME} <IMAGE1_NAME>"])
    },
    RollingScenario(
      "CodePipeline's imagedefinitions.json", .web(),
      ["image-definitions": .string(Checkout.fixture("deploy/ecs/imagedefinitions.json").string)], images: [:],
      .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:2026-11-22")
    },
  ]
}

enum PluginImageDigest {
  static let value = "sha256:" + String(repeating: "a", count: 64)
}

extension World {
  func get(_ service: String, _ operation: String, _ parameters: JSONValue) throws -> JSONValue {
    try call(service, operation, parameters)
  }
}

extension Scene {
  private static let prefix = "arn:aws:ecs:eu-central-1:123456789012"
  private static let parameters: JSONValue = [
    "TaskDefinitionArn": .string("\(prefix):task-definition/web:1"), "TaskCount": 2, "LaunchType": "FARGATE",
    "NetworkConfiguration": ["awsvpcConfiguration": ["Subnets": ["subnet-0a1b2c3d"]]],
  ]

  /// The target of the rule, with everything that has to stay.
  static let target: JSONValue = [
    "Id": "one", "Arn": .string("\(prefix):cluster/prod"), "RoleArn": "arn:aws:iam::123456789012:role/events",
    "Input": "{\"containerOverrides\":[]}", "EcsParameters": parameters,
    "RetryPolicy": ["MaximumRetryAttempts": 2],
    "DeadLetterConfig": ["Arn": "arn:aws:sqs:eu-central-1:123456789012:dead"],
  ]

  /// With the rule `nightly` and the schedule `hourly`, which run `web:1`.
  static func scheduled() -> Scene {
    Scene.web().with { scene in
      scene.calls = [
        ("events", "PutRule", ["Name": "nightly", "ScheduleExpression": "rate(1 day)"]),
        (
          "events", "PutTargets",
          [
            "Rule": "nightly",
            "Targets": [target, ["Id": "two", "Arn": "arn:aws:lambda:eu-central-1:123456789012:function:log"]],
          ]
        ),
        (
          "scheduler", "CreateSchedule",
          [
            "Name": "hourly", "ScheduleExpression": "rate(1 hour)", "ScheduleExpressionTimezone": "Europe/Berlin",
            "FlexibleTimeWindow": ["Mode": "OFF"], "State": "DISABLED", "Description": "tidies up",
            "Target": [
              "Arn": .string("\(prefix):cluster/prod"), "RoleArn": "arn:aws:iam::123456789012:role/scheduler",
              "EcsParameters": parameters,
            ],
          ]
        ),
      ]
    }
  }
}
