import Foundation
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Pushes to Amazon ECR with nothing set up but AWS: a real registry stands for it, and moto for AWS.
@Suite struct ECRTests {
  private static let host = "\(AWSServer.account).dkr.ecr.eu-central-1.amazonaws.com"
  private static let dualStackHost = "\(AWSServer.account).dkr-ecr.eu-central-1.on.aws"
  private static let files: [String: ScratchEntry] = [
    "Dockerfile": "FROM scratch\nCOPY note.txt /\n", "note.txt": "ahoy\n",
  ]

  /// A `slipway` that meets the registry under names of ECR.
  private func withECR(
    _ body: @Sendable (SlipwayBinary, TestRegistry, AWSServer, HostTunnel, Scratch) async throws -> Void
  ) async throws {
    // Moto's password.
    let credentials = TestRegistry.Credentials(user: "AWS", password: "\(AWSServer.account)-auth-token")
    let configuration = TestRegistry.Configuration(
      access: .basic(credentials), usesTLS: true, hostNames: [Self.host, Self.dualStackHost])
    try await Scratch.use("ecr") { scratch in
      try await AWSServer.serve { aws in
        try await TestRegistry.serve(configuration) { registry in
          try await HostTunnel.serve(to: registry.port) { tunnel in
            var slipway = try SlipwayBinary(scratch)
            slipway.environment.variables["HTTPS_PROXY"] = tunnel.url
            slipway.environment.variables["SSL_CERT_FILE"] = registry.certificate?.string
            slipway.environment.variables["AWS_EC2_METADATA_DISABLED"] = "true"
            slipway.environment.variables.merge(aws.environment) { $1 }
            try await body(slipway, registry, aws, tunnel, scratch)
          }
        }
      }
    }
  }

  @Test func pushesToAndBuildsFromRepositoriesThatItMakes() async throws {
    try await withECR { slipway, registry, aws, tunnel, scratch in
      let context = try scratch.write(Self.files, in: "context")
      let name = "\(Self.host)/team/app"
      // One after the other: docker-registry, which is behind both hosts, mixes up two pushes of one blob to one repository.
      let pushing = ["build", "--quiet", "--push", "--ecr-create", "immutable", context.string, "--tag"]
      let outcome = try await slipway.run(pushing + ["\(name):1"])
      expect(outcome)
      expect(try await slipway.run(pushing + ["\(Self.dualStackHost)/team/app:2"]))
      let digest = try await Tool.output(
        "skopeo",
        ["inspect", "--format", "{{.Digest}}"] + registry.skopeoOptions
          + ["docker://\(registry.authority)/team/app:1"])
      #expect(outcome.outputText.contains("\(name)@\(digest)\n"))
      #expect(try tunnel.hosts() == ["\(Self.host):443", "\(Self.dualStackHost):443"])
      let calls = try aws.calls()
      let repositoryCalls = calls.filter { $0 != "GetAuthorizationToken 200" }
      #expect(repositoryCalls == ["DescribeRepositories 400", "CreateRepository 200", "DescribeRepositories 200"])
      #expect(calls.count > 3)

      let child = try scratch.write(["Dockerfile": "FROM \(name):1\nENV A=1\n"], in: "child")
      expect(try await slipway.run(["build", "--quiet", "--pull", child.string]))
      for text in [outcome.errorText, outcome.outputText] {
        #expect(!text.contains("auth-token") && !text.contains(AWSServer.secretAccessKey))
      }
    }
  }

