import BlueGreenPlugin
import DeployPlugins
import ExternalPlugin
import Glibc
import HostOS
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

/// Plugins as processes of their own that are killed without notice while they deploy: the next run comes to the same
/// end, and nothing is left over.
@Suite struct KilledPluginTests {
  /// Runs an operation of a built-in plugin in a process of its own and kills it once it has written a text.
  private func kill(_ trial: PluginTrial, _ plan: JSONValue, at moment: String, _ scratch: Scratch) async throws {
    var request = trial.request
    request.operation = .apply
    request.plan = plan
    let name = "slipway-deploy-\(trial.plugin.description.name)"
    try scratch.write(["request.json": .file(request.json.text), "output": ""])
    try Files.makeSymbolicLink(scratch(name), saying: try SlipwayBinary(scratch).executable)
    let process = try DetachedProcess.start(
      "/bin/sh", ["sh", "-c", "exec \"$0\" apply <\"$1\"", scratch(name).string, scratch("request.json").string],
      environment: trial.environment, output: scratch("output"))
    let end = ContinuousClock.now + .seconds(30)
    while true {
      let written = String(decoding: try Files.read(scratch("output")), as: UTF8.self)
      if written.contains(moment) { break }
      let goesOn = ContinuousClock.now < end && DetachedProcess.ended(process) == nil
      try #require(goesOn, Comment(rawValue: written))
      try await Task.sleep(for: .milliseconds(2))
    }
    Glibc.kill(process, SIGKILL)
    while DetachedProcess.ended(process) == nil { try await Task.sleep(for: .milliseconds(2)) }
  }

  @Test(arguments: ["SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"])
  func blueGreenIsTakenUp(_ moment: String) async throws {
    let scratch = try Scratch("killed")
    try await SimulatedAWS.serve(scene: .blueGreen("CANARY"), models: try await AWSServer.models()) { server in
      let trial = NativeScenario.trial(server, [:])
      let plan = try #require(await trial.ask(.plan).result)
      try await kill(trial, plan, at: moment, scratch)
      let again = await trial.ask(.apply, plan: plan)
      let text = Comment(rawValue: again.text)
      #expect(again.state == .succeeded, text)
      #expect(server.calls.count { $0.operation == "UpdateService" } == 1, text)
      #expect(server.calls.count { $0.operation == "RegisterTaskDefinition" } == 1, text)
      #expect(server.violations == [])
    }
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: ["is begun", "10 % of the traffic", "is the primary one"])
  func taskSetsAreTakenUp(_ moment: String) async throws {
    let scratch = try Scratch("killed")
    let (scene, fronts) = Scene.taskSets()
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      let trial = TaskSetScenario.trial(
        server,
        [
          "listener": .string(fronts.rule), "target-groups": [.string(fronts.blue), .string(fronts.green)],
          "steps": [10],
        ])
      let plan = try #require(await trial.ask(.plan).result)
      try await kill(trial, plan, at: moment, scratch)
      let again = await trial.deploy()
      let text = Comment(rawValue: again.text)
      #expect(again.state == .succeeded, text)
      #expect(server.calls.count { $0.operation == "CreateTaskSet" } == 1, text)
      await server.world.advance(20)
      let sets = await server.world.describedService("web")?["taskSets"]?.array ?? []
      #expect(sets.map { $0["status"] } == ["PRIMARY"], text)
      #expect(await server.world.share(of: fronts.green, at: fronts.rule) == 100, text)
      #expect(server.violations == [])
    }
    withExtendedLifetime(scratch) {}
  }
}
