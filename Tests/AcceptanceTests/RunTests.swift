import Diagnostics
import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// `slipway run`, as people and CI systems call it.
@Suite struct RunTests {
  /// A source with a buildspec, and slipway to run it.
  struct Place {
    let scratch: Scratch
    var slipway: SlipwayBinary
    var source: FilePath { scratch("source") }

    init(_ buildspec: String, _ files: [String: ScratchEntry] = [:]) throws {
      scratch = try Scratch("run")
      slipway = try SlipwayBinary(scratch)
      try scratch.write(files.merging(["buildspec.yml": .file(buildspec)]) { $1 }, in: "source")
    }

    func run(_ arguments: [String] = []) async throws -> ChildProcess.Outcome {
      try await slipway.run(["run"] + arguments, in: source)
    }

    func text(_ name: String) throws -> String {
      String(decoding: try Files.read(source.pushing(FilePath(name))), as: UTF8.self)
    }
  }

  /// The lines of the log without their times.
  static func log(_ outcome: ChildProcess.Outcome) -> [String] {
    outcome.errorText.split(separator: "\n").map { line in
      String(line).replacing(#/^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} /#, with: "")
    }
  }

  /// A command in each phase that fails on demand.
  private static let phases = """
    version: 0.2
    phases:
      install: {commands: ['echo install; test $FAIL != install'], finally: [echo finally-install]}
      pre_build: {commands: ['echo pre_build; test $FAIL != pre_build']}
      build: {commands: ['echo build; test $FAIL != build', echo more], finally: [echo finally-build]}
      post_build: {commands: ['echo post_build $CODEBUILD_BUILD_SUCCEEDING; test $FAIL != post_build']}

    """

  @Test(
    arguments: [
      ("none", 0, ["install", "finally-install", "pre_build", "build", "more", "finally-build", "post_build 1"]),
      ("install", 1, ["install", "finally-install"]),
      ("pre_build", 1, ["install", "finally-install", "pre_build"]),
      ("build", 1, ["install", "finally-install", "pre_build", "build", "finally-build", "post_build 0"]),
      ("post_build", 1, ["install", "finally-install", "pre_build", "build", "more", "finally-build", "post_build 1"]),
    ] as [(String, Int32, [String])])
  func phasesFollowCodeBuildsTable(failing: String, status: Int32, expected: [String]) async throws {
    let place = try Place(Self.phases)
    let outcome = try await place.run(["--env", "FAIL=\(failing)"])
    expect(outcome, endsWith: status)
    let said = Self.log(outcome).filter { line in expected.contains(line) || line.hasPrefix("post_build ") }
    #expect(said == expected)
    #expect(outcome.outputText.isEmpty)
    if status == 1 {
      #expect(outcome.errorText.contains("Phase complete: \(failing.uppercased()) State: FAILED"))
      #expect(
        outcome.errorText.contains(
          "Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: "))
      #expect(outcome.errorText.contains("exit status 1"))
    }
  }

  @Test(
    arguments: [
      ("ABORT", ["build"], 1), ("CONTINUE", ["build", "post 0"], 1),
      ("RETRY-2", ["build", "build", "build", "post 0"], 1),
      ("RETRY-5-exit status 3", ["build", "post 0"], 1), ("RETRY-1-.*status 1", ["build", "build", "post 0"], 1),
    ] as [(String, [String], Int32)])
  func failuresAreDealtWithAsAsked(action: String, expected: [String], status: Int32) async throws {
    let place = try Place(
      """
      version: 0.2
      phases:
        build: {on-failure: \(action), commands: [echo build, 'false']}
        post_build: {commands: [echo post $CODEBUILD_BUILD_SUCCEEDING]}

      """)
    let outcome = try await place.run()
    expect(outcome, endsWith: status)
    #expect(Self.log(outcome).filter { $0 == "build" || $0.hasPrefix("post ") } == expected)
  }

