import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// What people configure for registries, by the files and commands of other tools.
@Suite struct RegistryConfigurationTests {
  @Test(
    "credentials go where docker, podman and skopeo find them",
    arguments: [TestRegistry.Access.basic(.example), .token(.example)])
  func login(access: TestRegistry.Access) async throws {
    try await Workplace.use(.init(access: access)) { place in
      var slipway = place.slipway
      slipway.environment.variables["DOCKER_CONFIG"] = place.scratch("fresh").string
      let registry = place.registry.authority, config = place.scratch("fresh/config.json")
      let wrong = try await slipway.run(
        ["login", registry, "--username", "sailor", "--password-stdin"], input: Array("wrong\n".utf8))
      expect(wrong, endsWith: 4)
      #expect(wrong.outputText.isEmpty && !FileManager.default.fileExists(atPath: config.string))
      let password = TestRegistry.Credentials.example.password
      let right = try await slipway.run(
        ["login", registry, "--username", "sailor", "--password-stdin"], input: Array("\(password)\n".utf8))
      expect(right)
      #expect(right.outputText == "Login Succeeded\n" && !right.errorText.contains(password))
      let inspect = ["inspect", "--raw", "--tls-verify=false", "--authfile", config.string, "docker://\(place.base)"]
      try await Tool.run("skopeo", inspect)
      expect(
        try await slipway.run([
          "build", try place.scratch.write(["Dockerfile": .file("FROM \(place.base)\n")], in: "c").string,
        ]))
      let out = try await slipway.run(["logout", registry])
      #expect(out.outputText == "Removed the login credentials for \(registry)\n")
      #expect(try await slipway.run(["logout", registry]).outputText == "Not logged in to \(registry)\n")
      await #expect(throws: TestSupportError.self) { try await Tool.run("skopeo", inspect) }
    }
  }

  @Test func loginWithoutATerminalSaysWhatToDo() async throws {
    try await Scratch.use("login") { scratch in
      let outcome = try await SlipwayBinary(scratch).run(["login", "ghcr.io"])
      expect(outcome, endsWith: 2)
      #expect(outcome.errorText.contains("--password-stdin"))
      let invalid = try await SlipwayBinary(scratch).run(["login", "not a host", "-u", "a", "-p", "b"])
      expect(invalid, endsWith: 2)
      #expect(invalid.errorText.contains("is not a registry"))
    }
  }

  @Test func aMirrorStandsForARegistryThatIsOutOfReach() async throws {
    try await Workplace.use { place in
      var slipway = place.slipway
      let file = place.scratch("registries.conf")
      try Files.writeAtomically(
        Array(
          """
          [[registry]]
          prefix = "hub.invalid/team"
          location = "hub.invalid/team"
          [[registry.mirror]]
          location = "\(place.registry.authority)"
          """.utf8), to: file)
      slipway.environment.variables["CONTAINERS_REGISTRIES_CONF"] = file.string
      let context = try place.scratch.write(
        ["Dockerfile": "FROM hub.invalid/team/base:latest\nRUN echo hello >/hello\n"], in: "context")
      expect(try await slipway.run(["build", context.string]))
      let explained = try await slipway.run(["registry", "explain", "hub.invalid/team/base", "--format", "json"])
      expect(explained)
      let answer = try #require(
        try JSONSerialization.jsonObject(with: Data(explained.output)) as? [String: Any])
      let pull = try #require(answer["pull"] as? [[String: Any]])
      #expect(
        pull.map { $0["name"] as? String } == ["\(place.registry.authority)/base", "hub.invalid/team/base"])
      #expect(pull.map { $0["isMirror"] as? Bool } == [true, false])
      #expect(answer["rule"] as? String == "hub.invalid/team, in \(file)")
      let text = try await slipway.run(["registry", "explain", "hub.invalid/team/base"])
      #expect(text.outputText.contains("  pull    \(place.registry.authority)/base (mirror)\n"))
    }
  }

  @Test func theExplanationShowsNoSecret() async throws {
    try await Workplace.use(.init(access: .basic(.example))) { place in
      let outcome = try await place.slipway.run(["registry", "explain", place.base])
      expect(outcome)
      let credentials = TestRegistry.Credentials.example
      #expect(outcome.outputText.contains("user \(credentials.user), from "))
      #expect(!outcome.outputText.contains(credentials.password))
    }
  }
}
