import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Buildspecs in the manner of public ones, run as people run them on a machine without Docker.
@Suite(.pipelineServers) struct PipelineFixtureTests {
  @Test("does what is expected", arguments: PipelineFixture.names)
  func fixture(name: String) async throws {
    let servers = try #require(PipelineServers.current)
    let fixture = try PipelineFixture(name, servers)
    for answerer in fixture.expectation.aws {
      let outcome = try await fixture.run(answerer, servers)
      let faults = fixture.expectation.faults(in: outcome)
      #expect(
        faults.isEmpty,
        """
        \(name), aws answered by the \(answerer.rawValue):
        \(faults.joined(separator: "\n"))
        The log was:
        \(outcome.lines.joined(separator: "\n"))
        """)
    }
  }

  @Test func thereAreEnoughAndTheTableNamesAll() throws {
    #expect(PipelineFixture.names.count >= 100)
    let table = String(decoding: try Files.read(PipelineFixture.folder.appending("README.md")), as: UTF8.self)
    #expect(PipelineFixture.names.filter { !table.contains("`\($0)`") } == [])
  }

  /// In a git checkout, images are the same whenever and wherever they are built.
  @Test func oneCommitMakesOneImage() async throws {
    let servers = try #require(PipelineServers.current)
    let fixture = try PipelineFixture("hello-ecs", servers)
    let first = try await fixture.run(.shim, servers)
    try #require(fixture.expectation.faults(in: first) == [])
    let second = try await fixture.run(.shim, servers)
    #expect(first.pushed == second.pushed)
  }

  /// Shows that the fixtures can fail: each wrong expectation is found, and nothing else.
  @Test func wrongExpectationsFail() async throws {
    let servers = try #require(PipelineServers.current)
    let fixture = try PipelineFixture("login-repository-uri", servers)
    let right = fixture.expectation
    let outcome = try await fixture.run(.shim, servers)
    try #require(right.faults(in: outcome) == [])
    let repository = "{ecr}/team/shop-api"
    let wrong: [(String, (inout PipelineExpectation) -> Void)] = [
      ("it ended with 0, not 1", { $0.exit = 1 }),
      ("phases are", { $0.phases?.removeLast() }),
      ("phases are", { $0.phases?.insert("INSTALL", at: 0) }),
      ("phases are", { $0.phases?[1] = "BUILD FAILED" }),
      ("not pushed: ", { $0.pushed[repository]?["stable"] = "A" }),
      ("not pushed: ", { $0.pushed["{ecr}/other"] = ["latest": "A"] }),
      ("pushed, too: ", { $0.pushed[repository]?["latest"] = nil }),
      ("is the same as", { $0.pushed[repository]?["latest"] = "B" }),
      ("artifact lacks taskdef.json", { $0.artifacts.append("taskdef.json") }),
      ("artifact has imagedefinitions.json, too", { $0.artifacts = [] }),
      ("artifact more lacks x", { $0.secondary = ["more": ["x"]] }),
      ("imagedefinitions.json is", { $0.contents["imagedefinitions.json"] = "[]" }),
      ("no line is: Login Failed", { $0.log.append("Login Failed") }),
      ("a line is: Login Succeeded", { $0.never.append("Login Succeeded") }),
      ("exported are", { $0.exported = ["IMAGE_TAG": "1"] }),
      ("the list of platforms is", { $0.images["\(repository):latest"] = Self.image(platforms: ["linux/arm64"]) }),
    ]
    for (fault, change) in wrong {
      var expectation = right
      change(&expectation)
      let faults = expectation.faults(in: outcome)
      #expect(faults.contains { $0.contains(fault) }, "\(fault): \(faults)")
      #expect(faults.allSatisfy { $0.contains(fault) || $0.hasPrefix("there is no") }, "\(fault): \(faults)")
    }
  }

  private static func image(platforms: [String]) -> PipelineExpectation.Image {
    var image = PipelineExpectation.Image()
    image.platforms = platforms
    return image
  }
}
