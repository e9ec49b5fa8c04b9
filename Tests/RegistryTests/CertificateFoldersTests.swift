import Diagnostics
import HTTP
import HostOS
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite struct CertificateFoldersTests {
  /// A folder that stands for /etc, with files for one registry.
  private func client(
    _ authority: String, _ files: [String: FilePath], _ body: (RegistryClient) async throws -> Void
  ) async throws {
    let system = try TemporaryDirectory()
    let folder = system.path.pushing("containers/certs.d").appending(authority)
    try Files.createDirectories(folder)
    for (name, source) in files {
      try Files.writeAtomically(try Files.read(source), to: folder.appending(name))
    }
    try await body(
      RegistryClient(
        http: HTTPClient(transport: .live(), userAgent: "slipway/test"), credentials: StaticCredentials.anonymous,
        certificates: CertificateFolders([:], system: system.path)))
  }

  @Test func anAuthorityOfOneRegistryIsBelieved() async throws {
    try await TestRegistry.serve(.init(usesTLS: true, storage: .memory)) { registry in
      let authority = try #require(registry.certificate)
      try await client(registry.authority, ["ca.crt": authority]) { try await $0.logIn(to: registry.authority) }
      try await client("other.example", ["ca.crt": authority]) { client in
        let error = await registryError { try await client.logIn(to: registry.authority) }
        #expect(error?.code == .certificateUntrusted)
      }
    }
  }

  @Test func aRegistryThatWantsACertificateGetsIt() async throws {
    try await TestRegistry.serve(.init(usesTLS: true, storage: .memory, wantsClientCertificate: true)) { registry in
      let authority = try #require(registry.certificate), own = try #require(registry.clientCertificate)
      let files = ["ca.crt": authority, "client.cert": own.certificate, "client.key": own.key]
      try await client(registry.authority, files) { try await $0.logIn(to: registry.authority) }
      try await client(registry.authority, ["ca.crt": authority]) { client in
        let error = await registryError { try await client.logIn(to: registry.authority) }
        #expect(error?.exitCode == .unavailable, "\(String(describing: error))")
      }
    }
  }

  @Test(
    "files that do not fit together are told",
    arguments: [
      (["a.cert": "x"], "a.cert: there is no a.key beside it"), (["a.key": "x"], "a.key: there is no a.cert beside it"),
      (["a.crt": "no certificate"], "holds no certificates in PEM format"),
    ])
  func mistakes(files: [String: String], expected: String) async throws {
    let folder = try TemporaryDirectory()
    var paths: [String: FilePath] = [:]
    for (name, text) in files {
      paths[name] = folder.path.appending(name)
      try Files.writeAtomically(Array(text.utf8), to: folder.path.appending(name))
    }
    try await client("r.example", paths) { client in
      let error = await registryError { try await client.logIn(to: "r.example") }
      #expect(error?.code == .certificatesInvalid && error?.exitCode == .usage)
      #expect(error?.diagnostic.message.hasSuffix(expected) == true, "\(String(describing: error))")
    }
  }
}
