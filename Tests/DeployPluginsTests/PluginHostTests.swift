import DeployPlugins
import Diagnostics
import HostOS
import JSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// What the host makes of plugins that do as they should, and of those that do not.
@Suite struct PluginHostTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch("host") }

  /// A shell script that answers `describe` as it should.
  private func plugin(
    _ script: String, credentials: String = "", grace: Int = 20
  ) throws -> (LocatedPlugin, PluginDescription) {
    let text = """
      #!/bin/sh
      result() { echo '{"type":"result","result":{"state":"succeeded","summary":"done"}}'; }
      error() { echo '{"type":"error","error":{"code":"x","message":"it failed"}}'; }
      \(script)

      """
    try scratch.write(["slipway-deploy-t": .file(text, mode: 0o755)])
    var description = PluginDescription(
      name: "t", version: "1", summary: "T.", operations: PluginOperation.allCases,
      credentials: credentials.isEmpty ? [] : [.aws], configSchema: ["type": "object"], cancelGraceSeconds: grace)
    description.protocols = [1]
    return (LocatedPlugin(name: "t", path: scratch("slipway-deploy-t"), isBuiltIn: false), description)
  }

  private func host(_ variables: [String: String] = [:]) -> PluginHost {
    PluginHost(
      environment: Environment(["PATH": "/usr/bin:/bin", "HOME": scratch.path.string].merging(variables) { $1 }),
      folder: scratch.path)
  }

  private func apply(
    _ script: String, limit: Duration = .seconds(60), grace: Int = 20,
    _ events: @escaping @Sendable (PluginHost.Event) -> Void = { _ in }
  ) async throws -> JSONValue {
    let (plugin, description) = try plugin(script, grace: grace)
    var request = PluginRequest(.apply, id: "1")
    request.plan = DeploymentPlan(summary: "").json
    return try await host().run(request, plugin, description, PluginConfiguration(), limit: limit, events)
  }

  // MARK: Misbehaviour

  struct Misbehaviour: Sendable, CustomTestStringConvertible {
    var script: String
    var what: String
    var testDescription: String { what }
    init(_ script: String, _ what: String) {
      self.script = script
      self.what = what
    }
  }

  static let misbehaviours = [
    Misbehaviour("echo garbage; result", "line 1 of its output is no JSON (a value has to be here): garbage"),
    Misbehaviour(
      "result | head -c 20; exit 0", "line 1 of its output is no JSON (the quotation mark is never closed)"),
    Misbehaviour("echo '[]'; result", "line 1 of its output is no message (it is no object): []"),
    Misbehaviour(
      #"echo '{"type":"dance"}'; result"#, #"line 1 of its output is no message ("dance" is no type of message)"#),
    Misbehaviour(
      #"echo '{"type":"progress"}'; result"#,
      "line 1 of its output is no message (its members are not those of progress)"),
    Misbehaviour("exit 0", "it ended with the exit code 0 without a result or an error"),
    Misbehaviour("exit 1", "it ended with the exit code 1 without a result or an error"),
    Misbehaviour("nowhere-to-be-found", "it ended with the exit code 127 without a result or an error"),
    Misbehaviour("result; exit 1", "it answered with a result, and then ended with the exit code 1"),
    Misbehaviour("error; exit 0", "it answered with an error, and then ended with the exit code 0"),
    Misbehaviour("error; exit 3", "it answered with an error, and then ended with the exit code 3"),
    Misbehaviour("result; result", "it went on after its answer, with line 2"),
    Misbehaviour("error; result; exit 1", "it went on after its answer, with line 2"),
    Misbehaviour(
      #"result; echo '{"type":"log","text":"more"}'"#,
      #"it went on after its answer, with line 2: {"type":"log","text":"more"}"#),
    Misbehaviour("kill -SEGV $$", "it was ended by signal 11 without a result or an error"),
    Misbehaviour("result; kill -KILL $$", "it answered with a result, and then was ended by signal 9"),
    Misbehaviour("yes | tr -d '\\n'", "a line of its output is longer than 4 MiB"),
    Misbehaviour(
      #"echo '{"type":"result","result":{"state":"fine"}}'"#, #"its result is none of apply: {"state":"fine"}"#),
    Misbehaviour(#"echo '{"type":"result","result":[]}'"#, "its result is none of apply: []"),
    Misbehaviour(
      #"printf '{"type":"log","text":"\377"}\n'; result"#, "line 1 of its output is no JSON (the text is not UTF-8)"),
  ]

  @Test(arguments: misbehaviours) func whoBreaksTheProtocolIsTold(_ item: Misbehaviour) async throws {
    let error = await #expect(throws: PluginError.self) {
      try await apply("echo first >&2; echo the last words >&2\n" + item.script)
    }
    #expect(error?.exitCode == .pluginProtocol)
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.message.hasPrefix("the plugin t broke deploy protocol 1: \(item.what)"))
    #expect(diagnostic.notes.first?.message.contains("first\nthe last words") == true)
    #expect(
      diagnostic.help == ["tell its author, who can see it with: slipway plugin check \(scratch("slipway-deploy-t"))"])
  }

  @Test func itsLastWordsAreKeptOnly() async throws {
    let error = await #expect(throws: PluginError.self) {
      try await apply("i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i >&2; done")
    }
    let note = try #require(error?.diagnostics.first?.notes.first?.message)
    #expect(note.hasSuffix("line 500") && note.contains("line 481\n") && !note.contains("line 480\n"))
  }

  @Test func onlyFilesThatCanRunAreRun() async throws {
    let plugin = LocatedPlugin(name: "gone", path: scratch("gone"), isBuiltIn: false)
    await #expect(throws: HostError.self) { try await host().describe(plugin) }
  }

  // MARK: Time

  @Test func hangingBeforeTheHandshakeIsABrokenProtocol() async throws {
    let (plugin, _) = try plugin("exec sleep 600")
    var host = host()
    host.limits.describe = .milliseconds(200)
    let error = await #expect(throws: PluginError.self) { try await host.describe(plugin) }
    #expect(error?.exitCode == .pluginProtocol)
    #expect(error?.diagnostics.first?.message.contains("it had no answer within 200ms") == true)
  }

  @Test func aDeadlineEndsIt() async throws {
    let error = await #expect(throws: PluginError.self) {
      try await apply("trap 'error; exit 1' TERM; while :; do sleep 0.02; done", limit: .seconds(3))
    }
    #expect(error?.exitCode == .failure && error?.failure?.code == "timed-out" && error?.failure?.state == .timedOut)
    #expect(error?.diagnostics.first?.notes.map(\.message) == ["it failed"])
  }

  private func cancelled(_ script: String, grace: Int = 20) async throws -> PluginError? {
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await apply(script, grace: grace) { event in
        if case .message = event { continuation.yield() }
      }
    }
    for await _ in started { break }
    task.cancel()
    return await #expect(throws: PluginError.self) { try await task.value }
  }

  private static let ready = #"echo '{"type":"progress","step":"s"}'"#

  @Test func whoIsToldToStopSaysHowItIs() async throws {
    let message =
      #"echo '{"type":"error","error":{"code":"cancelled","message":"put in order","category":"cancelled"}}'"#
    let error = try await cancelled(
      "trap '\(message.replacing("'", with: #"'\''"#)); exit 1' TERM; \(Self.ready); while :; do sleep 0.02; done")
    #expect(error?.failure?.message == "put in order" && error?.failure?.category == .cancelled)
  }

  @Test func whoHasNoTrapIsCancelledAllTheSame() async throws {
    let error = try await cancelled("\(Self.ready); exec sleep 600")
    #expect(error?.failure?.category == .cancelled)
  }

  @Test func whoDoesNotListenIsKilled() async throws {
    let error = try await cancelled("trap '' TERM; \(Self.ready); while :; do sleep 0.02; done", grace: 0)
    #expect(error?.exitCode == .pluginProtocol)
    #expect(error?.diagnostics.first?.message.contains("did not end at SIGTERM, and was killed") == true)
  }

  // MARK: Failures

  @Test(arguments: [
    ("failed", "", ExitCode.failure), ("failed", "rolled-back", .rolledBack), ("config", "", .usage),
    ("authentication", "", .authentication), ("unavailable", "", .unavailable), ("failed", "rollback-failed", .failure),
  ])
  func failuresDecideTheExitCode(category: String, state: String, code: ExitCode) async throws {
    let more = state.isEmpty ? "" : #","state":"\#(state)""#
    let error = await #expect(throws: PluginError.self) {
      try await apply(
        #"echo '{"type":"error","error":{"code":"no-cluster","message":"there is no cluster","hint":"make one","causes":["a","b"],"retryable":true,"category":"\#(category)"\#(more)}}'; exit 1"#
      )
    }
    #expect(error?.exitCode == code)
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "no-cluster" && diagnostic.notes.map(\.message) == ["a", "b"])
    #expect(diagnostic.help == ["make one", "the same again may succeed"])
  }

  @Test func operationsThatAreNotOfferedAreNotRun() async throws {
    var (plugin, description) = try plugin("touch ran; result")
    description.operations = [.describe, .plan, .apply]
    let host = host()
    let known = description
    let error = await #expect(throws: PluginError.self) {
      try await host.run(PluginRequest(.rollback, id: "1"), plugin, known, PluginConfiguration()) { _ in }
    }
    #expect(error?.exitCode == .usage)
    #expect(try FileStatus.ifExists(scratch("ran")) == nil)
  }

  @Test func otherProtocolsAreRefused() async throws {
    let (plugin, _) = try plugin(
      #"echo '{"type":"result","result":{"name":"t","version":"1","summary":"","protocols":[2,3],"operations":["describe"],"credentials":[],"configSchema":{}}}'"#
    )
    let error = await #expect(throws: PluginError.self) { try await host().describe(plugin) }
    #expect(error?.exitCode == .pluginProtocol)
    #expect(error?.diagnostics.first?.message == "the plugin t speaks version 2, 3 of the deploy protocol")
  }

  // MARK: Environment

  private static let outer = [
    "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC", "TMPDIR": "/tmp", "HTTPS_PROXY": "http://p",
    "SSL_CERT_FILE": "/ca", "SLIPWAY_POLL_INTERVAL": "0.05s", "AWS_REGION": "eu-central-1", "AWS_PROFILE": "x",
    "DOCKER_CONFIG": "/secret", "REGISTRY_AUTH_FILE": "/secret", "CI_JOB_TOKEN": "secret", "GITHUB_TOKEN": "secret",
    "SLIPWAY_ROOT": "/store", "LD_PRELOAD": "evil.so", "BASH_ENV": "evil.sh",
  ]

  @Test(arguments: [false, true]) func theEnvironmentIsClean(wantsAWS: Bool) async throws {
    let script = #"env | sed 's/=.*//' | sort | tr '\n' ' ' >names; result"#
    let (plugin, description) = try plugin(script, credentials: wantsAWS ? "aws" : "")
    _ = try await host(Self.outer).run(PluginRequest(.status, id: "1"), plugin, description, PluginConfiguration()) {
      _ in
    }
    let names = String(decoding: try Files.read(scratch("names")), as: UTF8.self).split(separator: " ").map(String.init)
    // A shell adds its own.
    let own = Set(names).subtracting(["PWD", "OLDPWD", "SHLVL", "_"])
    let expected = [
      "HOME", "HTTPS_PROXY", "LANG", "LC_ALL", "PATH", "SLIPWAY_POLL_INTERVAL", "SSL_CERT_FILE", "TMPDIR", "TZ",
    ]
    #expect(own.sorted() == (expected + (wantsAWS ? ["AWS_PROFILE", "AWS_REGION"] : [])).sorted())
  }

  @Test func itHasASessionOfItsOwnAndTheRequestOnItsInput() async throws {
    let (plugin, description) = try plugin("cat >request; ps -o sid= -p $$ | tr -d ' ' >sid; echo $$ >pid; result")
    let request = PluginRequest(
      .apply, id: "7", images: ["web": PluginImage(reference: "r/web@sha256:0")], plan: ["a": [1, "x"]])
    _ = try await host().run(request, plugin, description, PluginConfiguration()) { _ in }
    func text(_ name: String) throws -> String { String(decoding: try Files.read(scratch(name)), as: UTF8.self) }
    #expect(try text("sid") == (try text("pid")))
    #expect(try text("request") == request.json.text + "\n")
  }

  // MARK: Secrets

  @Test func knownSecretsAreSeenNowhere() async throws {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    let (plugin, description) = try plugin(
      """
      echo "the key is $AWS_SECRET_ACCESS_KEY" >&2
      printf '{"type":"log","text":"with %s"}\\n' "$AWS_SECRET_ACCESS_KEY"
      printf '{"type":"progress","step":"s","message":"wJalrXUtnFEMI\\\\/K7MDENG\\\\/bPxRfiCYEXAMPLEKEY"}\\n'
      printf '{"type":"error","error":{"code":"x","message":"refused: %s","outputs":{"k":"%s"}}}\\n' "$AWS_SECRET_ACCESS_KEY" "$AWS_SECRET_ACCESS_KEY"
      exit 1
      """, credentials: "aws")
    let seen = Mutex<[String]>([])
    let error = await #expect(throws: PluginError.self) {
      try await host(["AWS_SECRET_ACCESS_KEY": secret]).run(
        PluginRequest(.status, id: "1"), plugin, description, PluginConfiguration()
      ) { event in seen.withLock { $0.append("\(event)") } }
    }
    let all = seen.withLock { $0 }.joined() + (error?.description ?? "") + "\(error?.failure as Any)"
    #expect(!all.contains(secret) && all.contains("with ***") && all.contains("the key is ***"))
    #expect(error?.diagnostics.first?.message == "refused: ***")
  }

  /// Names are made of such words.
  @Test func shortKeysOfSimulatorsAreNotHidden() async throws {
    let (plugin, description) = try plugin(
      #"echo '{"type":"result","result":{"state":"succeeded","summary":"test"}}'"#, credentials: "aws")
    let answer = try await host(["AWS_SECRET_ACCESS_KEY": "test"]).run(
      PluginRequest(.status, id: "1"), plugin, description, PluginConfiguration()
    ) { _ in }
    #expect(answer["summary"] == "test")
  }
}
