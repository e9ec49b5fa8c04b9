import AWS
import HostOS
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

/// Scenes of deployments that are rehearsed.
@Suite struct RehearsalSceneTests {
  @Test(arguments: RehearsalFailure.allCases)
  func everyFailureIsDocumented(_ failure: RehearsalFailure) throws {
    let page = String(
      decoding: try Files.read(Checkout.root.appending("docs").appending("rehearsal.md")), as: UTF8.self)
    #expect(page.contains("| `\(failure.rawValue)` | \(failure.summary) |"))
  }

  @Test func theSceneHasWhatTheDeploymentNames() async throws {
    let configuration: JSONValue = [
      "cluster": "shop", "service": "api", "containers": ["api": "app", "proxy": "nginx"],
      "schedules": [["rule": "nightly"], ["schedule": "hourly", "group": "jobs"]],
    ]
    let rehearsal = Rehearsal(
      plugin: "rolling", configuration: configuration,
      images: ["app": "example.com:5000/team/app:2", "nginx": "nginx@sha256:0"])
    let scene = Scene(rehearsing: [rehearsal], region: "us-east-1", failure: nil)
    try await Simulation.serve(scene) { server in
      let service = try #require(await server.world.describedService("api", cluster: "shop"))
      #expect(service["runningCount"] == 3)
      #expect(service["loadBalancers"]?[0]?["containerName"] == "api")
      let definition = await server.world.describedTaskDefinitions("api")[0]
      let images = definition["containerDefinitions"]?.array?.compactMap { $0["image"]?.string }
      #expect(images == ["example.com:5000/team/app:previous", "nginx:previous"])
      let caller = try Caller(server)
      let targets = try await caller.client.call(.events, "ListTargetsByRule", ["Rule": "nightly"])
      #expect(targets["Targets"]?.array?.count == 1)
      #expect(server.violations == [])
    }
  }

  @Test func timePassesByItself() async throws {
    let rehearsal = Rehearsal(plugin: "rolling", configuration: ["cluster": "prod", "service": "web"], images: [:])
    let scene = Scene(rehearsing: [rehearsal], region: "us-east-1", failure: nil, speed: 1000)
    try await Simulation.serve(scene) { server in
      let caller = try Caller(server)
      try await caller.ecs("UpdateService", ["cluster": "prod", "service": "web", "forceNewDeployment": true])
      var state: JSONValue?
      while state != "COMPLETED" {
        let told = try await caller.ecs("DescribeServices", ["cluster": "prod", "services": ["web"]])
        state = told["services"]?[0]?["deployments"]?[0]?["rolloutState"]
      }
      #expect(await server.world.tick > 3)
    }
  }
}
