import Diagnostics
import Foundation
import HostOS
import Registry
import SystemPackage
import Testing

@Suite struct DockerConfigCredentialsTests {
  /// Runs a body with files in a fresh folder that stands for a home.
  private func withHome(_ files: [String: String], _ body: (FilePath) async throws -> Void) async throws {
    let home = try TemporaryDirectory()
    for (name, text) in files {
      let path = home.path.appending(name)
      try Files.createDirectories(path.removingLastComponent())
      let mode: CModeT = text.hasPrefix("#!") ? 0o755 : 0o600
      try Files.writeAtomically(Array(text.utf8), to: path, permissions: FilePermissions(rawValue: mode))
    }
    try await body(home.path)
  }

  private static func auths(_ entries: [String: String]) -> String {
    let members = entries.map { "\"\($0)\":{\"auth\":\"\(Data($1.utf8).base64EncodedString())\"}" }
    return "{\"auths\":{\(members.joined(separator: ","))}}"
  }

  @Test(
    "the entry that leads to a repository",
    arguments: [
      ("ghcr.io", "me/web", "ghcr:1"), ("ghcr.io", "acme/web", "acme:1"), ("ghcr.io", "acme/web/x", "deep:1"),
      ("ghcr.io", "acmeweb", "ghcr:1"), ("docker.io", "library/debian", "hub:1"), ("quay.io", "a/b", "old:1"),
      ("localhost:5000", "a", "local:pass:word"), ("other.io", "a", nil), ("hcr.io", "a", nil),
    ] as [(String, String, String?)])
  func entries(registry: String, repository: String, expected: String?) async throws {
    let config = Self.auths([
      "ghcr.io": "ghcr:1", "ghcr.io/acme": "acme:1", "ghcr.io/acme/web/x": "deep:1",
      "https://index.docker.io/v1/": "hub:1", "https://quay.io/v2/": "old:1",
      "http://localhost:5000": "local:pass:word",
    ])
    try await withHome([".docker/config.json": config]) { home in
      let provider = DockerConfigCredentials(["HOME": home.string])
      let found = try await provider.credential(registry: registry, repository: repository)
      let parts = expected?.split(separator: ":", maxSplits: 1).map(String.init)
      #expect(found?.credential == parts.map { .basic(user: $0[0], password: $0[1]) })
      #expect(found.map { $0.origin.hasPrefix("\(home)/.docker/config.json, entry \"") } ?? true)
    }
  }

