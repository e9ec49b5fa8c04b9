import DeployPlugins
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// The move from CodeDeploy to ECS's own strategies.
@Suite struct MigrationTests {
  private static let role = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
  private static let config: JSONValue = ["migrate": true, "load-balancer": ["role": .string(role)]]

  private func served(
    _ scene: Scene = .codeDeploy(terminationMinutes: 15), _ body: @Sendable (SimulatedAWS) async throws -> Void
  ) async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      try await body(server)
      #expect(server.violations == [])
    }
  }

  @Test func aPlanSaysWhatWouldChange() async throws {
    try await served { server in
      let answer = await CodeDeployScenario.trial(server, Self.config).ask(.plan)
      let plan = try #require(answer.plan, Comment(rawValue: answer.text))
      #expect(plan.summary == "move web from CodeDeploy to ECS's own strategy BLUE_GREEN")
      #expect(plan.changes.map(\.action) == ["update", "update", "keep"])
      let update = try #require(plan.changes[1].after)
      #expect(update["deploymentController"] == ["type": "ECS"])
      #expect(update["deploymentConfiguration"]?["bakeTimeInMinutes"] == 15)
      let advanced = try #require(update["loadBalancers"]?[0]?["advancedConfiguration"])
      #expect(advanced["alternateTargetGroupArn"]?.string?.contains("web-green") == true)
      #expect(advanced["productionListenerRule"]?.string?.contains("f2f7dc8efc522ab2") == true)
      #expect(advanced["testListenerRule"]?.string?.contains("a3b8ed9f0d633bc3") == true)
      #expect(advanced["roleArn"]?.string == Self.role)
      #expect(CodeDeployScenario.changes(server) == [])
    }
  }

  @Test func theMoveIsMadeOnce() async throws {
    try await served { server in
      let trial = CodeDeployScenario.trial(server, Self.config)
      let answer = await trial.deploy()
      #expect(answer.state == .succeeded, Comment(rawValue: answer.text))
      #expect(CodeDeployScenario.changes(server) == ["ModifyListener", "UpdateService"])
      let service = try #require(await server.world.describedService("web"))
      #expect(service["deploymentController"]?["type"] == "ECS")
      #expect(service["deploymentConfiguration"]?["strategy"] == "BLUE_GREEN")
      let again = await trial.deploy()
      #expect(again.state == .unchanged, Comment(rawValue: again.text))
      #expect(CodeDeployScenario.changes(server).count == 2)
    }
  }

  @Test func aRoleHasToBeNamed() async throws {
    try await served { server in
      let answer = await CodeDeployScenario.trial(server, ["migrate": true]).deploy()
      #expect(answer.failure?.category == .config)
      #expect(answer.failure?.path == "/load-balancer")
      #expect(CodeDeployScenario.changes(server) == [])
    }
  }

  @Test func aDeploymentInProgressIsWaitedForByPeople() async throws {
    var scene = Scene.codeDeploy()
    scene.calls.append(("codedeploy", "CreateDeployment", CodeDeployScenario.other))
    try await served(scene) { server in
      let answer = await CodeDeployScenario.trial(server, Self.config).deploy()
      #expect(answer.failure?.code == "deployment-in-progress")
      #expect(CodeDeployScenario.changes(server) == [])
    }
  }
}
