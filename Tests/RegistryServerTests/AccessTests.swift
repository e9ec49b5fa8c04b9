import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import OCI
@testable import RegistryServer
import SystemPackage
import TestSupport
import Testing

/// Who may do what, and who is spoken to.
@Suite struct AccessTests {
  @Test func aReadOnlyRegistryTakesNothing() async throws {
    try await Scratch.use("served") { scratch in
      let store = ContentStore(root: scratch("store"))
      let manifest = try await ServedRegistry.use(store) { try await $0.pushImage("1") }
      try await ServedRegistry.use(store, RegistryServer.Configuration()) { registry in
        let digest = manifest.descriptor.digest
        #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == manifest.bytes)
        let writes: [(HTTPMethod, String)] = [
          (.POST, "/v2/app/blobs/uploads/"), (.PUT, "/v2/app/manifests/2"), (.DELETE, "/v2/app/manifests/1"),
          (.DELETE, "/v2/app/blobs/\(digest)"), (.PATCH, "/v2/app/blobs/uploads/x"),
        ]
        for (method, path) in writes {
          let reply = try await registry.send(method, path, [:], manifest.bytes)
          #expect(reply.status == 405 && reply.errorCode == "UNSUPPORTED")
        }
        #expect(try await registry.tags().tags == ["1"])
      }
    }
  }

  private func passwords(_ scratch: Scratch) async throws -> FilePath {
    let lines = try await ["sailor": "s3cret:with/odd chars", "cook": "other"].sorted { $0.key < $1.key }
      .asyncMap { try await Tool.run("htpasswd", ["-niB", "-C", "5", $0.key], input: Array($0.value.utf8)).outputText }
    return try scratch.write(["htpasswd": .file("# who may come in\n\n" + lines.joined())]).appending("htpasswd")
  }

  @Test func nobodyComesInWithoutPassword() async throws {
    try await Scratch.use("served") { scratch in
      var configuration = RegistryServer.Configuration.writable
      configuration.passwords = try PasswordFile(try await passwords(scratch))
      try await ServedRegistry.use(configuration) { registry in
        func status(_ credentials: String?) async throws -> ServedRegistry.Reply {
          let header = credentials.map { "Basic \(Data($0.utf8).base64EncodedString())" }
          return try await registry.send(.GET, "/v2/", header.map { ["Authorization": $0] } ?? [:])
        }
        for credentials in [nil, "sailor:wrong", "nobody:other", "cook:", "cook", ":", "sailor:s3cret"] {
          let reply = try await status(credentials)
          #expect(reply.status == 401 && reply.errorCode == "UNAUTHORIZED", "\(credentials ?? "none")")
          #expect(reply["WWW-Authenticate"] == #"Basic realm="slipway""#)
        }
        #expect(try await registry.send(.GET, "/v2/", ["Authorization": "Bearer x"]).status == 401)
        for credentials in ["sailor:s3cret:with/odd chars", "cook:other", "cook:other"] {
          #expect(try await status(credentials).status == 200)
        }
        // Refused before the body is asked for.
        let refused = try await registry.send(
          .POST, "/v2/app/blobs/uploads/", ["Expect": "100-continue"], Array("content".utf8))
        #expect(refused.status == 401 && refused["Connection"] == "close")
      }
    }
  }

  @Test(arguments: [
    ("", "names nobody"), ("# nobody\n", "names nobody"), ("cook:{SHA}x\n", "line 1"),
    ("a:$2y$05$x\n\ncook\n", "line 3"),
  ])
  func passwordFilesThatAreNone(text: String, message: String) throws {
    let scratch = try Scratch("served")
    let path = try scratch.write(["htpasswd": .file(text)]).appending("htpasswd")
    let error = #expect(throws: RegistryServerError.self) { try PasswordFile(path) }
    #expect(error?.diagnostic.code == "invalid-htpasswd" && error?.diagnostic.message.contains(message) == true)
    #expect(error?.exitCode == .usage)
  }

  @Test func speaksTLS() async throws {
    try await Scratch.use("served") { scratch in
      let authority = try await PrivateAuthority(in: scratch("tls"))
      let issued = try await authority.issue(.server)
      var configuration = RegistryServer.Configuration.writable
      configuration.tls = (issued.certificate, issued.key)
      try await ServedRegistry.use(configuration) { registry in
        let transport = HTTPTransport.live(trustRoots: try TrustRoots([:], files: [authority.certificate]))
        let url = try #require(URL(string: "https://127.0.0.1:\(registry.port)/v2/"))
        #expect(try await transport.exchange(HTTPRequest(.GET, url)).status == 200)
      }
      configuration.tls = (issued.key, issued.certificate)
      let server = RegistryServer(ContentStore(root: scratch("store")), configuration) { _ in }
      let error = await #expect(throws: RegistryServerError.self) { try await server.run { _, _ in } }
      #expect(error?.diagnostic.code == "invalid-certificate" && error?.exitCode == .usage)
    }
  }

  @Test func aPortThatIsTakenIsAnError() async throws {
    try await ServedRegistry.use { registry in
      var configuration = RegistryServer.Configuration()
      configuration.port = registry.port
      let server = RegistryServer(registry.store, configuration) { _ in }
      let error = await #expect(throws: RegistryServerError.self) { try await server.run { _, _ in } }
      #expect(error?.diagnostic.code == "cannot-listen")
      #expect(error?.diagnostic.message.contains("127.0.0.1:\(registry.port)") == true)
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
