import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
import OCI
import Registry
import Synchronization
import Testing

@Suite struct EndpointTests {
  /// Which addresses were asked for the manifest of an image.
  private func asked(
    _ name: String, insecure: Set<String> = [], _ probe: @escaping @Sendable (URL) throws -> ScriptedAnswer
  ) async throws -> [String] {
    let registry = ScriptedRegistry { request, _ in
      guard request.url.path().contains("manifests") else { return try probe(request.url) }
      return ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes)
    }
    _ = try await registry.client(insecure: insecure).manifest(ImageReference(parsing: name))
    return registry.seen.map { $0.url.absoluteString }
  }

  @Test(
    "TLS is a must, but for this machine and for what is named as insecure",
    arguments: [
      ("debian", false, ["https://registry-1.docker.io/v2/library/debian/manifests/latest"]),
      ("r.example:5000/a", false, ["https://r.example:5000/v2/a/manifests/latest"]),
      (
        "r.example:5000/a", true,
        [
          "https://r.example:5000/v2/", "http://r.example:5000/v2/", "http://r.example:5000/v2/a/manifests/latest",
        ]
      ),
      (
        "localhost:5000/a", false,
        [
          "http://localhost:5000/v2/", "http://localhost:5000/v2/a/manifests/latest",
        ]
      ),
      (
        "127.0.0.1:5000/a", false,
        [
          "http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/a/manifests/latest",
        ]
      ),
    ])
  func schemes(name: String, isInsecure: Bool, expected: [String]) async throws {
    let seen = try await asked(name, insecure: isInsecure ? ["r.example:5000"] : []) { url in
      if url.scheme == "https" { throw HTTPError(.plainHTTPServer, "plain") }
      return ScriptedAnswer(401)
    }
    #expect(seen == expected)
  }

  @Test(
    "a port that speaks TLS is not asked for images in the clear",
    arguments: [DiagnosticCode.certificateUntrusted, .certificateWrongHost], [true, false])
  func badCertificates(code: DiagnosticCode, isNear: Bool) async throws {
    let registry = isNear ? "localhost:5000" : "r.example:5000"
    let seen = try await asked("\(registry)/a", insecure: ["r.example:5000"]) { url in
      // So say servers that speak TLS only.
      if url.scheme == "http" { return ScriptedAnswer(400) }
      throw HTTPError(code, "no")
    }
    let probe = isNear ? ["http://\(registry)/v2/"] : []
    #expect(seen == probe + ["https://\(registry)/v2/", "https://\(registry)/v2/a/manifests/latest"])
  }

  @Test("other failures of TLS lead to plain HTTP", arguments: [DiagnosticCode.tlsFailure, .connectionLost, .timedOut])
  func silentServers(code: DiagnosticCode) async throws {
    let seen = try await asked("r.example:5000/a", insecure: ["r.example:5000"]) { url in
      if url.scheme == "https" { throw HTTPError(code, "no") }
      return ScriptedAnswer(200)
    }
    #expect(seen.last == "http://r.example:5000/v2/a/manifests/latest")
  }

  @Test(
    "a port of this machine that drops what is no TLS speaks TLS",
    arguments: [DiagnosticCode.connectionLost, .timedOut])
  func silentServersOfThisMachine(code: DiagnosticCode) async throws {
    let seen = try await asked("localhost:5000/a") { url in
      if url.scheme == "http" { throw HTTPError(code, "no") }
      return ScriptedAnswer(200)
    }
    #expect(seen.last == "https://localhost:5000/v2/a/manifests/latest")
  }

  @Test func saysWhatToDoAboutAPlainRegistry() async throws {
    let registry = ScriptedRegistry { _, _ in throw HTTPError(.plainHTTPServer, "r.example speaks plain HTTP, not TLS")
    }
    let error = await registryError { _ = try await registry.client().manifest(ImageReference(parsing: "r.example/a")) }
    #expect(error?.code == .httpToHTTPS && error?.exitCode == .unavailable)
    #expect(error?.diagnostic.help == ["if you trust the network between, name r.example as an insecure registry"])
    #expect(registry.seen.allSatisfy { $0.url.scheme == "https" })
  }

  @Test func reportsEachWarningOnce() async throws {
    let registry = ScriptedRegistry { _, count in
      ScriptedAnswer(
        200,
        [
          "Content-Type": MediaType.ociManifest.rawValue, "Warning": #"299 - "it is \"old\"\#u{1B}[31m""#,
          "warning": count == 0 ? "110 - stale" : #"299 - "second""#,
        ], bytes: manifestBytes)
    }
    let seen = Mutex<[RegistryWarning]>([])
    let client = RegistryClient(http: registry.http, credentials: StaticCredentials.anonymous) { warning in
      seen.withLock { $0.append(warning) }
    }
    for _ in 0..<3 { _ = try await client.manifest(ImageReference(parsing: "r.example/a")) }
    #expect(seen.withLock { $0 }.map(\.text) == [#"it is "old"[31m"#, "second"])
  }
}
