import DeployPlugins
import JSON
import SimulatedAWS

extension RollingScenario {
  private static let stopped = ["RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"]

  /// Deployments that come to a bad end, each with its explanation.
  static let failures: [RollingScenario] = [
    RollingScenario(
      "crash loop", .fated(.crashLoop()), .failure("crash-loop", nil, .failed),
      says: ["container web exited with 1", "ECONNREFUSED 10.0.3.17:5432", "last lines of /ecs/web ecs/web/"]),
    RollingScenario(
      "crash loop, taken back", .fated(.crashLoop()), ["on-failure": "rollback"],
      .failure("crash-loop", nil, .rolledBack), calls: stopped, runs: "web:1", says: ["web:1 is back"]),
    RollingScenario(
      "crash loop; on-timeout decides of failures, too", .fated(.crashLoop()), ["on-timeout": "rollback"],
      .failure("crash-loop", nil, .rolledBack), calls: stopped, runs: "web:1"),
    RollingScenario(
      "crash loop after so many tasks", .fated(.crashLoop()), ["crash-limit": 6], .failure("crash-loop", nil, .failed)),
    RollingScenario(
      "circuit breaker that goes back", .guarded(.crashLoop()), .failure("deployment-rolled-back", nil, .rolledBack),
      runs: "web:1", says: ["circuit breaker", "exited with 1"]),
    RollingScenario(
      "circuit breaker that does not go back", .guarded(.crashLoop(), rollback: false),
      .failure("deployment-failed", nil, .failed), says: ["circuit breaker"]),
    RollingScenario(
      "circuit breaker that does not go back; we do", .guarded(.crashLoop(), rollback: false),
      ["on-failure": "rollback"], .failure("deployment-failed", nil, .rolledBack),
      calls: ["RegisterTaskDefinition", "UpdateService", "StopServiceDeployment 400", "UpdateService"], runs: "web:1"),
    RollingScenario(
      "the way back fails as well", Scene.guarded(.crashLoop()).with { $0.rollback = .crashLoop() },
      .failure("rollback-failed", nil, .rollbackFailed), runs: "web:1"),
    RollingScenario(
      "an alarm goes off",
      Scene.web {
        $0["deploymentConfiguration"] = ["alarms": ["alarmNames": ["errors"], "enable": true, "rollback": true]]
      }.with {
        $0.alarms = [("errors", "OK")]
        $0.deployments["web"] = [.alarm("errors")]
      }, .failure("deployment-rolled-back", nil, .rolledBack), runs: "web:1", says: ["errors"],
      hint: "look at the alarm"),
    RollingScenario(
      "an alarm that is configured here", Scene.fated(.alarm("errors")).with { $0.alarms = [("errors", "OK")] },
      ["alarms": ["errors"]], .failure("deployment-rolled-back", nil, .rolledBack), runs: "web:1"),
    RollingScenario(
      "an alarm that was on before is not heeded",
      Scene.web {
        $0["deploymentConfiguration"] = ["alarms": ["alarmNames": ["errors"], "enable": true, "rollback": true]]
      }.with { $0.alarms = [("errors", "ALARM")] }, .report(.succeeded), warnings: ["alarm-already-on"]),
    RollingScenario(
      "cannot pull", .fated(.cannotPull), .failure("crash-loop", nil, .failed), says: ["CannotPullContainerError"],
      hint: "push the image first"),
    RollingScenario(
      "no variant for the platform", .fated(.wrongPlatform), .failure("crash-loop", nil, .failed),
      says: ["descriptor matching platform"], hint: "no variant for the task's architecture"),
    RollingScenario(
      "exec format error", .fated(.crashLoop(logs: ["exec /app/server: exec format error"])),
      .failure("crash-loop", nil, .failed), says: ["exec format error"], hint: "built for another architecture"),
    RollingScenario(
      "out of memory", .fated(.outOfMemory), .failure("crash-loop", nil, .failed),
      says: ["exited with 137", "OutOfMemory"],
      hint: "raise memory"),
    RollingScenario(
      "a secret cannot be read", .fated(.noSecret), .failure("crash-loop", nil, .failed),
      says: ["ResourceInitializationError"], hint: "may not read a secret"),
    RollingScenario(
      "the command is not there", .fated(.crashLoop(exitCode: 127, logs: [])), .failure("crash-loop", nil, .failed),
      says: ["exited with 127 (the command was not found)"]),
    RollingScenario(
      "no capacity", .fated(.noCapacity), ["timeout": "1s"], .failure("deployment-timed-out", nil, .timedOut),
      says: ["Capacity is unavailable"], hint: "try again later"),
    RollingScenario(
      "no instance that fits", .fated(.noInstance), ["timeout": "1s"], .failure("deployment-timed-out", nil, .timedOut),
      says: ["insufficient memory"], hint: "lack CPU, memory"),
    RollingScenario(
      "targets that never get healthy", Scene.fated(.unhealthy).with { $0.balance("web") },
      .failure("crash-loop", nil, .failed), says: ["Target.ResponseCodeMismatch"], hint: "health check"),
    RollingScenario(
      "a container that never gets healthy", .fated(.unhealthyContainer), .failure("crash-loop", nil, .failed),
      says: ["failed container health checks"], hint: "healthCheck"),
    RollingScenario(
      "stuck", .fated(.stuck), ["timeout": "1s"], .failure("deployment-timed-out", nil, .timedOut),
      says: ["not done in 1s"]),
    RollingScenario(
      "stuck, taken back", .fated(.stuck), ["timeout": "1s", "on-timeout": "rollback", "rollback-timeout": "60s"],
      .failure("deployment-timed-out", nil, .rolledBack), calls: stopped, runs: "web:1"),
    RollingScenario(
      "stuck, taken back the old way", Scene.fated(.stuck).withoutServiceDeployments(),
      ["timeout": "1s", "on-timeout": "rollback", "rollback-timeout": "60s"],
      .failure("deployment-timed-out", nil, .rolledBack),
      calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"], runs: "web:1"),
    RollingScenario(
      "stuck, and going back is stuck, too", Scene.fated(.stuck).with { $0.rollback = .stuck },
      ["timeout": "1s", "on-timeout": "rollback", "rollback-timeout": "1s"],
      .failure("deployment-timed-out", nil, .rollbackFailed),
      calls: stopped, runs: "web:1"),
    RollingScenario(
      "superseded", Scene.fated(.stuck).superseded(), .failure("deployment-superseded", nil, .superseded),
      runs: "web:3",
      says: ["somebody deployed web:3"], hint: "nothing is wrong with this revision"),
    RollingScenario(
      "superseded, without the service deployments API", Scene.fated(.stuck).superseded().withoutServiceDeployments(),
      .failure("deployment-superseded", nil, .superseded), runs: "web:3"),
    RollingScenario(
      "rolled back, without the service deployments API", Scene.guarded(.crashLoop()).withoutServiceDeployments(),
      .failure("deployment-rolled-back", nil, .rolledBack), runs: "web:1"),
    RollingScenario(
      "a first deployment has nothing to go back to",
      Scene().with {
        $0.clusters = [["clusterName": "prod", "capacityProviders": ["FARGATE"]]]
        $0.taskDefinitions = [Scene.taskDefinition("web", containers: ["web"])]
        $0.logGroups = ["/ecs/web"]
        $0.deployments["web"] = [.crashLoop()]
      },
      [
        "create": true, "task-definition": "web", "network": ["subnets": ["subnet-1a2b3c4d"]],
        "circuit-breaker": true, "desired-count": 1, "on-failure": "rollback",
        "capacity-providers": ["FARGATE"],
      ], .failure("deployment-failed", nil, .rollbackFailed),
      calls: ["RegisterTaskDefinition", "CreateService", "StopServiceDeployment"], runs: "web:2"),
    RollingScenario(
      "the service is deleted meanwhile",
      Scene.fated(.stuck).with {
        $0.moments = [
          .after("DescribeServices", count: 5) { world in
            try world.call("ecs", "DeleteService", ["cluster": "prod", "service": "web", "force": true])
          }
        ]
      }, .failure("service-gone", nil, .failed), runs: nil),
  ]
}

extension Scene {
  /// Somebody deploys another revision while ours is on its way.
  func superseded() -> Scene {
    with { scene in
      scene.moments.append(
        .after("DescribeServices", count: 5) { world in
          try world.call(
            "ecs", "RegisterTaskDefinition", Scene.taskDefinition("web", containers: ["web"], tag: "other"))
          try world.call("ecs", "UpdateService", ["cluster": "prod", "service": "web", "taskDefinition": "web:3"])
        })
    }
  }
}
