import HostOS
import JSON
import SimulatedAWS
import Testing

/// What goes wrong with calls.
@Suite struct SimulatedFaultTests {
  private static let describe: JSONValue = ["cluster": "prod", "services": ["web"]]

  private static func serve(_ faults: [Fault], _ body: (SimulatedAWS, Caller) async throws -> Void) async throws {
    var scene = Scene.web()
    scene.faults = faults
    try await Simulation.serve(scene) { server in try await body(server, try Caller(server)) }
  }

  @Test(arguments: [Fault.Kind.throttled, .status(503), .dropConnection])
  func passingFaultsArePassing(_ kind: Fault.Kind) async throws {
    try await Self.serve([.fault("DescribeServices", times: 1, after: 1, kind)]) { server, caller in
      try await caller.ecs("DescribeServices", Self.describe)
      try await caller.ecs("DescribeServices", Self.describe)
      #expect(server.calls.count == 3)
      #expect(server.calls[1].status != 200)
    }
  }

  @Test func aRefusalStays() async throws {
    try await Self.serve([.fault("UpdateService", times: .max, .accessDenied)]) { server, caller in
      #expect(await caller.refusal("UpdateService", ["service": "web", "cluster": "prod"]) == "AccessDeniedException")
      #expect(server.violations == [])
    }
  }

  @Test func anyRefusalMayBeChosenAndAnswersMayBeSlow() async throws {
    let refusal = Refusal("ServerException", "Service Unavailable. Please try again later.", status: 500)
    let faults: [Fault] = [
      .fault("DescribeServices", .refused(refusal)), .fault("DescribeServices", .slow(.milliseconds(300))),
    ]
    try await Self.serve(faults) { server, caller in
      let start = ContinuousClock.now
      try await caller.ecs("DescribeServices", Self.describe)
      #expect(ContinuousClock.now - start >= .milliseconds(300))
      #expect(server.calls.map(\.errorCode) == ["ServerException", nil])
    }
  }

  @Test func tokensExpireUntilTheyAreRenewed() async throws {
    var scene = Scene.web()
    scene.faults = [.fault("DescribeServices", after: 1, .expiredToken)]
    try await Simulation.serve(scene) { server in
      let caller = try Caller(Environment(server.environmentWithRenewableCredentials))
      try await caller.ecs("DescribeServices", Self.describe)
      try await caller.ecs("DescribeServices", Self.describe)
      #expect(server.calls.map(\.errorCode) == [nil, "ExpiredTokenException", nil])
      #expect(server.calls[1].accessKeyID != server.calls[2].accessKeyID)
      // What has no other credentials stays refused.
      await server.world.add(.fault("DescribeServices", .expiredToken))
      let fixed = try Caller(server)
      #expect(await fixed.refusal("DescribeServices", Self.describe) == "ExpiredTokenException")
      #expect(await fixed.refusal("ListServices", ["cluster": "prod"]) == "ExpiredTokenException")
    }
  }

  @Test func anAnswerMayBeLostAfterItsEffect() async throws {
    try await Self.serve([.fault("RegisterTaskDefinition", .loseAnswer)]) { server, caller in
      try await caller.ecs("RegisterTaskDefinition", Scene.taskDefinition("web", containers: ["web"]))
      #expect(await server.world.describedTaskDefinitions("web").count == 3)
    }
  }

  @Test func whatIsNewIsNotSeenAtOnce() async throws {
    var scene = Scene.web()
    scene.unseenFor = 2
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      try await caller.ecs(
        "CreateService",
        [
          "cluster": "prod", "serviceName": "new", "taskDefinition": "web", "launchType": "FARGATE",
          "networkConfiguration": Scene.network,
        ])
      var reasons: [JSONValue?] = []
      for _ in 0..<3 {
        let told = try await caller.ecs("DescribeServices", ["cluster": "prod", "services": ["new"]])
        reasons.append(told["failures"]?[0]?["reason"])
      }
      #expect(reasons == ["MISSING", "MISSING", nil])
    }
  }

  @Test func momentsChangeTheWorldInBetween() async throws {
    var scene = Scene.web()
    scene.moments = [
      .after("DescribeServices") { world in
        try world.call("ecs", "UpdateService", ["cluster": "prod", "service": "web", "desiredCount": 5])
      }
    ]
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      let before = try await caller.ecs("DescribeServices", Self.describe)
      let after = try await caller.ecs("DescribeServices", Self.describe)
      #expect(before["services"]?[0]?["desiredCount"] == 2)
      #expect(after["services"]?[0]?["desiredCount"] == 5)
    }
  }
}
