internal import HostOS
internal import SystemPackage

/// docker-registry's configuration file, and the files that it names.
struct RegistrySettings {
  /// Where tokens come from, and the certificate by which the registry knows them.
  struct TokenRealm: Sendable {
    var url: String
    var certificate: FilePath
  }

  let configuration: TestRegistry.Configuration
  let realm: TokenRealm?
  let folder: FilePath

  init(_ configuration: TestRegistry.Configuration, realm: TokenRealm?, in folder: FilePath) {
    self.configuration = configuration
    self.realm = realm
    self.folder = folder
  }

  /// - Returns: the path of the configuration file.
  func write() async throws -> FilePath {
    var lines = ["version: 0.1", "log: {level: info}", "storage:", "  delete: {enabled: true}"]
    switch configuration.storage {
    case .memory: lines.append("  inmemory: {}")
    case .folder: lines.append("  filesystem: {rootdirectory: \(folder.appending("blobs"))}")
    }
    lines += ["http:", "  addr: 127.0.0.1:0", "  secret: test"]
    if configuration.usesTLS {
      let authority = try await PrivateAuthority(in: folder.appending("tls"))
      let issued = try await authority.issue(.server, hostNames: configuration.hostNames)
      var members = "certificate: \(issued.certificate), key: \(issued.key)"
      if configuration.wantsClientCertificate {
        try await authority.issue(.client)
        members += ", clientcas: [\(authority.certificate)]"
      }
      lines.append("  tls: {\(members)}")
    }
    lines += try await access()
    let path = folder.appending("registry.yml")
    try Files.writeAtomically(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
    return path
  }

  private func access() async throws -> [String] {
    switch configuration.access {
    case .anonymous:
      return []
    case .basic(let credentials):
      let passwords = folder.appending("htpasswd")
      let line = try await Tool.run(
        "htpasswd", ["-niB", credentials.user], input: Array(credentials.password.utf8))
      try Files.writeAtomically(line.output, to: passwords)
      return ["auth:", "  htpasswd: {realm: test-registry, path: \(passwords)}"]
    case .token:
      guard let realm else { throw TestSupportError("server-failed", "there is no token server") }
      return [
        "auth:", "  token:", "    realm: \(realm.url)", "    service: \(TestRegistry.service)",
        "    issuer: \(TestRegistry.service)", "    rootcertbundle: \(realm.certificate)",
      ]
    }
  }
}
