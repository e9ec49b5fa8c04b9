import DeployPlugins
import ExternalPlugin
import HostOS
import JSON
import SystemPackage
import TestSupport
import Testing

/// Hand-offs to a tool with a state on disk, and to scripts.
@Suite struct HandOffTests {
  private let scratch: Scratch
  private static let web = "registry.example/web@sha256:" + String(repeating: "a", count: 64)
  private static let older = "registry.example/web@sha256:" + String(repeating: "b", count: 64)

  init() throws { scratch = try Scratch("hand-off") }

  private func trial(
    _ config: JSONValue, image: String = web, environment: [String: String] = [:]
  ) -> PluginTrial {
    var config = config
    config["directory"] = .string(scratch.path.string)
    let path = Environment.current["PATH"] ?? "/usr/bin:/bin"
    return PluginTrial(
      ExternalPlugin(), config, images: ["web": image],
      environment: Environment(["PATH": path].merging(environment) { $1 }))
  }

  private static let tool = JSONValue.string(Checkout.fixture("external/groundwork").string)

  private func groundwork(_ more: JSONValue = [:]) -> JSONValue {
    var config: JSONValue = [
      "plan-command": [Self.tool, "plan", "-detailed-exitcode", "-var", "image={image.web}", "-out", "next.plan"],
      "plan-exit-code": "detailed", "command": [Self.tool, "apply", "next.plan"],
      "rollback-command": [Self.tool, "rollback"], "status-command": [Self.tool, "show"],
    ]
    for (name, value) in more.object?.members ?? [] { config[name] = value }
    return config
  }

  private func deployedImage() throws -> String? {
    guard let bytes = try? Files.read(scratch("groundwork.state")) else { return nil }
    return try JSONValue(parsing: bytes)["image"]?.string
  }

  private var isLocked: Bool { (try? Files.read(scratch("groundwork.state.lock"))) != nil }

  // MARK: A tool like Terraform

  @Test func aToolIsPlannedAppliedAndRolledBack() async throws {
    _ = await trial(groundwork(), image: Self.older).deploy()
    #expect(try deployedImage() == Self.older)

    let next = trial(groundwork())
    let plan = await next.ask(.plan)
    #expect(plan.plan?.changes.map(\.action) == ["run"], Comment(rawValue: plan.text))
    #expect(plan.plan?.changes.first?.after?["web"]?.string == Self.web)
    #expect(plan.logs.contains("Plan: 0 to add, 1 to change, 0 to destroy."))
    #expect(try deployedImage() == Self.older, "a plan changes nothing")

    let applied = await next.ask(.apply, plan: plan.result)
    #expect(applied.state == .succeeded, Comment(rawValue: applied.text))
    #expect(try deployedImage() == Self.web)
    #expect(await next.ask(.status).report?.summary == Self.web)

    let again = await next.deploy()
    #expect(again.state == .unchanged)

    let back = await next.ask(.rollback)
    #expect(back.state == .succeeded, Comment(rawValue: back.text))
    #expect(try deployedImage() == Self.older)
    let once = await next.ask(.rollback)
    #expect(once.state == .rollbackFailed)
    #expect(once.failure?.causes == ["Error: there is nothing to go back to"])
  }

  @Test func whatAToolTellsInTheProtocolIsHandedOn() async throws {
    let answer = await trial(groundwork(["command": [Self.tool, "apply", "-json", "next.plan"]])).deploy()
    #expect(answer.report?.summary == "1 changed")
    #expect(answer.report?.changes.first?.target == "service.web")
    #expect(answer.report?.outputs["serial"] == 1)
    #expect(answer.progress.contains(PluginProgress("service.web", message: "Modifying...", completed: 1, total: 2)))
    #expect(!answer.logs.contains { $0.contains("\"type\"") })
  }

