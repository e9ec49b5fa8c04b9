import DeployPlugins
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// Deployments by task sets on the simulated Amazon ECS.
@Suite struct TaskSetTests {
  @Test(arguments: TaskSetScenario.all) func endsAsItHasTo(_ scenario: TaskSetScenario) async throws {
    try await scenario.run()
  }

  private func served(
    _ body: @Sendable (SimulatedAWS, JSONValue, Scene.Fronts) async throws -> Void
  ) async throws {
    let (scene, fronts) = Scene.taskSets()
    let config: JSONValue = [
      "listener": .string(fronts.rule), "target-groups": [.string(fronts.blue), .string(fronts.green)],
    ]
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      try await body(server, config, fronts)
      #expect(server.violations == [])
    }
  }

  private func sets(_ server: SimulatedAWS) async -> [JSONValue] {
    await server.world.advance(20)
    return await server.world.describedService("web")?["taskSets"]?.array ?? []
  }

  @Test func aPlanSaysWhatWouldChangeAndChangesNothing() async throws {
    try await served { server, config, _ in
      let answer = await TaskSetScenario.trial(server, config).ask(.plan)
      let plan = try #require(answer.plan, Comment(rawValue: answer.text))
      #expect(plan.changes.map(\.action) == ["register", "create", "shift", "update", "delete"])
      #expect(plan.changes[2].after == ["web-green": 100])
      #expect(!server.calls.contains { $0.operation.hasPrefix("Create") || $0.operation.hasPrefix("Modify") })
    }
  }

  /// A run that ends anywhere without putting things in order, as kill -9 does, is taken up by the next one.
  @Test(arguments: ["is begun", "of 2 running", "10 % of the traffic", "is the primary one"])
  func aRunThatWasCutOffIsTakenUp(_ moment: String) async throws {
    try await served { server, config, fronts in
      var config = config
      config["steps"] = [10, 100]
      config["on-cancel"] = "leave"
      config["drain"] = "300ms"
      let trial = TaskSetScenario.trial(server, config)
      let cut = await trial.deployCancelled {
        if case .progress(let progress) = $0 { progress.message?.contains(moment) == true } else { false }
      }
      #expect(cut.failure?.category == .cancelled, Comment(rawValue: cut.text))
      let again = await trial.deploy()
      let text = Comment(rawValue: again.text)
      #expect(again.state == .succeeded, text)
      #expect(server.calls.count { $0.operation == "CreateTaskSet" } == 1, text)
      #expect(await sets(server).map { $0["status"] } == ["PRIMARY"], text)
      #expect(await server.world.share(of: fronts.green, at: fronts.rule) == 100, text)
    }
  }

  @Test func aSetThatWasKeptIsTheFastWayBack() async throws {
    try await served { server, config, fronts in
      var config = config
      config["keep-old"] = true
      let trial = TaskSetScenario.trial(server, config)
      #expect(await trial.deploy().state == .succeeded)
      #expect(await sets(server).count == 2)
      #expect(await trial.ask(.status).state == .succeeded)
      let back = await trial.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      let left = await sets(server)
      #expect(left.count == 1)
      #expect(left.first?["taskDefinition"]?.string?.hasSuffix("web:1") == true)
      #expect(await server.world.share(of: fronts.blue, at: fronts.rule) == 100)
      #expect(server.calls.count { $0.operation == "CreateTaskSet" } == 1)
    }
  }

  @Test func aRecordIsTheLongWayBack() async throws {
    try await served { server, config, _ in
      var trial = TaskSetScenario.trial(server, config)
      #expect(await trial.deploy().state == .succeeded)
      let none = await trial.ask(.rollback)
      #expect(none.failure?.code == "nothing-to-return-to", Comment(rawValue: none.text))
      trial.request.previous = ["outputs": ["taskDefinition": "web:1"]]
      let back = await trial.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      let left = await sets(server)
      #expect(left.map { $0["taskDefinition"]?.string?.hasSuffix("web:1") } == [true])
    }
  }

  @Test func orphansOfTheSameTaskDefinitionAreAdopted() async throws {
    try await served { server, config, _ in
      var first = config
      first["on-cancel"] = "leave"
      _ = await TaskSetScenario.trial(server, first).deployCancelled {
        if case .progress(let progress) = $0 { progress.message?.contains("is begun") == true } else { false }
      }
      var other = config
      other["orphans"] = "refuse"
      let refused = await TaskSetScenario.trial(server, other, digit: "e").deploy()
      #expect(refused.failure?.code == "orphan-task-sets", Comment(rawValue: refused.text))
      other["orphans"] = "adopt"
      let adopted = await TaskSetScenario.trial(server, other).deploy()
      #expect(adopted.state == .succeeded, Comment(rawValue: adopted.text))
      #expect(server.calls.count { $0.operation == "CreateTaskSet" } == 1)
    }
  }
}