  @Test func aPhaseThatSucceedsInTheEndSucceeded() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  pre_build:\n    on-failure: RETRY\n    commands: ['test -e mark || { touch mark; exit 9; }']\n"
    )
    let outcome = try await place.run()
    expect(outcome)
    #expect(outcome.errorText.contains("Retrying phase PRE_BUILD: attempt 1 of 3"))
  }

  @Test func variablesHaveTheirOrder() async throws {
    let place = try Place(
      "version: 0.2\nenv:\n  variables: {A: file, B: file, C: file, D: '$PATH:x', E: file}\n  exported-variables: [A, B, C, D, E, F, LATE, NONE]\n"
        + "phases:\n  post_build:\n    commands: [LATE=set]\n",
      ["vars.env": .file("# comment\nB=env file\nC=env file\nF\n")])
    var here = place
    here.slipway.environment.variables.merge(["A": "caller", "E": "caller", "F": "caller"]) { $1 }
    let outcome = try await here.run([
      "--env-file", "vars.env", "--env", "C=option", "-e", "E", "--format", "json", "--dotenv", "out.env",
    ])
    expect(outcome)
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output)) as? [String: Any])
    #expect(
      document["exported-variables"] as? [String: String] == [
        "A": "file", "B": "env file", "C": "option", "D": "$PATH:x", "E": "caller", "F": "caller", "LATE": "set",
      ])
    #expect(document["status"] as? String == "SUCCEEDED")
    #expect(try place.text("out.env") == "A=file\nB=env file\nC=option\nD=$PATH:x\nE=caller\nF=caller\nLATE=set\n")
  }

  @Test func outputsGoToGitHub() async throws {
    let place = try Place(
      "version: 0.2\nenv: {exported-variables: [A, B]}\nphases:\n  build:\n    commands: [A=1, \"B=$(printf 'x\\\\ny')\"]\n"
    )
    var here = place
    here.slipway.environment.variables["GITHUB_OUTPUT"] = place.scratch("github").string
    expect(try await here.run(["--metadata-file", "meta.json"]))
    let text = String(decoding: try Files.read(place.scratch("github")), as: UTF8.self)
    #expect(text.contains(#/^A=1\nB<<(ghadelimiter_\S+)\nx\ny\nghadelimiter_\S+\n$/#))
    #expect(try place.text("meta.json").contains("\"status\" : \"SUCCEEDED\""))
  }

  @Test func codeBuildsVariablesTellOfTheCheckout() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  build:\n    commands:\n      - env | grep -E '^(CODEBUILD|SOURCE_DATE)' | sort > ../vars\n"
    )
    for arguments in [
      ["init", "-q", "-b", "trunk"], ["add", "."],
      ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "-m", "x", "--date", "2024-01-02T03:04:05Z"],
      ["remote", "add", "origin", "https://user:pw@example.com/a/b.git"],
    ] {
      try await Tool.run(
        "git", arguments,
        environment: [
          "PATH": Environment.current["PATH"] ?? "", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z", "HOME": "/",
        ],
        in: place.source)
    }
    expect(try await place.run())
    expect(try await place.run())
    let lines = String(decoding: try Files.read(place.scratch("vars")), as: UTF8.self).split(separator: "\n")
    let values = Dictionary(
      uniqueKeysWithValues: lines.map { line in
        let parts = line.split(separator: "=", maxSplits: 1)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : "")
      })
    let commit = try await Tool.output("git", ["-c", "safe.directory=*", "rev-parse", "HEAD"], in: place.source)
    #expect(values["CODEBUILD_RESOLVED_SOURCE_VERSION"] == commit && values["CODEBUILD_SOURCE_VERSION"] == "trunk")
    #expect(values["CODEBUILD_SOURCE_REPO_URL"] == "https://example.com/a/b.git")
    #expect(values["CODEBUILD_BUILD_NUMBER"] == "2" && values["SOURCE_DATE_EPOCH"] == "1704164645")
    #expect(values["CODEBUILD_BUILD_ID"]?.contains(#/^source:[0-9a-f]{8}-[0-9a-f]{4}-4/#) == true)
    #expect(values["CODEBUILD_SRC_DIR"].map { FilePath($0) } == place.source && values["CODEBUILD_CI"] == "true")
  }

  @Test func mistakesEndTheRunBeforeAnyCommand() async throws {
    let place = try Place(
      "version: 0.2\nphases:\n  install: {commands: [touch ran]}\n  build:\n    commands:\n      - echo \"a: b\"\n  tset: {}\n"
    )
    let outcome = try await place.run()
    expect(outcome, endsWith: 2)
    #expect(
      outcome.errorText.contains(
        "Phase context status code: YAML_FILE_ERROR Message: Expected Commands[0] to be of string type"))
    #expect(outcome.errorText.contains(":6:9\n") && outcome.errorText.contains("there is no phase tset"))
    #expect(try FileStatus.ifExists(place.source.appending("ran")) == nil)
  }

  @Test func missingFilesHaveNeighbours() async throws {
    let place = try Place("version: 0.2\nphases: {}\n", ["other": .file("")])
    try Files.rename(place.source.appending("buildspec.yml"), to: place.source.appending("buildspec.yaml"))
    let outcome = try await place.run()
    expect(outcome, endsWith: 2)
    #expect(
      outcome.errorText.contains("YAML file does not exist")
        && outcome.errorText.contains("did you mean slipway run buildspec.yaml?"))
    expect(try await place.run(["buildspec.yaml"]))
  }

  @Test func secretsAreMasked() async throws {
    let place = try Place(
      """
      version: 0.2
      env: {exported-variables: [COPY]}
      phases:
        build:
          commands:
            - printf 'hun'; sleep 0.2; printf 'ter2-%s\\n' end
            - echo "$DB_PASSWORD" >&2; COPY=$DB_PASSWORD
            - 'false hunter2-end'

      """)
    let outcome = try await place.run(["--env", "DB_PASSWORD=hunter2-end", "--format", "json"])
    expect(outcome, endsWith: 1)
    #expect(!outcome.errorText.contains("hunter2-end") && !outcome.outputText.contains("hunter2-end"))
    #expect(Self.log(outcome).filter { $0 == "***" }.count == 2 && outcome.outputText.contains("false ***"))
  }

  @Test func dryRunsRunNothing() async throws {
    let place = try Place(
      Self.phases
        + "artifacts: {files: [a.json]}\nslipway: {images: {web: {tags: ['$R:1']}}, deploy: [{plugin: rolling}]}\n")
    let outcome = try await place.run(["--dry-run"])
    expect(outcome)
    #expect(outcome.outputText.contains("phase build:\n  echo build; test $FAIL != build\n"))
    #expect(
      outcome.outputText.contains("image web: . as $R:1, pushed\n") && outcome.outputText.contains("deploy    rolling"))
    #expect(!outcome.errorText.contains("Entering phase"))
    let json = try await place.run(["--dry-run", "--format", "json"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.output)) is [String: Any])
  }

  @Test func quietRunsSayNothing() async throws {
    let place = try Place("version: 0.2\nphases: {build: {commands: [echo hello]}}\n")
    let outcome = try await place.run(["--progress", "quiet"])
    expect(outcome)
    #expect(outcome.errorText.isEmpty && outcome.outputText.isEmpty)
  }
}
