import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Deployments that stand in a buildspec.
@Suite struct BuildspecDeployTests {
  private static let buildspec = """
    version: 0.2
    env: {variables: {SERVICE: web}}
    phases: {build: {commands: ['echo building', 'export COUNT=3']}}
    slipway:
      deploy:
        - name: first
          plugin: t
          images: {web: 'r.example/web@\(DeployPlace.digest)'}
          with:
            service: $SERVICE
            count: $COUNT

    """

  @Test func runDeploysBehindThePhases() async throws {
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec)])
    let outcome = try await place.run("run", "--format", "json")
    expect(outcome)
    #expect(place.calls == ["describe", "describe", "plan", "apply"])
    #expect(place.left("request.apply").contains(#""config":{"service":"web","count":3}"#))
    let (built, deployed) = (outcome.errorText.range(of: "building\n"), outcome.errorText.range(of: "#1 [first] roll"))
    #expect(
      built != nil && deployed != nil && built?.lowerBound ?? "".startIndex < deployed?.lowerBound ?? "".startIndex)
    #expect(outcome.errorText.contains("Phase complete: DEPLOY State: SUCCEEDED"))
    #expect(
      outcome.errorText.contains("warning[odd]: an odd service") && outcome.errorText.contains("buildspec.yml:10:18"))
    let document = try #require(JSONSerialization.jsonObject(with: Data(outcome.outputText.utf8)) as? [String: Any])
    let deployments = document["deployments"] as? [[String: Any]]
    #expect(deployments?.first?["name"] as? String == "first" && deployments?.first?["state"] as? String == "succeeded")
    #expect((deployments?.first?["outputs"] as? [String: String]) == ["revision": "t:7"])
  }

  @Test func mistakesEndTheRunBeforeTheFirstPhase() async throws {
    let place = try DeployPlace([
      "buildspec.yml": .file(
        Self.buildspec.replacing("service: $SERVICE", with: "servise: $SERVICE").replacing("$COUNT", with: "many"))
    ])
    let outcome = try await place.run("run")
    expect(outcome, endsWith: 2)
    for line in [
      "error[invalid-configuration]: the plugin has no key servise", "buildspec.yml:10:9", "did you mean service?",
      "count is \"many\" and has to be a whole number", "buildspec.yml:11:16", "the key service is missing",
    ] { #expect(outcome.errorText.contains(line), "\(line) in \(outcome.errorText)") }
    #expect(!outcome.errorText.contains("building\n") && place.calls == ["describe"])
  }

  @Test func credentialsAreLookedAtBeforeTheFirstPhase() async throws {
    var place = try DeployPlace(["buildspec.yml": .file(Self.buildspec)], credentials: "\"aws\"")
    place.slipway.environment.variables["AWS_EC2_METADATA_DISABLED"] = "true"
    let outcome = try await place.run("run")
    expect(outcome, endsWith: 4)
    #expect(!outcome.errorText.contains("building\n") && !place.calls.contains("plan"))
    let key = [
      "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    ]
    place.slipway.environment.variables.merge(key) { $1 }
    expect(try await place.run("run"))
  }

  @Test(
    arguments: [
      (#"fail 'category:"failed"'"#, 1), (#"fail 'category:"failed",state:"rolled-back"'"#, 5), ("echo garbage", 6),
    ] as [(String, Int32)])
  func failedDeploymentsGiveTheirExitCodes(apply: String, code: Int32) async throws {
    let script = DeployPlace.usual.replacing("apply)", with: "apply) \(apply); exit ;;\nused-to-apply)")
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec)], script: script)
    let outcome = try await place.run("run")
    expect(outcome, endsWith: code)
    #expect(outcome.errorText.contains("Phase complete: DEPLOY State: FAILED") && outcome.outputText.isEmpty)
  }

  @Test func nothingIsDeployedBehindAFailure() async throws {
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec.replacing("echo building", with: "false"))])
    expect(try await place.run("run"), endsWith: 1)
    #expect(place.calls == ["describe"])
  }

  @Test func imagesOfTheBuildAreDeployedByDigest() async throws {
    try await TestRegistry.serve { registry in
      let place = try DeployPlace([
        "Dockerfile": "FROM scratch\nCOPY Dockerfile /\n",
        "buildspec.yml": .file(
          """
          version: 0.2
          phases: {build: {commands: [true]}}
          slipway:
            images: {web: {context: ., tags: ['\(registry.authority)/team/web:5'], platforms: [linux/arm64]}}
            deploy: [{plugin: t, with: {service: web}}]

          """),
      ])
      let outcome = try await place.run("run")
      expect(outcome)
      let reference = outcome.outputText.trimmingCharacters(in: .newlines)
      let request = place.left("request.apply")
      #expect(reference.contains("@sha256:") && request.contains("\"reference\":\"\(reference)\""))
      #expect(request.contains(#""tag":"5""#) && request.contains(#""platforms":["linux/arm64"]"#))
    }
  }

  @Test func codePipelinesFilesNameImages() async throws {
    let spec = Self.buildspec.replacing("      images: {web: 'r.example/web@\(DeployPlace.digest)'}\n", with: "")
    let place = try DeployPlace([
      "buildspec.yml": .file(spec),
      "imagedefinitions.json": .file(#"[{"name":"app","imageUri":"r.example/app@\#(DeployPlace.digest)"}]"#),
    ])
    expect(try await place.run("run"))
    #expect(
      place.left("request.apply").contains(#""images":{"app":{"reference":"r.example/app@\#(DeployPlace.digest)""#))
  }

  // MARK: Verbs

  @Test func verbsTakeDeploymentsOfTheBuildspec() async throws {
    let second = "    - {plugin: t, name: second, with: {service: api}}\n"
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec.replacing("$COUNT", with: "2") + second)])
    let both = try await place.run("plan", "--plan-out", "p.json")
    expect(both)
    #expect(both.outputText.contains("first: bring images") && both.outputText.contains("second: bring images"))
    expect(try await place.run("apply", "--plan", "p.json"))
    #expect(place.calls == ["describe", "describe", "plan", "plan", "describe", "describe", "apply", "apply"])
    expect(try await place.run("deploy", "--name", "second", "--image", "web=r.example/web@\(DeployPlace.digest)"))
    #expect(place.left("request.apply").contains(#""config":{"service":"api"}"#))
    let wrong = try await place.run("deploy", "-f", "buildspec.yml", "--name", "secnd")
    expect(wrong, endsWith: 2)
    #expect(wrong.errorText.contains("did you mean --name second?"))
    expect(try await place.run("deploy", "--set", "service=x"), endsWith: 2)
  }

  @Test func variablesWithoutAValueAreTold() async throws {
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec)])
    let outcome = try await place.run("deploy")
    expect(outcome, endsWith: 2)
    #expect(
      outcome.errorText.contains("the variable COUNT is not set") && outcome.errorText.contains("buildspec.yml:11:16"))
  }

  @Test func dryRunsSayWhatThereIs() async throws {
    let place = try DeployPlace(["buildspec.yml": .file(Self.buildspec.replacing("plugin: t", with: "plugin: nobody"))])
    let outcome = try await place.run("run", "--dry-run")
    expect(outcome)
    #expect(outcome.outputText.contains("deploy    nobody (not available)"))
  }
}
