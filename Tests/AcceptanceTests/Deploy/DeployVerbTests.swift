import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// The deploy verbs with a plugin of a few lines.
@Suite struct DeployVerbTests {
  private static let image = "web=r.example/web:1@\(DeployPlace.digest)"
  private static let usual = ["t", "--set", "service=web", "--image", image]

  private func json(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func deployPlansShowsAndApplies() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(["deploy"] + Self.usual)
    expect(outcome)
    #expect(outcome.outputText == "deployed\nrevision: t:7\n")
    #expect(place.calls == ["describe", "plan", "apply"])
    for line in [
      "t: bring images", "~ update service web", "    +   \"web\": {", "#1 [t] roll", "tasks (1 of 2)",
      "task/1 | pulled",
      "#1 DONE", "warning[odd]: an odd service", "it is said by --set service=web",
    ] { #expect(outcome.errorText.contains(line), "\(line) in \(outcome.errorText)") }
    let request = try json(place.left("request.apply"))
    #expect(request["protocol"] as? Int == 1 && request["operation"] as? String == "apply")
    #expect(request["project"] as? String == "project" && request["dryRun"] as? Bool == false)
    #expect(place.left("request.apply").contains("\"state\":{\"n\":1}"))
    let images = request["images"] as? [String: [String: String]]
    #expect(
      images == ["web": ["reference": "r.example/web@\(DeployPlace.digest)", "digest": DeployPlace.digest, "tag": "1"]])

    let again = try await place.run(["deploy"] + Self.usual + ["--format", "json"])
    expect(again)
    let answer = try json(again.outputText)
    #expect(
      (answer["plan"] as? [String: Any])?["changes"] as? [String] == [] && answer["state"] as? String == "succeeded")
    #expect(again.errorText.contains("nothing to change"))
  }

  @Test func dryRunsChangeNothing() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(["deploy"] + Self.usual + ["--dry-run"])
    expect(outcome)
    #expect(place.calls == ["describe", "plan"] && outcome.outputText.isEmpty)
    #expect(try json(place.left("request.plan"))["dryRun"] as? Bool == true)
  }

  @Test func diffEndsWithThreeWhenThereIsSomething() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(["diff"] + Self.usual)
    expect(outcome, endsWith: 3)
    #expect(outcome.outputText.contains("~ update service web"))
    expect(try await place.run(["deploy"] + Self.usual))
    expect(try await place.run(["diff"] + Self.usual))
  }

  @Test func plansAreAppliedAsTheyAre() async throws {
    let place = try DeployPlace()
    expect(try await place.run(["plan"] + Self.usual + ["--plan-out", "p.json", "--region", "eu-west-1"]))
    let outcome = try await place.run("apply", "--plan", "p.json", "--format", "json")
    expect(outcome)
    #expect(place.calls == ["describe", "plan", "describe", "apply"])
    let (planned, applied) = (try json(place.left("request.plan")), try json(place.left("request.apply")))
    for key in ["id", "region"] { #expect(planned[key] as? String == applied[key] as? String && planned[key] != nil) }
    #expect(place.left("request.apply").contains("\"state\":{\"n\":1}"))
    #expect((applied["config"] as? [String: String]) == ["service": "web", "region": "eu-west-1"])
  }

  @Test func plansOfOtherPluginsAreRefused() async throws {
    let place = try DeployPlace()
    expect(try await place.run(["plan"] + Self.usual + ["--plan-out", "p.json"]))
    try place.write(DeployPlace.usual, version: "2")
    let version = try await place.run("apply", "--plan", "p.json")
    expect(version, endsWith: 2)
    #expect(version.errorText.contains("it was made by version 1, and this is 2"))
    try place.write(DeployPlace.usual + "\n# changed", version: "1")
    let file = try await place.run("apply", "--plan", "p.json")
    expect(file, endsWith: 2)
    #expect(file.errorText.contains("has changed since: sha256:") && file.errorText.contains("slipway plan --plan-out"))
    #expect(!place.calls.contains("apply"))
    for (text, reason) in [
      ("{", "line 1"), ("[]", "no member slipway-plan"), (#"{"slipway-plan":2}"#, "another one"),
      (#"{"slipway-plan":1,"deployments":[{"plugin":"t"}]}"#, "damaged"),
    ] {
      try place.scratch.write(["bad.json": .file(text)], in: "project")
      let outcome = try await place.run("apply", "--plan", "bad.json")
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains("error[invalid-plan]") && outcome.errorText.contains(reason))
    }
  }

  @Test func pinsHold() async throws {
    let place = try DeployPlace()
    let digest = SHA256Hasher.hex(of: try Files.read(place.plugin))
    expect(try await place.run(["plan"] + Self.usual + ["--sha256", digest]))
    let other = try await place.run(["plan"] + Self.usual + ["--sha256", String(digest.reversed())])
    expect(other, endsWith: 2)
    #expect(other.errorText.contains("error[plugin-pin]"))
    #expect(place.calls == ["describe", "plan"])
  }

  @Test func statusWaitAndRollbackAnswer() async throws {
    let place = try DeployPlace()
    let status = try await place.run(["status"] + Self.usual)
    expect(status)
    #expect(status.outputText.hasPrefix("rolling\n") && place.left("request.status").contains("\"wait\":false"))
    expect(try await place.run(["wait"] + Self.usual))
    #expect(place.left("request.status").contains("\"wait\":true"))
    let rollback = try await place.run("rollback", "t", "--set", "service=web")
    expect(rollback)
    #expect(rollback.outputText.hasPrefix("went back\n"))
  }

  @Test(
    arguments: [
      (#"fail 'category:"failed"'"#, 1), (#"fail 'category:"failed",state:"rolled-back"'"#, 5),
      (#"fail 'category:"config",path:"/service"'"#, 2), (#"fail 'category:"authentication"'"#, 4),
      (#"fail 'category:"unavailable"'"#, 69), ("echo garbage", 6), ("exit 0", 6), ("kill -SEGV $$", 6),
      ("report rolled-back back", 5), ("report superseded other", 1), ("report unchanged same", 0),
      ("report waiting-for-approval wait", 0),
    ] as [(String, Int32)])
  func exitCodesSayWhatBecameOfIt(apply: String, code: Int32) async throws {
    let script = DeployPlace.usual.replacing("apply)", with: "apply) \(apply); exit ;;\nused-to-apply)")
    let place = try DeployPlace(script: script)
    let outcome = try await place.run(["deploy"] + Self.usual)
    expect(outcome, endsWith: code)
    #expect(outcome.outputText.isEmpty == (code != 0))
  }

  @Test func everyEventIsInTheFile() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(["deploy"] + Self.usual + ["--events", "events.jsonl", "--progress", "json"])
    expect(outcome)
    let text = String(decoding: try Files.read(place.project.appending("events.jsonl")), as: UTF8.self)
    let events = try text.split(separator: "\n").map { try json(String($0)) }
    #expect(
      events.map { "\($0["operation"] as? String ?? "") \($0["type"] as? String ?? "")" } == [
        "plan result", "apply progress", "apply log", "apply diagnostic", "apply progress", "apply result",
      ])
    #expect(events.allSatisfy { $0["deployment"] as? String == "t" && $0["at"] is String })
    // Standard error is JSON, too, line for line.
    let told = try outcome.errorText.split(separator: "\n").map { try json(String($0)) }
    #expect(told.map { $0["type"] as? String } == ["progress", "progress", "log", "diagnostic", "progress"])
  }

  @Test func errorsAreJSONWhereProgressIs() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run("deploy", "t", "--progress", "json", "--set", "servce=web")
    expect(outcome, endsWith: 2)
    let told = try outcome.errorText.split(separator: "\n").map { try json(String($0))["message"] as? String }
    #expect(told == ["the plugin has no key servce", "the key service is missing"])
  }

  // MARK: Signals

  /// Told to stop while the plugin applies; a script, since the signal is for slipway alone.
  private func interrupted(_ place: DeployPlace, _ signals: String) async throws -> ChildProcess.Outcome {
    let script = """
      "$0" deploy "$@" & pid=$!
      while [ ! -e "$HOME/started" ]; do sleep 0.02; done
      \(signals)
      wait $pid
      """
    return try await ChildProcess(
      "/bin/sh", ["-c", script, place.slipway.executable.string] + Self.usual,
      environment: place.slipway.environment, workingDirectory: place.project
    ).run()
  }

  private static let waiting = """
    apply) trap 'touch "$HOME/cleaned"; fail "category:\\"cancelled\\",hint:\\"look\\""' TERM
      echo $$ >"$HOME/pid"; touch "$HOME/started"; while :; do sleep 0.02; done ;;
    """

  @Test func aSignalLetsThePluginPutThingsInOrder() async throws {
    let script = DeployPlace.usual.replacing("apply)", with: Self.waiting + "\nused-to-apply)")
    let place = try DeployPlace(script: script)
    let outcome = try await interrupted(place, "kill -TERM $pid")
    expect(outcome, endsWith: 143)
    #expect(try FileStatus.ifExists(place.scratch("home/cleaned")) != nil)
    #expect(outcome.errorText.contains("error[x]: it failed") && outcome.errorText.contains("help: look"))
  }

  @Test func aSecondSignalKillsAtOnce() async throws {
    let script = DeployPlace.usual.replacing(
      "apply)",
      with: """
        apply) trap 'touch "$HOME/told"' TERM; echo $$ >"$HOME/pid"; touch "$HOME/started"; while :; do sleep 0.02; done ;;
        used-to-apply)
        """)
    let place = try DeployPlace(script: script)
    let outcome = try await interrupted(
      place, "kill -TERM $pid; while [ ! -e \"$HOME/told\" ]; do sleep 0.02; done; kill -TERM $pid")
    expect(outcome, endsWith: 143)
    let plugin = place.left("pid").trimmingCharacters(in: .whitespacesAndNewlines)
    // Killed by then, or about to be reaped by whoever looks after orphans.
    let state = (try? Files.read(FilePath("/proc/\(plugin)/cmdline"))) ?? []
    #expect(state.isEmpty)
  }

  // MARK: Images

  @Test func tagsAreResolvedByTheRegistry() async throws {
    try await TestRegistry.serve { registry in
      let place = try DeployPlace(["Dockerfile": "FROM scratch\nCOPY Dockerfile /\n"])
      let name = "\(registry.authority)/team/web:7"
      let built = try await place.run("build", "--push", "--tag", name, ".")
      expect(built)
      expect(try await place.run("deploy", "t", "--set", "service=web", "--image", name))
      let images = try json(place.left("request.apply"))["images"] as? [String: [String: Any]]
      #expect(images?["web"]?["reference"] as? String == built.outputText.trimmingCharacters(in: .newlines))
      #expect(images?["web"]?["tag"] as? String == "7")
      #expect((images?["web"]?["platforms"] as? [String])?.first?.hasPrefix("linux/") == true)

      let kept = try await place.run("deploy", "t", "--set", "service=web", "--image", name, "--no-resolve")
      expect(kept)
      #expect(place.left("request.apply").contains("\"reference\":\"\(name)\""))
    }
  }

  @Test func tagsThatCannotBeResolvedAreTold() async throws {
    let place = try DeployPlace()
    let outcome = try await place.run("deploy", "t", "--set", "service=web", "--image", "localhost:1/web:2")
    expect(outcome)
    #expect(outcome.errorText.contains("warning[tag-not-resolved]: localhost:1/web:2 is deployed by its tag"))
    #expect(place.left("request.apply").contains("\"reference\":\"localhost:1/web:2\""))
  }

  @Test(arguments: [
    (["deploy", "t", "--set", "service=web", "--image", "web=UPPER"], "names no image"),
    (["deploy", "t", "--set", "service=web", "--image", "=x"], "has no name"),
    (["deploy", "t", "--set", "service=web", "--timeout", "soon"], "--timeout soon is no duration"),
    (["deploy", "t", "--set", "service=web", "--on-cancel", "shout"], "it is said by --on-cancel shout"),
    (["deploy", "t", "--set", "service=web", "--on-timeout", "fail"], "the plugin t has no on-timeout"),
    (["deploy", "tt", "--set", "service=web"], "did you mean t?"), (["deploy"], "buildspec.yml"),
    (["deploy", "t", "--name", "x"], "--name is for the deployments of a buildspec"),
    (["deploy", "t", "--config", "gone.yml"], "gone.yml"),
  ])
  func mistakesAreFoundBeforeThePluginActs(arguments: [String], words: String) async throws {
    let place = try DeployPlace()
    let outcome = try await place.run(arguments)
    #expect(outcome.status != 0 && outcome.errorText.contains(words), "\(outcome.status) \(outcome.errorText)")
    #expect(!place.calls.contains("plan") && !place.calls.contains("apply"))
  }
}