  @Test func aStalePlanIsRefusedByTheTool() async throws {
    let first = trial(groundwork())
    let plan = await first.ask(.plan)
    try scratch.write(["groundwork.state": #"{"serial": 7, "image": "other"}"#])
    let answer = await first.ask(.apply, plan: plan.result)
    #expect(answer.state == .failed)
    #expect(answer.failure?.causes?.last == "Error: the saved plan is stale: the state was changed since")
    #expect(answer.failure?.path == "/command")
    #expect(try deployedImage() == "other")
  }

  @Test(arguments: ["leave", "rollback"])
  func aFailureInTheMiddle(_ onFailure: String) async throws {
    _ = await trial(groundwork(), image: Self.older).deploy()
    let answer = await trial(
      groundwork(["on-failure": .string(onFailure), "environment": ["GROUNDWORK_FAIL": 1]])
    ).deploy()
    #expect(answer.state == (onFailure == "rollback" ? .rolledBack : .failed), Comment(rawValue: answer.text))
    #expect(answer.failure?.message.hasSuffix("ended with exit code 1") == true)
    #expect(answer.failure?.causes?.last == "Error: service.web did not become healthy")
    #expect(try deployedImage() == (onFailure == "rollback" ? Self.older : Self.web))
  }

  @Test func aRollbackThatFailsIsSaid() async throws {
    let answer = await trial(
      groundwork([
        "on-failure": "rollback", "environment": ["GROUNDWORK_FAIL": 1],
        "rollback-command": "echo no way back >&2; exit 9",
      ])
    ).deploy()
    #expect(answer.state == .rollbackFailed)
    #expect(answer.failure?.causes?.last == "the rollback failed: /bin/sh ended with exit code 9")
  }

  @Test(arguments: ["fail", "rollback"])
  func theTimeIsOver(_ onTimeout: String) async throws {
    _ = await trial(groundwork(), image: Self.older).deploy()
    let answer = await trial(
      groundwork([
        "timeout": "2s", "on-timeout": .string(onTimeout), "environment": ["GROUNDWORK_WAIT": "never"],
      ])
    ).deploy()
    #expect(answer.state == (onTimeout == "rollback" ? .rolledBack : .timedOut), Comment(rawValue: answer.text))
    #expect(answer.failure?.code == "timed-out")
    #expect(try deployedImage() == (onTimeout == "rollback" ? Self.older : Self.web))
    #expect(!isLocked, "the tool could put its things in order")
  }

  @Test(arguments: ["leave", "rollback"])
  func aCancelledDeployment(_ onCancel: String) async throws {
    _ = await trial(groundwork(), image: Self.older).deploy()
    let answer = await trial(
      groundwork(["on-cancel": .string(onCancel), "environment": ["GROUNDWORK_WAIT": "never"]])
    ).deployCancelled { message in
      if case .log(let log) = message { log.text == "service.web: Modifying..." } else { false }
    }
    #expect(answer.failure?.category == .cancelled, Comment(rawValue: answer.text))
    #expect(answer.state == (onCancel == "rollback" ? .rolledBack : .stopped))
    #expect(try onCancel == "leave" || deployedImage() == Self.older)
    #expect(!isLocked)
  }

  @Test func aRunThatWasKilledIsRunAgain() async throws {
    // What kill -9 leaves: the state written, the lock held.
    try scratch.write([
      "groundwork.state": .file(#"{"serial": 1, "image": "\#(Self.web)"}"#), "groundwork.state.lock": "",
      "next.plan": .file(#"{"serial": 1, "image": "\#(Self.older)"}"#),
    ])
    let held = await trial(groundwork(), image: Self.older).deploy()
    #expect(held.failure?.causes?.last == "Error: the state is locked by groundwork.state.lock")
    try Files.removeTree(scratch("groundwork.state.lock"))
    let again = await trial(groundwork(), image: Self.older).deploy()
    #expect(again.state == .succeeded)
    #expect(try deployedImage() == Self.older)
  }

  // MARK: What commands find

  @Test func commandsGetTheirVariablesAndTheRequest() async throws {
    let script = """
      echo "$SLIPWAY_OPERATION $SLIPWAY_PROJECT $SLIPWAY_REGION $SLIPWAY_IMAGES $SLIPWAY_IMAGE_WEB_APP $SLIPWAY_DIGEST_WEB_APP"
      echo "more $MORE ${AWS_SECRET_ACCESS_KEY:-none} ${CI_TOKEN:-none}"
      python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["operation"], r["images"]["web-app"]["digest"], r["id"])'
      """
    var trial = trial(
      ["command": .string(script), "environment": ["MORE": "{tag.web-app} {braces} {image.web-app}"]],
      environment: ["AWS_SECRET_ACCESS_KEY": "hidden", "CI_TOKEN": "hidden"])
    let digest = "sha256:" + String(repeating: "c", count: 64)
    trial.request.images = ["web-app": PluginImage(reference: "r/w@\(digest)", digest: digest, tag: "v1")]
    let answer = await trial.deploy()
    #expect(
      answer.logs == [
        "apply shop eu-central-1 web-app r/w@\(digest) \(digest)", "more v1 {braces} r/w@\(digest) none none",
        "apply \(digest) trial-1",
      ], Comment(rawValue: answer.text))
  }

  @Test func variablesOfAWSAreForThoseThatAskForThem() async throws {
    let answer = await trial(
      ["command": "echo $AWS_ACCESS_KEY_ID", "credentials": ["aws"]], environment: ["AWS_ACCESS_KEY_ID": "AKIA1"]
    ).deploy()
    #expect(answer.logs == ["AKIA1"])
  }

  @Test func bothOutputsAreTold() async throws {
    let answer = await trial(["command": "echo out; echo err >&2; echo '{\"type\":\"nonsense\"}'"]).deploy()
    let logs = answer.messages.compactMap { if case .log(let log) = $0 { log } else { nil } }
    #expect(logs.first { $0.text == "out" }?.stream == .stdout)
    #expect(logs.first { $0.text == "err" }?.stream == .stderr)
    #expect(logs.contains { $0.text == #"{"type":"nonsense"}"# }, "what is no message is a log")
  }

  @Test(
    arguments: [
      (["command": ["no-such-program"]], "/command", "there is no program no-such-program"),
      (["command": "echo {image.api}"], "/command", "there is no image api"),
      (["command": "echo {tag.web}"], "/command", "the image web has no tag"),
      (["command": "true", "environment": ["X": "{image.api}"]], "/environment/X", "there is no image api"),
      (["command": "true", "timeout": "soon"], "/timeout", "\"soon\" is no length of time"),
      (["command": "  "], "/command", "command is empty"),
      (["command": "true", "on-cancel": "rollback"], "/on-cancel", "on-cancel: rollback needs a rollback-command"),
    ] as [(JSONValue, String, String)])
  func whatCannotBeRightIsSaidWithItsPlace(_ config: JSONValue, _ path: String, _ message: String) async throws {
    let answer = await trial(config).deploy()
    #expect(answer.failure?.category == .config, Comment(rawValue: answer.text))
    #expect(answer.failure?.path == path)
    #expect(answer.failure?.message == message)
  }
}
