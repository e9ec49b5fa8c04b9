import BuildPlanning
import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Folders in `fixtures/build-planning` with a `Dockerfile`, what the build is asked for and knows of images
/// (`options.json`, see `PlanningCase.Options`), and either the plan (`plan.txt`) or what is wrong (`error.txt`).
///
/// `SLIPWAY_RECORD=1` writes the expected files anew.
@Suite struct GoldenTests {
  static let root = Checkout.fixture("build-planning")
  static let isRecording = Environment.current.nonEmpty("SLIPWAY_RECORD") == "1"
  static let cases: [String] = ((try? Files.names(in: root)) ?? []).map(\.string)

  @Test func thereAreCases() {
    #expect(Self.cases.count >= 40)
  }

  @Test(arguments: cases)
  func plansAsExpected(_ name: String) throws {
    let folder = PlanningCase(Self.root.appending(name))
    if Self.isRecording { try folder.record() }
    #expect(try folder.differences().isEmpty)
  }

  // MARK: The runner itself

  private static let dockerfile = "FROM scratch\nENV A=1\n"

  /// A runner that finds nothing finds nothing wrong: each damage must be seen.
  @Test(
    arguments: [
      (["plan.txt": "result #7\n"], "plan.txt"), (["plan.txt": nil], "plan.txt"), (["error.txt": "error"], "error.txt"),
      (["Dockerfile": "FROM scratch\nENV A=2\n"], "plan.txt"), (["Dockerfile": "FROM scratch\nENV\n"], "plan.txt"),
      (["options.json": #"{"labels":{"a":"b"}}"#], "plan.txt"), (["notes.txt": "?"], "notes.txt"),
      (["options.json": #"{"lables":{}}"#], "options.json"),
    ] as [([String: String?], String)])
  func theRunnerSeesDamage(_ changes: [String: String?], _ file: String) throws {
    let scratch = try Scratch("golden")
    try scratch.write(["Dockerfile": .file(Self.dockerfile)])
    let folder = PlanningCase(scratch.path)
    try folder.record()
    #expect(try folder.differences().isEmpty)
    for (name, text) in changes {
      try Files.removeTree(scratch(name))
      if let text { try scratch.write([name: .file(text)]) }
    }
    #expect(try folder.differences().contains { $0.contains(file) })
  }

  @Test func theRunnerTellsThatThereIsNoExpectation() throws {
    let scratch = try Scratch("golden")
    try scratch.write(["Dockerfile": .file(Self.dockerfile)])
    #expect(try !PlanningCase(scratch.path).differences().isEmpty)
  }
}
