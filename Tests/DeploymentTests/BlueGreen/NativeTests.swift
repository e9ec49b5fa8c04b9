import DeployPlugins
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// Deployments by ECS's own strategies on the simulated Amazon ECS.
@Suite struct NativeTests {
  @Test(arguments: NativeScenario.all) func endsAsItHasTo(_ scenario: NativeScenario) async throws {
    try await scenario.run()
  }

  private func served(
    _ scene: Scene = .blueGreen(), _ body: @Sendable (SimulatedAWS) async throws -> Void
  ) async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      try await body(server)
      #expect(server.violations == [])
    }
  }

  @Test func aPlanSaysWhatWouldChangeAndChangesNothing() async throws {
    try await served { server in
      let answer = await NativeScenario.trial(server, ["bake-time": "10m"]).ask(.plan)
      let plan = try #require(answer.plan, Comment(rawValue: answer.text))
      #expect(plan.changes.map(\.action) == ["register", "update", "shift"])
      #expect(plan.changes[2].before == "web-blue")
      #expect(plan.changes[2].after == "web-green")
      #expect(plan.changes[2].note == "all at once; then 10 min of bake time")
      let mutating = ["UpdateService", "RegisterTaskDefinition", "ModifyRule"]
      #expect(!server.calls.contains { mutating.contains($0.operation) })
    }
  }

  @Test func theWiringIsSentOnlyWhenItChanges() async throws {
    try await served { server in
      _ = await NativeScenario.trial(server, [:]).deploy()
      let update = try #require(server.calls.last { $0.operation == "UpdateService" })
      #expect(update.parameters.object?.names.sorted() == ["cluster", "service", "taskDefinition"])
    }
  }

  @Test func theGroupsTakeTurns() async throws {
    try await served { server in
      let first = await NativeScenario.trial(server, [:]).deploy()
      #expect(
        first.report?.outputs["targetGroup"]?.string?.contains("web-green") == true, Comment(rawValue: first.text))
      let again = await NativeScenario.trial(server, [:]).deploy()
      #expect(again.state == .unchanged)
      var other = NativeScenario.trial(server, [:])
      other.request.images["web"] = PluginImage(reference: "registry.example/web:2")
      let second = await other.deploy()
      #expect(
        second.report?.outputs["targetGroup"]?.string?.contains("web-blue") == true, Comment(rawValue: second.text))
      let back = await other.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      #expect(back.progress.contains { $0.message?.contains("goes back from web:3 to web:2") == true })
      #expect(await server.world.describedService("web")?["taskDefinition"]?.string?.hasSuffix("web:2") == true)
    }
  }

  /// A run that was cut off at any stage is taken up by the next one.
  @Test(arguments: TrafficStages.told) func aRunThatWasCutOffIsTakenUp(_ stage: String) async throws {
    var scene = Scene.blueGreen()
    scene.bakeTicks = 100
    scene.deployments["web"] = [.healthy(after: 100)]
    try await served(scene) { server in
      let trial = NativeScenario.trial(server, [:])
      let cut = await trial.deployCancelled {
        if case .progress(let progress) = $0 { progress.message?.hasPrefix(stage) == true } else { false }
      }
      #expect(cut.failure?.category == .cancelled, Comment(rawValue: cut.text))
      let again = await trial.deploy()
      #expect(again.state == .succeeded || again.state == .unchanged, Comment(rawValue: again.text))
      #expect(server.calls.count { $0.operation == "UpdateService" } == 1)
      #expect(server.calls.count { $0.operation == "RegisterTaskDefinition" } == 1)
    }
  }

  @Test func aDeploymentInProgressIsRolledBackOnDemand() async throws {
    var scene = Scene.blueGreen()
    scene.bakeTicks = 100
    try await served(scene) { server in
      let trial = NativeScenario.trial(server, [:])
      _ = await trial.deployCancelled {
        if case .progress(let progress) = $0 { progress.message?.hasPrefix("BAKE_TIME") == true } else { false }
      }
      let back = await trial.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      #expect(await server.world.describedService("web")?["taskDefinition"]?.string?.hasSuffix("web:1") == true)
    }
  }

  @Test func statusSaysWhatWaits() async throws {
    try await served(.blueGreen(hooks: [NativeScenario.pause(["POST_SCALE_UP"])])) { server in
      let trial = NativeScenario.trial(server, [:])
      _ = await trial.deployCancelled { if case .diagnostic = $0 { true } else { false } }
      let status = await trial.ask(.status)
      #expect(status.state == .waitingForApproval, Comment(rawValue: status.text))
      #expect(status.warnings.first?.message.contains("waits at POST_SCALE_UP") == true)
      var decision = trial
      decision.request.decision = ["action": "approve", "hook": "none"]
      let unknown = await decision.ask(.status)
      #expect(unknown.failure?.code == "nothing-to-decide", Comment(rawValue: unknown.text))
      decision.request.decision = ["action": "approve"]
      #expect(await decision.ask(.status).report?.changes.first?.action == "approve")
      var waiting = trial
      waiting.request.waits = true
      #expect(await waiting.ask(.status).state == .succeeded)
    }
  }
}
