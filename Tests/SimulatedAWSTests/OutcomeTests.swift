import JSON
import SimulatedAWS
import Testing

/// How deployments end.
@Suite struct OutcomeTests {
  private static let breaker: JSONValue = ["deploymentCircuitBreaker": ["enable": true, "rollback": true]]

  /// Begins a deployment and looks until it does not move any more.
  private static func deploy(
    _ scene: Scene, looks: Int = 40, _ check: (SimulatedAWS, JSONValue, JSONValue) async throws -> Void
  ) async throws {
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      var definition = Scene.taskDefinition("web", containers: ["web"], tag: "2")
      definition["tags"] = nil
      try await caller.ecs("RegisterTaskDefinition", definition)
      try await caller.ecs("UpdateService", ["cluster": "prod", "service": "web", "taskDefinition": "web:2"])
      var record: JSONValue = [:]
      let list = try await caller.ecs("ListServiceDeployments", ["cluster": "prod", "service": "web"])
      let arn = list["serviceDeployments"]?[0]?["serviceDeploymentArn"] ?? ""
      for _ in 0..<looks {
        record = try await caller.ecs("DescribeServiceDeployments", ["serviceDeploymentArns": [arn]])
        record = record["serviceDeployments"]?[0] ?? [:]
        if record["finishedAt"] != nil { break }
      }
      let service = await server.world.describedService("web") ?? [:]
      try await check(server, record, service)
      #expect(server.violations == [])
    }
  }

  private static func messages(_ service: JSONValue) -> [String] {
    (service["events"]?.array ?? []).compactMap { $0["message"]?.string }
  }

  @Test(arguments: [
    (Fate.crashLoop(exitCode: 3), "EssentialContainerExited", "Essential container in task exited"),
    (.cannotPull, "TaskFailedToStart", "CannotPullContainerError"),
    (.noSecret, "TaskFailedToStart", "ResourceInitializationError"),
    (.outOfMemory, "EssentialContainerExited", "Essential container in task exited"),
    (.unhealthyContainer, "ServiceSchedulerInitiated", "Task failed container health checks"),
  ])
  func theCircuitBreakerRollsBack(_ fate: Fate, _ code: String, _ reason: String) async throws {
    var scene = Scene.web { $0["deploymentConfiguration"] = Self.breaker }
    scene.deployments["web"] = [fate]
    try await Self.deploy(scene) { server, record, service in
      #expect(record["status"] == "ROLLBACK_SUCCESSFUL")
      #expect(record["deploymentCircuitBreaker"]?["status"] == "TRIGGERED")
      #expect(record["deploymentCircuitBreaker"]?["threshold"] == 3)
      #expect(service["taskDefinition"]?.string?.hasSuffix("/web:1") == true)
      #expect(service["runningCount"] == 2)
      let stopped = await server.world.describedTasks(ofService: "web").filter { $0["stopCode"]?.string == code }
      #expect(stopped.count { $0["stoppedReason"]?.string?.hasPrefix(reason) == true } >= 3)
      #expect(Self.messages(service).contains { $0.hasSuffix("deployment failed: tasks failed to start.") })
    }
  }

  @Test func withoutRollbackItStaysHalfway() async throws {
    var scene = Scene.web {
      $0["deploymentConfiguration"] = ["deploymentCircuitBreaker": ["enable": true, "rollback": false]]
    }
    scene.deployments["web"] = [.crashLoop()]
    try await Self.deploy(scene) { _, record, service in
      #expect(record["status"] == "STOPPED")
      #expect(service["deployments"]?[0]?["rolloutState"] == "FAILED")
      #expect(service["taskDefinition"]?.string?.hasSuffix("/web:2") == true)
      #expect(service["runningCount"] == 2)
    }
  }

  @Test func withoutACircuitBreakerItNeverEnds() async throws {
    var scene = Scene.web()
    scene.deployments["web"] = [.crashLoop()]
    try await Self.deploy(scene) { _, record, service in
      #expect(record["status"] == "IN_PROGRESS")
      #expect(service["deployments"]?[0]?["failedTasks"]?.int ?? 0 > 5)
      #expect(Self.messages(service).contains { $0.contains("is unable to consistently start tasks successfully") })
    }
  }

  @Test(arguments: [
    (Fate.stuck, "has started 2 tasks"), (.noCapacity, "Capacity is unavailable"),
    (.noInstance, "no container instance met"),
  ])
  func whatNeverStartsNeverEnds(_ fate: Fate, _ event: String) async throws {
    var scene = Scene.web { $0["deploymentConfiguration"] = Self.breaker }
    scene.deployments["web"] = [fate]
    try await Self.deploy(scene, looks: 15) { _, record, service in
      #expect(record["status"] == "IN_PROGRESS")
      #expect(Self.messages(service).contains { $0.contains(event) })
    }
  }

  @Test func rollbacksMayFail() async throws {
    var scene = Scene.web { $0["deploymentConfiguration"] = Self.breaker }
    scene.deployments["web"] = [.crashLoop()]
    scene.rollback = .crashLoop()
    scene.services[0]["deploymentConfiguration"]?["minimumHealthyPercent"] = 0
    try await Self.deploy(scene) { _, record, _ in #expect(record["status"] == "ROLLBACK_FAILED") }
  }

  @Test(arguments: [(true, "ROLLBACK_SUCCESSFUL"), (false, "STOPPED")])
  func alarmsEndDeployments(_ goesBack: Bool, _ status: String) async throws {
    var scene = Scene.web {
      $0["deploymentConfiguration"] = ["alarms": ["alarmNames": ["5xx"], "enable": true, "rollback": .bool(goesBack)]]
    }
    scene.alarms = [("5xx", "OK")]
    scene.deployments["web"] = [.alarm("5xx")]
    try await Self.deploy(scene) { _, record, service in
      #expect(record["status"]?.string == status)
      #expect(record["alarms"]?["triggeredAlarmNames"] == ["5xx"])
      #expect(Self.messages(service).contains { $0.hasSuffix("deployment failed: alarm detected.") })
    }
  }

  @Test func anAlarmThatIsOnAlreadyIsIgnored() async throws {
    var scene = Scene.web {
      $0["deploymentConfiguration"] = ["alarms": ["alarmNames": ["5xx"], "enable": true, "rollback": true]]
    }
    scene.alarms = [("5xx", "ALARM")]
    try await Self.deploy(scene) { _, record, _ in #expect(record["status"] == "SUCCESSFUL") }
  }

  @Test func percentagesThatAllowNothingMoveNothing() async throws {
    let scene = Scene.web {
      $0["deploymentConfiguration"] = ["minimumHealthyPercent": 100, "maximumPercent": 100]
    }
    try await Self.deploy(scene, looks: 15) { _, record, service in
      #expect(record["status"] == "IN_PROGRESS")
      #expect(Self.messages(service).contains { $0.contains("because of the service deployment configuration") })
    }
  }

  @Test func aNewerDeploymentSupersedes() async throws {
    var scene = Scene.web()
    scene.moments = [
      .after("DescribeServiceDeployments", count: 3) { world in
        try world.call("ecs", "UpdateService", ["cluster": "prod", "service": "web", "forceNewDeployment": true])
      }
    ]
    try await Self.deploy(scene) { _, record, service in
      #expect(record["status"] == "STOPPED")
      #expect(service["deployments"]?.array?.count ?? 0 >= 2)
    }
  }

  @Test func aDeploymentIsStoppedByARollback() async throws {
    var scene = Scene.web()
    scene.moments = [
      .after("DescribeServiceDeployments", count: 3) { world in
        let arn = world.describedDeployments("web").last?["serviceDeploymentArn"] ?? ""
        try world.call("ecs", "StopServiceDeployment", ["serviceDeploymentArn": arn, "stopType": "ROLLBACK"])
      }
    ]
    try await Self.deploy(scene) { _, record, service in
      #expect(record["status"] == "ROLLBACK_SUCCESSFUL")
      #expect(service["taskDefinition"]?.string?.hasSuffix("/web:1") == true)
    }
  }

  @Test func aFirstDeploymentThatFailsHasNowhereToGo() async throws {
    var scene = Scene.web()
    scene.services = []
    scene.deployments["web"] = [.crashLoop()]
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      try await caller.ecs(
        "CreateService",
        [
          "cluster": "prod", "serviceName": "web", "taskDefinition": "web", "desiredCount": 2, "launchType": "FARGATE",
          "networkConfiguration": Scene.network, "deploymentConfiguration": Self.breaker,
        ])
      for _ in 0..<20 { try await caller.ecs("DescribeServices", ["cluster": "prod", "services": ["web"]]) }
      let service = await server.world.describedService("web")
      #expect(service?["deployments"]?[0]?["rolloutState"] == "FAILED")
      #expect(service?["runningCount"] == 0)
      #expect(await server.world.describedDeployments("web")[0]["status"] == "IN_PROGRESS")
    }
  }

  @Test(
    arguments: [
      (["taskDefinition": "web:1"], false), (["forceNewDeployment": true], true), (["desiredCount": 3], false),
      (["volumeConfigurations": []], true), (["loadBalancers": []], false), (["enableExecuteCommand": true], false),
      (["capacityProviderStrategy": [["capacityProvider": "FARGATE_SPOT"]]], false),
      (["deploymentConfiguration": ["maximumPercent": 150]], false), (["platformVersion": "1.4.0"], true),
    ] as [(JSONValue, Bool)])
  func onlySomeChangesDeploy(_ change: JSONValue, _ deploys: Bool) async throws {
    try await Simulation.serve(.web()) { server in
      var parameters = change
      parameters["cluster"] = "prod"
      parameters["service"] = "web"
      try await (try Caller(server)).ecs("UpdateService", parameters)
      #expect(await server.world.describedDeployments("web").count == (deploys ? 2 : 1))
      #expect(server.violations == [])
    }
  }

  @Test(arguments: ["CODE_DEPLOY", "EXTERNAL"])
  func othersDeployTheirServicesThemselves(_ controller: String) async throws {
    let scene = Scene.web { $0["deploymentController"] = ["type": .string(controller)] }
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      let update: JSONValue = ["cluster": "prod", "service": "web", "forceNewDeployment": true]
      #expect(await caller.refusal("UpdateService", update) == "InvalidParameterException")
      #expect(await caller.refusal("UpdateService", ["cluster": "prod", "service": "web", "desiredCount": 1]) == nil)
    }
  }
}
