import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// What is written down of deployments.
@Suite struct DeploymentRecordTests {
  private func image(_ tag: String) -> String {
    "web=r.example/web@sha256:" + String(repeating: tag, count: 64)
  }

  private func records(_ place: DeployPlace) async throws -> [[String: Any]] {
    let outcome = try await place.run("deploy", "history", "--format", "json")
    expect(outcome)
    return try #require(JSONSerialization.jsonObject(with: Data(outcome.outputText.utf8)) as? [[String: Any]])
  }

  @Test func deploymentsAreWrittenDown() async throws {
    var place = try DeployPlace()
    place.slipway.environment.variables["CODEBUILD_BUILD_ID"] = "shop:1"
    let nothing = try await place.run("deploy", "history")
    #expect(nothing.outputText == "")
    expect(try await place.run("deploy", "t", "--set", "service=web", "--image", image("a")))
    expect(try await place.run("deploy", "t", "--set", "service=web", "--image", image("b")))
    expect(try await place.run("deploy", "t", "--set", "service=web", "--image", image("c"), "--dry-run"))
    let made = try await records(place)
    #expect(made.count == 2, "a dry run is none")
    let last = try #require(made.first)
    #expect(last["state"] as? String == "succeeded" && last["operation"] as? String == "apply")
    #expect((last["images"] as? [String: String])?["web"]?.hasSuffix("bbb") == true)
    #expect((last["by"] as? [String: String])?["build"] == "shop:1")
    #expect(((last["plan"] as? [String: Any])?["changes"] as? [Any])?.count == 1)
    #expect((last["outputs"] as? [String: String]) == ["revision": "t:7"])
    #expect(last["service"] as? String == "web")
    let text = try await place.run("deploy", "history", "--limit", "1").outputText
    #expect(text.contains("  apply  t  succeeded  ") && text.contains("web=r.example/web@sha256:bbb"))
    #expect(text.split(separator: "\n").count == 1)
  }

  @Test func rollbackGetsTheLastOneThatSucceededWithOtherImages() async throws {
    let place = try DeployPlace()
    for tag in ["a", "b"] {
      expect(try await place.run("deploy", "t", "--set", "service=web", "--image", image(tag)))
    }
    expect(try await place.run("deploy", "t", "--set", "service=other", "--image", image("c")))
    expect(try await place.run("rollback", "t", "--set", "service=web"))
    let request = try #require(
      JSONSerialization.jsonObject(with: Data(place.left("request.rollback").utf8)) as? [String: Any])
    let previous = try #require(request["previous"] as? [String: Any])
    #expect((previous["images"] as? [String: String])?["web"]?.hasSuffix("aaa") == true)
    let last = try #require(try await records(place).first)
    #expect(last["operation"] as? String == "rollback")
  }

  @Test func failuresAreWrittenDown() async throws {
    let script = DeployPlace.usual.replacing(
      "apply)", with: #"apply) fail 'category:"failed",state:"rolled-back"'; exit ;;"# + "\nused-to-apply)")
    let place = try DeployPlace(script: script)
    expect(try await place.run("deploy", "t", "--set", "service=web", "--image", image("a")), endsWith: 5)
    let last = try #require(try await records(place).first)
    #expect(last["state"] as? String == "rolled-back")
    #expect((last["error"] as? [String: String]) == ["code": "x", "message": "it failed"])
  }

  /// A deployment counts more than its record.
  @Test func aStoreThatCannotBeWrittenIsAWarning() async throws {
    var place = try DeployPlace()
    place.slipway.environment.variables["SLIPWAY_ROOT"] = "/proc/none"
    let outcome = try await place.run("deploy", "t", "--set", "service=web", "--image", image("a"))
    expect(outcome)
    #expect(outcome.errorText.contains("warning[deployment-not-recorded]"))
  }
}
