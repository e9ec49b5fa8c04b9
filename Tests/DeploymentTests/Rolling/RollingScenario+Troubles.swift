import DeployPlugins
import JSON
import SimulatedAWS
import Testing

extension RollingScenario {
  private static let denied = RollingScenario.End.failure("aws-denied", .authentication)

  /// Services that refuse, are slow, or forget.
  static let troubles: [RollingScenario] = [
    RollingScenario(
      "throttled everywhere",
      Scene.web().fault("DescribeServices", times: 4, .throttled).fault("DescribeTaskDefinition", times: 2, .throttled)
        .fault("RegisterTaskDefinition", times: 2, .throttled).fault("UpdateService", times: 3, .throttled),
      .report(.succeeded),
      calls: [
        "RegisterTaskDefinition 400", "RegisterTaskDefinition 400", "RegisterTaskDefinition", "UpdateService 400",
        "UpdateService 400", "UpdateService 400", "UpdateService",
      ]),
    RollingScenario(
      "throttled while waiting", Scene.web().fault("DescribeServices", times: 6, after: 4, .throttled),
      .report(.succeeded)),
    RollingScenario(
      "server errors",
      Scene.web().fault("DescribeServices", times: 2, .status(503)).fault("UpdateService", .status(500))
        .fault("DescribeServices", times: 2, after: 6, .status(502)), .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService 500", "UpdateService"]),
    RollingScenario(
      "connections that end",
      Scene.web().fault("DescribeServices", after: 3, .dropConnection)
        .fault("DescribeTaskDefinition", .dropConnection), .report(.succeeded)),
    RollingScenario(
      "the answer of UpdateService is lost", Scene.web().fault("UpdateService", .loseAnswer), .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService 0", "UpdateService"]),
    RollingScenario(
      "the answer of RegisterTaskDefinition is lost", Scene.web().fault("RegisterTaskDefinition", .loseAnswer),
      .report(.succeeded), calls: ["RegisterTaskDefinition 0", "RegisterTaskDefinition", "UpdateService"],
      runs: "web:3"),
    RollingScenario(
      "credentials end in the middle, and others are there",
      Scene.web().fault("DescribeServices", after: 5, .expiredToken), .report(.succeeded), renews: true),
    RollingScenario(
      "credentials end in the middle, twice",
      Scene.web().fault("DescribeServices", after: 4, .expiredToken).fault("DescribeServices", after: 7, .expiredToken),
      .report(.succeeded), renews: true),
    RollingScenario(
      "credentials end in the middle, and there are no others",
      Scene.web().fault("DescribeServices", after: 5, .expiredToken),
      .failure("aws-unauthorized", .authentication, .inProgress), says: ["ECS goes on"]),
    RollingScenario(
      "the update is not permitted", Scene.web().fault("UpdateService", .accessDenied), denied,
      calls: ["RegisterTaskDefinition", "UpdateService 400"], runs: "web:1", says: ["ecs:UpdateService"]),
    RollingScenario(
      "the registration is not permitted", Scene.web().fault("RegisterTaskDefinition", .accessDenied), denied,
      calls: ["RegisterTaskDefinition 400"], runs: "web:1"),
    RollingScenario(
      "the description is not permitted", Scene.web().fault("DescribeServices", .accessDenied), denied, calls: [],
      runs: "web:1"),
    RollingScenario(
      "the task definition is refused",
      Scene.web().fault(
        "RegisterTaskDefinition", .refused(Refusal("ClientException", "Invalid setting for container 'web'."))),
      .failure("task-definition-refused", nil, .failed), calls: ["RegisterTaskDefinition 400"], runs: "web:1",
      says: ["Invalid setting"]),
    RollingScenario(
      "the roles may not be passed",
      Scene.web().fault(
        "UpdateService",
        .refused(
          Refusal("InvalidParameterException", "User is not authorized to perform: iam:PassRole on resource: role/x"))),
      .failure("update-refused", nil, .failed), calls: ["RegisterTaskDefinition", "UpdateService 400"], runs: "web:1",
      hint: "iam:PassRole"),
    RollingScenario(
      "nothing but the most necessary calls is answered",
      [
        "GetCallerIdentity", "ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions",
        "ListTasks", "BatchGetImage", "DescribeAlarms", "DescribeTargetHealth", "GetLogEvents",
      ].reduce(Scene.web()) { $0.fault($1, times: 1000, .refused(Refusal("UnknownOperationException", "?"))) },
      .report(.succeeded)),
    RollingScenario(
      "a crash loop where the tasks cannot be listed",
      Scene.fated(.crashLoop()).fault("ListTasks", times: 1000, .accessDenied),
      .failure("crash-loop", nil, .failed), says: ["event: "]),
    RollingScenario(
      "logs that may not be read", Scene.fated(.crashLoop()).fault("GetLogEvents", times: 1000, .accessDenied),
      .failure("crash-loop", nil, .failed), says: ["exited with 1"]),
    RollingScenario(
      "a new service that is not seen at once",
      Scene().with {
        $0.clusters = [["clusterName": "prod", "capacityProviders": ["FARGATE"]]]
        $0.taskDefinitions = [Scene.taskDefinition("web", containers: ["web"])]
        $0.unseenFor = 4
      },
      [
        "create": true, "task-definition": "web", "network": ["subnets": ["subnet-1a2b3c4d"]], "desired-count": 1,
        "capacity-providers": ["FARGATE"],
      ], .report(.succeeded), calls: ["CreateLogGroup", "RegisterTaskDefinition", "CreateService"]),
  ]

  private static let on = "DescribeServices"

  /// Cancelled, cut off, begun again.
  static let interruptions: [RollingScenario] = [
    RollingScenario(
      "cancelled: ECS goes on", .fated(.stuck), steps: [.cancelled(after: on, count: 6)],
      .failure("cancelled", .cancelled, .inProgress), says: ["ECS goes on"], hint: "on-cancel"),
    RollingScenario(
      "cancelled: ECS is told to end it", .fated(.stuck), ["on-cancel": "stop"],
      steps: [.cancelled(after: on, count: 6)], .failure("cancelled", .cancelled, .stopped),
      calls: ["RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"], runs: nil),
    RollingScenario(
      "cancelled: back to what was there", .fated(.stuck), ["on-cancel": "rollback"],
      steps: [.cancelled(after: on, count: 6)], .failure("cancelled", .cancelled, .rolledBack),
      calls: ["RegisterTaskDefinition", "UpdateService", "StopServiceDeployment"], runs: "web:1",
      says: ["web:1 is back"]),
    RollingScenario(
      "cancelled: back the old way", Scene.fated(.stuck).withoutServiceDeployments(), ["on-cancel": "rollback"],
      steps: [.cancelled(after: on, count: 6)], .failure("cancelled", .cancelled, .rolledBack),
      calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"], runs: "web:1"),
    RollingScenario(
      "cancelled before anything is changed", .web(), steps: [.cancelled(after: on, count: 2)],
      .failure("cancelled", .cancelled), calls: [], runs: "web:1"),
    RollingScenario(
      "cancelled between the revision and the service; the revision is found again", .web(),
      steps: [.cancelled(after: "RegisterTaskDefinition", count: 1), .deploy], .report(.succeeded), runs: "web:2"),
    RollingScenario(
      "cancelled while ECS deploys; the next run waits for that", .web(),
      steps: [.cancelled(after: on, count: 4), .deploy], .report(.succeeded)),
    RollingScenario(
      "cancelled during a task before", Scene.web().with { $0.tasks = [.healthy] },
      ["before": ["task": "migrate", "command": ["migrate"]]], steps: [.cancelled(after: "DescribeTasks", count: 3)],
      .failure("cancelled", .cancelled), calls: ["RegisterTaskDefinition", "RunTask", "StopTask"], runs: "web:1"),
    RollingScenario(
      "the last deployment of this revision failed; it is tried again", .guarded(.crashLoop(), rollback: false),
      steps: [.deploy, .deploy], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"]),
    RollingScenario(
      "the service moved on since the plan", .web(),
      steps: [
        .deploy,
        .meanwhile { world in
          try world.call(
            "ecs", "RegisterTaskDefinition", Scene.taskDefinition("web", containers: ["web"], tag: "other"))
          try world.call("ecs", "UpdateService", ["cluster": "prod", "service": "web", "taskDefinition": "web:3"])
        }, .apply,
      ], .failure("plan-stale", nil, .failed), runs: "web:3", says: ["it runs web:3, and was planned from web:1"]),
  ]
}