  @Test(
    "the forms of an entry",
    arguments: [
      (#"{"username":"u","password":"p"}"#, Credential.basic(user: "u", password: "p")),
      (#"{"auth":"dTpwAAA=","identitytoken":""}"#, .basic(user: "u", password: "p")),
      (#"{"auth":"dTpw","identitytoken":"refresh"}"#, .identityToken("refresh")),
      (#"{"registrytoken":"ready"}"#, .registryToken("ready")), ("{}", nil), (#"{"auth":""}"#, nil),
    ] as [(String, Credential?)])
  func forms(entry: String, expected: Credential?) async throws {
    let provider = DockerConfigCredentials(["DOCKER_AUTH_CONFIG": #"{"auths":{"r.example":\#(entry)},"x":1}"#])
    let found = try await provider.credential(registry: "r.example", repository: "a")
    #expect(found?.credential == expected)
    #expect(found.map { $0.origin == "the variable DOCKER_AUTH_CONFIG, entry \"r.example\"" } ?? true)
  }

  @Test func looksIntoTheFilesInTheirOrder() async throws {
    func file(_ user: String) -> String { Self.auths(["r.example": "\(user):p"]) }
    try await withHome([
      "explicit.json": file("explicit"), "run/containers/auth.json": file("run"),
      "xdg/containers/auth.json": file("xdg"), ".config/containers/auth.json": file("config"),
      "docker/config.json": file("docker"), ".docker/config.json": file("home"),
    ]) { home in
      var variables = [
        "REGISTRY_AUTH_FILE": "\(home)/explicit.json", "DOCKER_AUTH_CONFIG": file("variable"),
        "XDG_RUNTIME_DIR": "\(home)/run", "XDG_CONFIG_HOME": "\(home)/xdg", "DOCKER_CONFIG": "\(home)/docker",
        "HOME": home.string,
      ]
      func user() async throws -> String? {
        let provider = DockerConfigCredentials(Environment(variables))
        guard
          case .basic(let user, _)? = try await provider.credential(registry: "r.example", repository: "a")?.credential
        else { return nil }
        return user
      }
      for (expected, variable) in [
        ("explicit", "REGISTRY_AUTH_FILE"), ("variable", "DOCKER_AUTH_CONFIG"), ("run", "XDG_RUNTIME_DIR"),
        ("xdg", "XDG_CONFIG_HOME"),
      ] {
        #expect(try await user() == expected)
        variables[variable] = nil
      }
      #expect(try await user() == "config")
      try Files.removeTree(home.appending(".config"))
      #expect(try await user() == "docker")
      variables["DOCKER_CONFIG"] = nil
      #expect(try await user() == "home")
      variables["HOME"] = nil
      #expect(try await user() == nil)
    }
  }

  @Test(
    "files that cannot be read",
    arguments: [
      "not JSON", #"{"auths":[]}"#, #"{"auths":{"r.example":{"auth":"***"}}}"#,
      #"{"auths":{"r.example":{"auth":"bm9jb2xvbg=="}}}"#,
    ])
  func invalid(text: String) async throws {
    let provider = DockerConfigCredentials(["DOCKER_AUTH_CONFIG": text])
    let error = await #expect(throws: RegistryError.self) {
      try await provider.credential(registry: "r.example", repository: "a")
    }
    #expect(error?.code == .credentialsInvalid && error?.exitCode == .usage)
    #expect(error?.diagnostic.message.contains("the variable DOCKER_AUTH_CONFIG") == true)
  }

  // MARK: Helpers

  private static let helper = """
    #!/bin/sh
    read -r server || true
    case "$1 $server" in
    "get r.example") echo '{"ServerURL":"r.example","Username":"me","Secret":"s3"}' ;;
    "get https://index.docker.io/v1/") echo '{"ServerURL":"","Username":"<token>","Secret":"refresh"}' ;;
    "get broken.example") echo 'it is locked' >&2; exit 1 ;;
    "get odd.example") echo 'hello' ;;
    *) echo 'credentials not found in native keychain'; exit 1 ;;
    esac
    """

  @Test(
    "helpers are asked",
    arguments: [
      (#"{"credsStore":"test"}"#, "r.example", Credential.basic(user: "me", password: "s3")),
      (#"{"credsStore":"test"}"#, "docker.io", .identityToken("refresh")),
      (#"{"credHelpers":{"r.example":"test"}}"#, "r.example", .basic(user: "me", password: "s3")),
      (#"{"credHelpers":{"other.example":"absent"}}"#, "r.example", nil),
      (#"{"credsStore":"absent","credHelpers":{"r.example":"test"}}"#, "r.example", .basic(user: "me", password: "s3")),
      (#"{"credsStore":"test"}"#, "unknown.example", nil),
      (
        #"{"credsStore":"test","auths":{"unknown.example":{"auth":"dTpw"}}}"#, "unknown.example",
        .basic(user: "u", password: "p")
      ),
    ] as [(String, String, Credential?)])
  func helpers(config: String, registry: String, expected: Credential?) async throws {
    try await withHome([".docker/config.json": config, "bin/docker-credential-test": Self.helper]) { home in
      let provider = DockerConfigCredentials(["HOME": home.string, "PATH": "\(home)/bin:/usr/bin:/bin"])
      let found = try await provider.credential(registry: registry, repository: "a")
      #expect(found?.credential == expected)
    }
  }

  @Test(
    "helpers that fail",
    arguments: [
      ("test", "broken.example", "the credential helper docker-credential-test failed for broken.example"),
      (
        "test", "odd.example", "the credential helper docker-credential-test did not answer in the form of the protocol"
      ),
      ("absent", "r.example", "cannot run the credential helper docker-credential-absent"),
      ("../x", "r.example", "\"../x\" is not the name of a credential helper"),
    ])
  func failingHelpers(name: String, registry: String, message: String) async throws {
    let config = #"{"credsStore":"\#(name)"}"#
    try await withHome([".docker/config.json": config, "bin/docker-credential-test": Self.helper]) { home in
      let provider = DockerConfigCredentials(["HOME": home.string, "PATH": "\(home)/bin:/usr/bin:/bin"])
      let error = await #expect(throws: RegistryError.self) {
        try await provider.credential(registry: registry, repository: "a")
      }
      #expect(error?.code == .credentialHelper && error?.exitCode == .authentication)
      #expect(error?.diagnostic.message == message)
    }
  }
}
