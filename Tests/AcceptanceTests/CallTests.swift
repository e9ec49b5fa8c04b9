import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// `build --call` answers and builds nothing.
@Suite struct CallTests {
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": """
    # made is for the others
    FROM scratch AS made
    # WHO is greeted
    ARG WHO=world
    COPY note.txt /
    FROM scratch AS other
    FROM made AS last
    RUN --mount=type=secret,id=token,required=true true
    LABEL who=$WHO

    """, "note.txt": "",
  ]

  private static func call(_ arguments: [String], _ body: (ChildProcess.Outcome) throws -> Void) async throws {
    try await Scratch.use("calls") { scratch in
      let folder = try scratch.write(files, in: "context")
      let binary = try SlipwayBinary(scratch)
      let outcome = try await binary.run(["build", "--quiet"] + arguments + [folder.string])
      expect(outcome)
      try body(outcome)
      #expect(try FileStatus.ifExists(binary.store.appending("oci")) == nil, "nothing is built")
    }
  }

  @Test func planIsShown() async throws {
    try await Self.call(["--print", "plan"]) { outcome in
      for part in ["#0 source context\n", "exec on #1\n", "secret", "\"who\" : \"world\"", "\nhistory\n"] {
        #expect(outcome.outputText.contains(part), "\(part) is not in\n\(outcome.outputText)")
      }
    }
    try await Self.call(["--print", "plan", "--format", "json", "--platform", "linux/amd64,linux/arm64"]) { outcome in
      let plan = try #require(JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
      #expect((plan["images"] as? [Any])?.count == 2)
      let vertices = try #require(plan["vertices"] as? [Any])
      #expect(!vertices.isEmpty)
    }
  }

  @Test func targetsAreListed() async throws {
    try await Self.call(["--call", "targets"]) { outcome in
      #expect(
        outcome.outputText.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") } == [
          "TARGET DESCRIPTION", "made is for the others", "other", "last (default)",
        ])
    }
    try await Self.call(["--call", "targets,format=json"]) { outcome in
      let list = try #require(JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
      #expect((list["targets"] as? [[String: Any]])?.map { $0["name"] as? String } == ["made", "other", "last"])
    }
  }

  @Test func whatABuildTakesIsListed() async throws {
    try await Self.call(["--call", "outline", "--build-arg", "WHO=you"]) { outcome in
      let lines = outcome.outputText.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
      #expect(lines.contains("WHO you is greeted"))
      #expect(lines.contains("token true"))
    }
    try await Self.call(["--call", "outline,format=json"]) { outcome in
      let outline = try #require(JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
      #expect((outline["args"] as? [[String: Any]])?.map { $0["value"] as? String } == ["world"])
      #expect((outline["secrets"] as? [[String: Any]])?.map { $0["name"] as? String } == ["token"])
    }
  }

  @Test func formsThatOnlyFindingsHaveAreRefused() async throws {
    try await Scratch.use("calls") { scratch in
      let folder = try scratch.write(Self.files, in: "context")
      let outcome = try await SlipwayBinary(scratch).run(["build", "--call", "targets,format=sarif", folder.string])
      expect(outcome, endsWith: ExitCode.usage.rawValue)
      #expect(outcome.errorText.contains("error[no-such-format]: "))
    }
  }
}
