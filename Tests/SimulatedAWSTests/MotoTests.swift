import JSON
import SimulatedAWS
import Testing

/// The simulation beside moto, where moto answers as AWS does.
@Suite struct MotoTests {
  @Test func bothAnswerAlike() async throws {
    try await Simulation.serve(Scene()) { server in
      let theirs = try await Simulation.run("compare", at: server, ["--moto"])
      #expect(server.calls.isEmpty)
      let ours = try await Simulation.run("compare", at: server)
      for member in theirs.object?.members ?? [] { #expect(ours[member.name] == member.value, "\(member.name)") }
      #expect(ours.object?.count == theirs.object?.count)
      #expect(server.violations == [])
    }
  }
}
