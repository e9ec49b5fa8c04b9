import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// What is told of deployments, builds and runs, where, and what is not.
@Suite struct DeployTellingTests {
  private static let usual = ["t", "--set", "service=web", "--image", "web=r.example/web@\(DeployPlace.digest)"]

  /// A plugin that says its secret everywhere.
  private static let leaking = """
    plan) jq -cn --arg k "$AWS_SECRET_ACCESS_KEY" \
      '{type:"result",result:{summary:"with \\($k)",changes:[{action:"update",target:$k,after:{key:$k}}],state:{k:$k}}}' ;;
    apply) echo "key $AWS_SECRET_ACCESS_KEY" >&2
      jq -cn --arg k "$AWS_SECRET_ACCESS_KEY" '{type:"progress",step:$k,message:$k},{type:"log",text:$k}'
      jq -cn --arg k "$AWS_SECRET_ACCESS_KEY" '{type:"result",result:{state:"succeeded",summary:$k,outputs:{($k):$k}}}' ;;
    """

  @Test func secretsAreNowhere() async throws {
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
    var place = try DeployPlace(script: Self.leaking, credentials: "\"aws\"")
    place.slipway.environment.variables["AWS_SECRET_ACCESS_KEY"] = secret
    place.slipway.environment.variables["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE"
    let deploy = try await place.run(["deploy"] + Self.usual + ["--events", "events", "--format", "json"])
    expect(deploy)
    let plan = try await place.run(["plan"] + Self.usual + ["--plan-out", "plan", "--progress", "json"])
    expect(plan)
    let files = try ["events", "plan"].map {
      String(decoding: try Files.read(place.project.appending($0)), as: UTF8.self)
    }
    for text in [deploy.outputText, deploy.errorText, plan.outputText, plan.errorText] + files {
      #expect(!text.contains(secret))
    }
    for text in [deploy.outputText, deploy.errorText, plan.outputText] + files { #expect(text.contains("***")) }
  }

  @Test func aPluginThatTakesTooLongIsEnded() async throws {
    // The key is none of this plugin's, so that only the host keeps the time.
    let script = DeployPlace.usual.replacing(
      "apply)", with: "apply) trap 'fail \"hint:\\\"look\\\"\"' TERM; while :; do sleep 0.02; done ;;\nused-to-apply)")
    let place = try DeployPlace(script: script)
    let text = String(decoding: try Files.read(place.plugin), as: UTF8.self).replacing(
      #""timeout":{"type":"string"},"#, with: "")
    try place.scratch.write(["new": .file(text, mode: 0o755)])
    try Files.rename(place.scratch("new"), to: place.plugin)
    let outcome = try await place.run(["deploy"] + Self.usual + ["--timeout", "4s"])
    expect(outcome, endsWith: 1)
    #expect(outcome.errorText.contains("error[timed-out]: it was not done within 4s"))
    #expect(outcome.errorText.contains("note: it failed") && outcome.errorText.contains("--timeout"))
  }

  @Test func buildsAndRunsTellJSON() async throws {
    let place = try DeployPlace([
      "Dockerfile": "FROM scratch\nCOPY Dockerfile /\n",
      "buildspec.yml": "version: 0.2\nphases: {build: {commands: [echo built, 'false']}}\n",
    ])
    func lines(_ outcome: ChildProcess.Outcome) throws -> [[String: Any]] {
      try outcome.errorText.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
      }
    }
    let build = try await place.run("build", "--progress", "json", ".")
    expect(build)
    let steps = try lines(build)
    #expect(
      steps.contains {
        ($0["step"] as? String)?.contains("COPY Dockerfile /") == true && $0["state"] as? String == "done"
      })
    let run = try await place.run("run", "--progress", "json")
    expect(run, endsWith: 1)
    #expect(try lines(run).contains { $0["type"] as? String == "log" && $0["text"] as? String == "built" })
  }
}
