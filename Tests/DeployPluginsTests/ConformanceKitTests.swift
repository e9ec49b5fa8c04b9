import DeployPlugins
import HostOS
import JSON
import SystemPackage
import TestSupport
import Testing

/// The kit accepts what is right, and finds each thing that is not.
@Suite struct ConformanceKitTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch("kit") }

  /// A right plugin, in which a test puts something wrong.
  private static let right = """
    #!/bin/sh
    say() { printf '%s\\n' "$1"; }
    fail() { say "{\\"type\\":\\"error\\",\\"error\\":{\\"code\\":\\"$1\\",\\"message\\":\\"no\\"}}"; exit 1; }
    case $1 in describe)
      say '{"type":"result","result":{"name":"t","version":"1","summary":"T.","protocols":[1],"operations":["describe","plan","apply"],"credentials":["aws"],"configSchema":{"type":"object"}}}'
      exit ;;
    plan | apply) ;;
    *) fail unknown-operation ;;
    esac
    request=$(cat)
    case $request in *'"protocol":1,'*) ;; *) fail invalid-request ;; esac
    changes='[]'; [ -e done ] || changes='[{"action":"make","target":"done"}]'
    if [ $1 = plan ]; then
      say "{\\"type\\":\\"result\\",\\"result\\":{\\"summary\\":\\"s\\",\\"changes\\":$changes}}"
    else
      sleep 0.3
      touch done
      say '{"type":"result","result":{"state":"succeeded","summary":"done","outputs":{"a":"b"}}}'
    fi

    """

  private func report(_ script: String, tries: Bool = true) async throws -> ConformanceReport {
    try scratch.write(["slipway-deploy-t": .file(script, mode: 0o755)])
    let plugin = LocatedPlugin(name: "t", path: scratch("slipway-deploy-t"), isBuiltIn: false)
    var kit = ConformanceKit(plugin, environment: ["PATH": "/usr/bin:/bin"], folder: scratch.path)
    kit.patience = .seconds(2)
    return try await kit.run(tries ? .init(configuration: PluginConfiguration()) : nil)
  }

  @Test func aRightPluginPasses() async throws {
    let report = try await report(Self.right)
    #expect(report.text.hasSuffix("t keeps to deploy protocol 1 (16 checks)"), "\(report.text)")
    #expect(report.succeeded && report.json["succeeded"] == true)
  }

  @Test func withoutATrialNothingIsApplied() async throws {
    let report = try await report(Self.right, tries: false)
    #expect(report.succeeded && report.checks.count { $0.skipped != nil } == 7)
    #expect(try FileStatus.ifExists(scratch("done")) == nil)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var from: String
    var to: String
    var check: String
    var problem: String
    var testDescription: String { "\(check): \(problem)" }
  }

  static let mistakes = [
    Mistake(
      from: "describe)", to: "describe) exit 0;;\nother)", check: "describe answers with a description of protocol 1",
      problem: "ended with the exit code 0 without a result or an error"),
    Mistake(
      from: #""protocols":[1]"#, to: #""protocols":[2]"#, check: "describe answers with a description of protocol 1",
      problem: "speaks version 2"),
    Mistake(
      from: #""name":"t""#, to: #""name":"u""#, check: "its name is that of its file", problem: "it calls itself u"),
    Mistake(
      from: #","apply"]"#, to: "]", check: "it offers describe, plan and apply", problem: "it does not offer apply"),
    Mistake(
      from: #"{"type":"object"}"#, to: #"{"typ":"object"}"#, check: "its schema is a JSON Schema that the host knows",
      problem: "/typ: the keyword typ is not known"),
    Mistake(
      from: #""summary":"T.""#, to: #""summary":"""#, check: "it has a version and a summary",
      problem: "one of them is empty"),
    Mistake(
      from: "*) fail unknown-operation ;;", to: "*) exit 0 ;;", check: "an unknown operation ends with an error and 1",
      problem: "ended with the exit code 0"),
    Mistake(
      from: "*) fail unknown-operation ;;", to: "*) exec sleep 600 ;;",
      check: "an unknown operation ends with an error and 1", problem: "no answer within 2s"),
    Mistake(
      from: "*) fail invalid-request", to: "*garbage*) kill -SEGV $$ ;; *) fail invalid-request",
      check: "garbage on standard input ends with an error and 1", problem: "was ended by signal 11"),
    Mistake(
      from: "*) fail invalid-request", to: "'') echo hm; exit 1 ;; *) fail invalid-request",
      check: "an empty standard input ends with an error and 1", problem: "line 1 of its output is no JSON"),
    Mistake(
      from: #"*'"protocol":1,'*)"#, to: "*protocol*)", check: "a request of another protocol ends with an error and 1",
      problem: "it took it, with a result"),
    Mistake(
      from: "if [ $1 = plan ]; then", to: "if [ $1 = plan ]; then echo planning",
      check: "plan with dryRun has a plan", problem: "line 1 of its output is no JSON"),
    Mistake(
      from: #""target":"done"}"#, to: #""target":"'$$'"}"#, check: "plan has the same changes again",
      problem: "the changes are others than with dryRun"),
    Mistake(
      from: "sleep 0.3", to: "echo no; sleep 0.3", check: "apply has a result that is a success",
      problem: "line 1 of its output is no JSON"),
    Mistake(
      from: #""state":"succeeded""#, to: #""state":"failed""#, check: "apply has a result that is a success",
      problem: "its state is failed"),
    Mistake(
      from: #"{"a":"b"}}}'"#, to: #"{"a":'$$'}}}'"#, check: "apply of the same plan twice has the same outputs",
      problem: "its outputs are others the second time"),
    Mistake(
      from: "touch done", to: "true", check: "nothing is left to change then", problem: "it would still change \"done\""
    ),
    Mistake(
      from: "touch done", to: "touch done; echo $AWS_SECRET_ACCESS_KEY >&2", check: "no secret is in its output",
      problem: "its output has an AWS secret in it"),
  ]

  @Test(arguments: mistakes) func mistakesAreFound(_ mistake: Mistake) async throws {
    let script = Self.right.replacing(mistake.from, with: mistake.to)
    try #require(script != Self.right)
    let report = try await report(script)
    let failed = report.checks.filter { $0.problem != nil }
    #expect(!report.succeeded)
    #expect(
      failed.contains { $0.name == mistake.check && $0.problem?.contains(mistake.problem) == true }, "\(report.text)")
  }

  @Test func whoDoesNotEndAtSIGTERMIsFound() async throws {
    let script = Self.right.replacing("#!/bin/sh\n", with: "#!/bin/sh\ntrap '' TERM\n")
      .replacing("sleep 0.3", with: "[ -e told ] || { touch told; while :; do sleep 0.02; done; }")
      .replacing(#""credentials""#, with: #""cancelGraceSeconds":0,"credentials""#)
    let report = try await report(script)
    let check = report.checks.first { $0.name == "apply ends at SIGTERM" }
    #expect(check?.problem == "it did not end within 0s", "\(report.text)")
  }
}