  @Test func whatIsInTheStoreGoesToRepositoriesThatAreMade() async throws {
    try await withECR { slipway, registry, aws, _, scratch in
      let context = try scratch.write(Self.files, in: "context")
      let built = try await slipway.run(["build", "--quiet", "--tag", "app:1", context.string])
      let digest = built.outputText.dropFirst("app@".count).dropLast()
      let name = "\(Self.host)/team/app"
      for (arguments, target) in [
        (["push", "app:1"], "\(name):1"), (["copy", "\(name):1"], "\(Self.host)/copied/app:2"),
      ] {
        let outcome = try await slipway.run(arguments + ["--quiet", target, "--ecr-create", "default"])
        expect(outcome)
        #expect(outcome.outputText == "\(target.dropLast(2))@\(digest)\n")
      }
      #expect(try aws.calls().count { $0 == "CreateRepository 200" } == 2)
      let found = try await Tool.output(
        "skopeo",
        ["inspect", "--format", "{{.Digest}}"] + registry.skopeoOptions
          + ["docker://\(registry.authority)/copied/app:2"])
      #expect(found == digest)
    }
  }

  @Test func withoutCredentialsEachPlaceIsNamed() async throws {
    try await withECR { slipway, _, _, _, scratch in
      var slipway = slipway
      for variable in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] { slipway.environment.variables[variable] = nil }
      let context = try scratch.write(Self.files, in: "context")
      let outcome = try await slipway.run(["build", "--tag", "\(Self.host)/team/app:1", "--push", context.string])
      expect(outcome, endsWith: 4)
      #expect(outcome.outputText.isEmpty)
      for text in [
        "aws-credentials-missing", "the environment: AWS_ACCESS_KEY_ID is not set", "web identity:",
        "the profile default:", "the container:", "the EC2 instance: AWS_EC2_METADATA_DISABLED is true", "help:",
      ] { #expect(outcome.errorText.contains(text), "\(outcome.errorText)") }
    }
  }

  @Test func loginsThatSomebodyMadeComeFirst() async throws {
    try await withECR { slipway, _, aws, _, scratch in
      var slipway = slipway
      let secret = Data("AWS:\(AWSServer.account)-auth-token".utf8).base64EncodedString()
      slipway.environment.variables["DOCKER_AUTH_CONFIG"] = #"{"auths":{"\#(Self.host)":{"auth":"\#(secret)"}}}"#
      let context = try scratch.write(Self.files, in: "context")
      expect(
        try await slipway.run(["build", "--quiet", "--tag", "\(Self.host)/team/app:1", "--push", context.string]))
      #expect(try aws.calls().isEmpty)
    }
  }

  /// Against a registry that behaves as ECR does, which is no more than that: it is found on this machine.
  @Test func twoPushesOfTheSameImageUnderAnImmutableTagBothSucceed() async throws {
    try await ECRFront.serve { front, port in
      try await Scratch.use("ecr") { scratch in
        var slipway = try SlipwayBinary(scratch)
        let secret = Data("AWS:\(ECRFront.password)".utf8).base64EncodedString()
        slipway.environment.variables["DOCKER_AUTH_CONFIG"] = #"{"auths":{"127.0.0.1:\#(port)":{"auth":"\#(secret)"}}}"#
        slipway.environment.variables["SOURCE_DATE_EPOCH"] = "1000000000"
        let context = try scratch.write(["Dockerfile": "FROM scratch\nCOPY noise /\n"], in: "context")
        try await Tool.run("sh", ["-c", "head -c \(20 << 20) /dev/urandom >\(context.appending("noise"))"])
        let name = "127.0.0.1:\(port)/app:1"
        let arguments = [
          "build", "--quiet", "--platform", "linux/amd64,linux/arm64", "--tag", name, "--push", context.string,
        ]
        let first = try await slipway.run(arguments)
        expect(first)
        // The layer was sent once, while it was made.
        #expect(front.log.filter { $0 == "PATCH 201" }.count == 1)
        let second = try await slipway.run(arguments)
        expect(second)
        #expect(first.outputText == second.outputText && first.outputText.hasPrefix("127.0.0.1:\(port)/app@sha256:"))
        // Another image is refused.
        try scratch.write(["context/noise": "quiet"])
        let other = try await slipway.run(arguments)
        expect(other, endsWith: 1)
        #expect(other.errorText.contains("the tag is immutable") && other.errorText.contains("choose another tag"))
      }
    }
  }
}
