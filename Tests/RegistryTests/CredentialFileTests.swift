import Diagnostics
import Foundation
import HostOS
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite struct CredentialFileTests {
  private func json(_ path: FilePath) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(Files.read(path))) as? NSDictionary)
  }

  @Test func whatElseIsInTheFileStays() async throws {
    let home = try TemporaryDirectory()
    let path = home.path.pushing("c/config.json")
    let environment: Environment = ["DOCKER_CONFIG": home.path.appending("c").string]
    try Files.createDirectories(path.removingLastComponent())
    let before = #"{"auths":{"quay.io":{"auth":"YTpi","email":"a@b"}},"proxies":{"default":{"n":1.5}},"psFormat":"x"}"#
    try Files.writeAtomically(Array(before.utf8), to: path)
    let kept = try await CredentialFile(environment).store(user: "me", password: "pa:ss", for: "ghcr.io")
    #expect(kept.place == path.string && kept.isPlain)
    let expected =
      #"{"auths":{"quay.io":{"auth":"YTpi","email":"a@b"},"ghcr.io":{"auth":"bWU6cGE6c3M="}},"proxies":{"default":{"n":1.5}},"psFormat":"x"}"#
    #expect(try json(path) == JSONSerialization.jsonObject(with: Data(expected.utf8)) as? NSDictionary)
    #expect(try FileStatus(of: path).mode & 0o777 == 0o600)
    #expect(try await CredentialFile(environment).erase("ghcr.io"))
    #expect(try json(path) == JSONSerialization.jsonObject(with: Data(before.utf8)) as? NSDictionary)
    #expect(try await CredentialFile(environment).erase("ghcr.io") == false)
  }

  @Test func dockerHubHasDockersKey() async throws {
    let home = try TemporaryDirectory()
    let environment: Environment = ["HOME": home.path.string]
    _ = try await CredentialFile(environment).store(user: "me", password: "p", for: "docker.io")
    let auths = try json(home.path.pushing(".docker/config.json"))["auths"] as? NSDictionary
    #expect(auths?.allKeys as? [String] == ["https://index.docker.io/v1/"])
    let found = try await DockerConfigCredentials(environment).credential(registry: "docker.io", repository: "a/b")
    #expect(found?.credential == .basic(user: "me", password: "p"))
    #expect(try await CredentialFile(environment).erase("docker.io"))
  }

  @Test func aHelperKeepsTheSecret() async throws {
    let home = try TemporaryDirectory()
    let helper = home.path.appending("docker-credential-test")
    // Keeps what it is given in a file, as the protocol has it.
    try Files.writeAtomically(
      Array(
        """
        #!/bin/sh
        case $1 in
          store) cat >"$HOME/kept" ;;
          get) cat "$HOME/kept" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; } ;;
          erase) [ -e "$HOME/kept" ] || { echo 'credentials not found in native keychain'; exit 1; }; rm "$HOME/kept" ;;
        esac
        """.utf8), to: helper, permissions: FilePermissions(rawValue: 0o755))
    let path = home.path.pushing(".docker/config.json")
    try Files.createDirectories(path.removingLastComponent())
    try Files.writeAtomically(Array(#"{"credHelpers":{"ghcr.io":"test"}}"#.utf8), to: path)
    let environment: Environment = ["HOME": home.path.string, "PATH": "\(home.path):/usr/bin:/bin"]
    let kept = try await CredentialFile(environment).store(user: "me", password: "hidden", for: "ghcr.io")
    #expect(kept.place == "the helper docker-credential-test" && !kept.isPlain)
    #expect(!String(decoding: try Files.read(path), as: UTF8.self).contains("auth\""))
    let found = try await DockerConfigCredentials(environment).credential(registry: "ghcr.io", repository: "a")
    #expect(found?.credential == .basic(user: "me", password: "hidden"))
    #expect(try await CredentialFile(environment).erase("ghcr.io"))
    #expect(try await CredentialFile(environment).erase("ghcr.io") == false)
  }

  @Test func aFileThatIsNoJSONIsLeftAlone() async throws {
    let home = try TemporaryDirectory()
    let path = home.path.appending("auth.json")
    try Files.writeAtomically(Array("{broken".utf8), to: path)
    let file = try CredentialFile(["REGISTRY_AUTH_FILE": path.string])
    let error = await registryError { _ = try await file.store(user: "me", password: "p", for: "ghcr.io") }
    #expect(error?.code == .credentialsInvalid && error?.exitCode == .usage)
    #expect(try Files.read(path) == Array("{broken".utf8))
  }
}
