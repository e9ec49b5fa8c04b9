import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Mistakes: each message names place, cause and remedy; the exit code is the documented one; the store is as before.
@Suite struct MistakeTests {
  struct Mistake: Sendable {
    var dockerfile: String?
    var exitCode: ExitCode
    var message: String
    var arguments: [String] = []
  }

  static let mistakes: [Mistake] = [
    Mistake(
      dockerfile: nil, exitCode: .usage,
      message: """
        error[dockerfile-not-found]: there is no Dockerfile at CONTEXT/Dockerfile
          = help: name the Dockerfile with --file PATH, or build in the folder that has one

        """),
    Mistake(
      dockerfile: "FORM scratch\n", exitCode: .usage,
      message: """
        error[unknown-instruction]: there is no instruction FORM
         --> CONTEXT/Dockerfile:1:1
          |
        1 | FORM scratch
          | ^^^^
          = help: did you mean FROM?

        """),
    Mistake(
      dockerfile: "FROM scratch\nCOPY a.txt /\nCOPY b.text /b\n", exitCode: .failure,
      message: """
        error[copy-source-missing]: b.text is not in the build context
         --> CONTEXT/Dockerfile:3:6
          |
        3 | COPY b.text /b
          |      ^^^^^^
          = help: did you mean b.txt?
          = help: check the path, which is relative to the context, and .dockerignore

        """, arguments: ["--no-cache"]),
    Mistake(
      dockerfile: "FROM 127.0.0.1:1/nothing:here\n", exitCode: .unavailable,
      message: """
        error[registry-unreachable]: cannot reach the registry 127.0.0.1:1
         --> CONTEXT/Dockerfile:1:6
          |
        1 | FROM 127.0.0.1:1/nothing:here
          |      ^^^^^^^^^^^^^^^^^^^^^^^^
          = note: nothing listens at 127.0.0.1:1
          = help: check the port, and that the server is running

        """),
    Mistake(
      dockerfile: "FROM scratch AS build\nFROM scratch\nCOPY --from=biuld /x /\n", exitCode: .unavailable,
      message: "error[registry-unreachable]: cannot reach the registry docker.io\n --> CONTEXT/Dockerfile:3:13\n"),
    Mistake(
      dockerfile: "FROM scratch\n", exitCode: .usage,
      message: """
        error[unknown-target]: there is no stage "prod"
          = help: no stage has a name: give it one with FROM … AS prod

        """, arguments: ["--target", "prod"]),
  ]

  @Test(arguments: mistakes.indices)
  func isExplainedAndChangesNothing(_ index: Int) async throws {
    let mistake = Self.mistakes[index]
    try await Scratch.use("mistake") { scratch in
      let slipway = try SlipwayBinary(scratch)
      var files: [String: ScratchEntry] = ["a.txt": "a", "b.txt": "b"]
      files["Dockerfile"] = mistake.dockerfile.map { .file($0) }
      let context = try scratch.write(files, in: "context")
      let before = try Files.exists(slipway.store)
      let outcome = try await slipway.run(
        ["build", "--quiet", "--tag", "mistake"] + mistake.arguments + [context.string])
      expect(outcome, endsWith: mistake.exitCode.rawValue)
      let shown = outcome.errorText.replacing(context.string, with: "CONTEXT").drop { $0 == "\n" }
      #expect(shown.hasPrefix(mistake.message), "standard error was:\n\(shown)")
      #expect(outcome.output.isEmpty)
      #expect(!before)
      // What was made before the mistake may be kept; nothing has a name, and nothing is half made.
      let leftovers = try await Tool.output(
        "sh",
        [
          "-c", "cd \"$1\" 2>/dev/null || exit 0; find work ingest locks oci/index.json -type f 2>/dev/null; true",
          "sh", slipway.store.string,
        ])
      #expect(leftovers.isEmpty)
    }
  }

  @Test func aFailingCommandShowsItsOutputAndLeavesNothingHalfMade() async throws {
    try await Workplace.use { place in
      let files: [String: ScratchEntry] = [
        "Dockerfile": "ARG BASE\nFROM $BASE\nRUN echo one; echo two >&2; touch /partial; exit 3\n"
      ]
      let first = try await place.build(files, ["--quiet", "--tag", "broken"])
      expect(first, endsWith: 1)
      let context = place.scratch("context").string
      #expect(
        first.errorText.replacing(context, with: "CONTEXT") == """

          error[run-failed]: the command exited with code 3
           --> CONTEXT/Dockerfile:3:1
            |
          3 | RUN echo one; echo two >&2; touch /partial; exit 3
            | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            = note: its last output was:
                    one
                    two
            = help: mend the command and build again: the steps before it are kept

          """)
      let before = try await place.storeContents()
      expect(try await place.build(files, ["--quiet", "--tag", "broken"]), endsWith: 1)
      #expect(try await place.storeContents() == before)
      #expect(!before.contains("partial"))
      #expect(!before.contains("index.json"))
    }
  }

  @Test func wrongCredentialsSayWhereTheyComeFrom() async throws {
    try await Workplace.use(.init(access: .basic(.example))) { place in
      let wrong = TestRegistry.Credentials(user: "sailor", password: "wrong")
      try place.registry.writeDockerConfiguration(in: place.scratch("home/.docker"), credentials: wrong)
      let outcome = try await place.build(["Dockerfile": "ARG BASE\nFROM $BASE\n"], ["--quiet"])
      expect(outcome, endsWith: 4)
      let text = outcome.errorText
      #expect(text.contains("error[unauthorized]: the registry \(place.registry.authority) refuses the credentials"))
      #expect(text.contains("Dockerfile:2:6"))
      #expect(text.contains(place.scratch("home/.docker/config.json").string))
      #expect(text.contains("help: run: docker login \(place.registry.authority)"))
      #expect(!text.contains("wrong"))
      #expect(try !Files.exists(place.slipway.store))
    }
  }

  @Test(arguments: [
    (["bild"], "error[unknown-command]: there is no command \"bild\"\n  = help: did you mean slipway build?\n"),
    (["build"], "Error: Missing expected argument '<context>'\n"),
    (["build", "--progress", "fancy", "."], "Error: The value 'fancy' is invalid for '--progress <progress>'."),
    (["build", "."], "error[dockerfile-not-found]: there is no Dockerfile at ./Dockerfile\n"),
    (["build", "nowhere"], "error[context-not-found]: the context nowhere is not a folder\n"),
  ])
  func commandLinesAreChecked(_ arguments: [String], _ message: String) async throws {
    try await Scratch.use { scratch in
      let empty = try scratch.write([:], in: "empty")
      let outcome = try await SlipwayBinary(scratch).run(arguments, in: empty)
      expect(outcome, endsWith: ExitCode.usage.rawValue)
      #expect(outcome.errorText.drop { $0 == "\n" }.hasPrefix(message), "it was:\n\(outcome.errorText)")
      #expect(outcome.output.isEmpty)
    }
  }
}

extension Files {
  fileprivate static func exists(_ path: FilePath) throws -> Bool { try FileStatus.ifExists(path) != nil }
}
