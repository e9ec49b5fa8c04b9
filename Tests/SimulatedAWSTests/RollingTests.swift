import JSON
import SimulatedAWS
import Testing

/// Rolling deployments, as boto3 sees them.
@Suite struct RollingTests {
  @Test func aDeploymentGoesOnAndIsOver() async throws {
    try await Simulation.serve(.web()) { server in
      let found = try await Simulation.run("rolling", at: server)
      #expect(found["before"] == [2, "COMPLETED", "ACTIVE"])
      #expect(found["tags"] == [["key": "team", "value": "shop"]])
      #expect(found["arn"]?.string?.hasSuffix(":task-definition/web:2") == true)
      #expect(found["states"]?.array?.count ?? 0 >= 3)
      #expect(found["states"]?.array?.last == ["SUCCESSFUL", 2, 0])
      #expect(found["digest"]?.string == "sha256:" + String(repeating: "a", count: 64))
      #expect(found["after"] == [2, found["arn"] ?? "", 1])
      #expect(found["stopped"] == ["ServiceSchedulerInitiated"])
      let events = found["events"]?.array?.compactMap(\.string) ?? []
      #expect(events.first == "(service web) has reached a steady state.")
      #expect(events.contains { $0.hasPrefix("(service web) has started 2 tasks: (task ") })
      #expect(server.violations == [])
    }
  }
}
