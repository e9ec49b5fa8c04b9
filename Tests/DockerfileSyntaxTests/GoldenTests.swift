import Foundation
import Testing

/// `SLIPWAY_RECORD=1` writes the expected files anew.
@Suite struct GoldenTests {
  static let isRecording = ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] == "1"

  @Test(arguments: SyntaxFixture.Kind.allCases)
  func thereAreCases(_ kind: SyntaxFixture.Kind) {
    let least = [SyntaxFixture.Kind.cases: 45, .expansions: 5, .ignores: 3, .triggers: 4]
    #expect(SyntaxFixture.all.filter { $0.kind == kind }.count >= least[kind] ?? 1)
  }

  @Test(arguments: SyntaxFixture.all)
  func isAsExpected(_ fixture: SyntaxFixture) throws {
    if Self.isRecording { try fixture.record() }
    #expect(try fixture.differences().isEmpty)
  }

  // MARK: The runner itself

  /// A runner that finds nothing finds nothing wrong: each damage must be seen.
  @Test(
    arguments: [
      (.cases, ["Dockerfile": "FROM b\n"], "expected.ast"), (.cases, ["Dockerfile": "FORM a\n"], "expected.ast"),
      (.cases, ["Dockerfile": "FORM a\n"], "expected.diagnostics"), (.cases, ["expected.ast": nil], "expected.ast"),
      (.cases, ["expected.ast": ""], "expected.ast"),
      (.cases, ["expected.diagnostics": "error"], "expected.diagnostics"),
      (.cases, ["notes": "?"], "notes"), (.cases, ["expected.txt": ""], "expected.txt"),
      (.expansions, ["words": "$b\n"], "expected.txt"), (.expansions, ["environment": "a=2\n"], "expected.txt"),
      (.expansions, ["paths": ""], "paths"), (.ignores, ["dockerignore": "b\n"], "expected.txt"),
      (.ignores, ["dockerignore": "[\n"], "expected.txt"), (.ignores, ["paths": "b\n"], "expected.txt"),
      (.triggers, ["trigger": "RUN b"], "expected.txt"), (.triggers, ["trigger": "RNU a"], "expected.txt"),
      (.triggers, ["expected.txt": nil], "expected.txt"),
    ] as [(SyntaxFixture.Kind, [String: String?], String)])
  func theRunnerSeesDamage(_ kind: SyntaxFixture.Kind, _ changes: [String: String?], _ file: String) throws {
    let folder = URL.temporaryDirectory.appending(path: "slipway-golden-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let inputs: [SyntaxFixture.Kind: [String: String]] = [
      .cases: ["Dockerfile": "FROM a\n"], .expansions: ["words": "$a\n", "environment": "a=1\n"],
      .ignores: ["dockerignore": "a\n", "paths": "a\n"], .triggers: ["trigger": "RUN a"],
    ]
    for (name, text) in inputs[kind] ?? [:] {
      try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }
    let fixture = SyntaxFixture(kind, folder)
    #expect(try !fixture.differences().isEmpty)
    try fixture.record()
    #expect(try fixture.differences().isEmpty)
    for (name, text) in changes {
      let changed = folder.appending(path: name)
      if let text {
        try text.write(to: changed, atomically: true, encoding: .utf8)
      } else {
        try FileManager.default.removeItem(at: changed)
      }
    }
    #expect(try fixture.differences().contains { $0.hasPrefix(file) })
  }
}
