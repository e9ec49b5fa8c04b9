import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct TestRegistryTests {
  static let kinds: [TestRegistry.Configuration] = [
    .init(), .init(storage: .memory), .init(access: .basic(.example)),
    .init(access: .token(.example)),
    .init(access: .token(.example, anonymousPull: true)), .init(usesTLS: true),
    .init(access: .basic(.example), usesTLS: true), .init(access: .token(.example), usesTLS: true),
  ]

  @Test(arguments: kinds.indices)
  func letsSkopeoIn(_ index: Int) async throws {
    try await TestRegistry.serve(Self.kinds[index]) { registry in
      let reference = try await BaseImages.pushBusybox(to: registry)
      let digest = try await Tool.output(
        "skopeo",
        ["inspect", "--format", "{{.Digest}}"] + registry.skopeoOptions + ["docker://\(reference)"])
      #expect(digest.hasPrefix("sha256:"))
      let requests = try registry.requests()
      #expect(
        requests.contains {
          $0.method == "PUT" && $0.path.hasPrefix("/v2/base/manifests/") && $0.status == 201
        })
      if case .token(_, let pull, _) = registry.configuration.access {
        let tokens = try registry.tokenRequests()
        #expect(tokens.contains { $0.contains("push") && $0.hasSuffix("sailor 200") })
        let anonymous = try await Tool.attempt(
          "skopeo",
          ["inspect", "--no-creds"]
            + (registry.certificate.map { ["--cert-dir", $0.removingLastComponent().string] } ?? [
              "--tls-verify=false"
            ]) + ["docker://\(reference)"])
        #expect(anonymous.succeeded == pull)
      }
    }
  }

  @Test(arguments: [TestRegistry.Access.basic(.example), .token(.example)])
  func refusesWrongCredentials(_ access: TestRegistry.Access) async throws {
    try await TestRegistry.serve(.init(access: access)) { registry in
      let outcome = try await Tool.attempt(
        "skopeo",
        [
          "inspect", "--tls-verify=false", "--creds=sailor:wrong",
          "docker://\(registry.authority)/base",
        ])
      #expect(!outcome.succeeded)
      let requests = try registry.requests()
      #expect(requests.contains { $0.status == 401 })
    }
  }

  @Test func isGoneAfterwards() async throws {
    let (port, folder) = try await TestRegistry.serve { ($0.port, $0.folder) }
    #expect(try FileStatus.ifExists(folder) == nil)
    #expect(try await !Tool.attempt("curl", ["-s", "http://127.0.0.1:\(port)/v2/"]).succeeded)
  }

  @Test func isGoneAfterAnError() async throws {
    struct Stop: Error { var port: Int }
    do {
      try await TestRegistry.serve { throw Stop(port: $0.port) }
    } catch let stop as Stop {
      let outcome = try await Tool.attempt("curl", ["-s", "http://127.0.0.1:\(stop.port)/v2/"])
      #expect(!outcome.succeeded)
    }
  }
}
