import Diagnostics
import HostOS
import OCI
import Registry
import SystemPackage
import Testing

@Suite struct RegistriesConfigurationTests {
  /// What files below `etc/containers` and `home/.config/containers` say together.
  private func configuration(
    _ files: [String: String], _ variables: [String: String] = [:]
  ) throws -> RegistriesConfiguration {
    let folder = try TemporaryDirectory()
    for (name, text) in files {
      let path = folder.path.pushing(FilePath(name))
      try Files.createDirectories(path.removingLastComponent())
      try Files.writeAtomically(Array(text.utf8), to: path)
    }
    let home = ["HOME": folder.path.appending("home").string]
    let environment = Environment(
      variables.mapValues { folder.path.pushing(FilePath($0)).string }.merging(home) { own, _ in own })
    return try RegistriesConfiguration(environment, system: folder.path.pushing("etc/containers"))
  }

  private func configuration(_ text: String) throws -> RegistriesConfiguration {
    try configuration(["etc/containers/registries.conf": text])
  }

  private func places(_ name: String, _ configuration: RegistriesConfiguration) throws -> [String] {
    try configuration.places(for: ImageReference(parsing: name)).map {
      "\($0.isMirror ? "mirror " : "")\($0.registry)/\($0.repository)\($0.isInsecure ? " insecure" : "")"
    }
  }

  @Test(
    "mirrors come first, and the longest prefix decides",
    arguments: [
      ("debian", ["mirror cache.example:5000/hub/library/debian", "docker.io/library/debian"]),
      ("docker.io/me/web:1", ["mirror cache.example:5000/hub/me/web", "docker.io/me/web"]),
      ("docker.io/acme/web", ["store.example/acme-images/web insecure"]),
      ("docker.io/acmeweb/x", ["mirror cache.example:5000/hub/acmeweb/x", "docker.io/acmeweb/x"]),
      ("quay.io/a/b", ["quay.io/a/b"]),
      ("a.corp.example/x/y", ["a.corp.example/x/y insecure"]),
      ("corp.example/x/y", ["corp.example/x/y"]),
      ("pinned.example/a:1", ["mirror tags.example/a", "pinned.example/a"]),
      (
        "pinned.example/a@sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        ["mirror digests.example/a", "pinned.example/a"]
      ),
    ])
  func places(name: String, expected: [String]) throws {
    let configuration = try configuration(
      """
      unqualified-search-registries = ["other.example"]

      [[registry]]
      location = "docker.io"
      [[registry.mirror]]
      location = "cache.example:5000/hub/"

      [[registry]]
      prefix = "docker.io/acme"
      location = "store.example/acme-images"
      insecure = true

      [[registry]]
      prefix = "*.corp.example"
      insecure = true

      [[registry]]
      location = "pinned.example"
      mirror = [
        {location = "digests.example", pull-from-mirror = "digest-only"},
        {location = "tags.example", pull-from-mirror = "tag-only"},
      ]
      """)
    #expect(try places(name, configuration) == expected)
  }

  @Test func mirrorsByDigestOnly() throws {
    let configuration = try configuration(
      """
      [[registry]]
      location = "r.example"
      mirror-by-digest-only = true
      [[registry.mirror]]
      location = "m.example"
      """)
    #expect(try places("r.example/a:1", configuration) == ["r.example/a"])
    #expect(
      try places("r.example/a@\(manifestDigest)", configuration) == ["mirror m.example/a", "r.example/a"])
  }

  @Test func aliasesAreForShortNames() throws {
    let configuration = try configuration(
      """
      [aliases]
      debian = "base.example/os/debian"
      "me/web" = "base.example/web"
      """)
    #expect(try places("debian:12", configuration) == ["base.example/os/debian"])
    #expect(try places("me/web", configuration) == ["base.example/web"])
    #expect(try places("quay.io/me/web", configuration) == ["quay.io/me/web"])
  }

  @Test func aLocationStandsForItsPrefixAlsoInPushesAndLogins() async throws {
    let configuration = try configuration(
      """
      [[registry]]
      prefix = "hub.example/team"
      location = "127.0.0.1:5000/there"
      insecure = true
      [[registry.mirror]]
      location = "127.0.0.1:6000/there"
      """)
    let place = try configuration.destination(for: ImageReference(parsing: "hub.example/team/app:1"))
    #expect(
      place == PullPlace(registry: "127.0.0.1:5000", repository: "there/app", isInsecure: true, isMirror: false))
    let own = try configuration.destination(for: ImageReference(parsing: "hub.example/other/app"))
    #expect(own.registry == "hub.example" && own.repository == "other/app")
    let credentials = configuration.relocating(StaticCredentials(["hub.example": .basic(user: "ada", password: "x")]))
    func user(_ registry: String, _ repository: String) async throws -> String? {
      try await credentials.credential(registry: registry, repository: repository)?.credential.description
    }
    #expect(try await user("127.0.0.1:5000", "there/app") == "user ada")
    for (registry, repository) in [("127.0.0.1:5000", "thereabouts"), ("127.0.0.1:6000", "there/app")] {
      #expect(try await user(registry, repository) == nil)
    }
  }

  @Test func blockedRegistriesAreRefused() throws {
    let configuration = try configuration("[[registry]]\nlocation = \"docker.io\"\nblocked = true\n")
    let error = #expect(throws: RegistryError.self) { try places("debian", configuration) }
    #expect(error?.code == .registryBlocked && error?.exitCode == .usage)
    #expect(error?.diagnostic.notes.first?.message.hasSuffix("/etc/containers/registries.conf says so") == true)
  }

  @Test func theOlderVersionIsRead() throws {
    let configuration = try configuration(
      """
      [registries.search]
      registries = ["docker.io"]
      [registries.insecure]
      registries = ["lab.example"]
      [registries.block]
      registries = ["bad.example"]
      """)
    #expect(try places("lab.example/a", configuration) == ["lab.example/a insecure"])
    #expect(throws: RegistryError.self) { try places("bad.example/a", configuration) }
  }

  // MARK: Files

  @Test(
    "which files count",
    arguments: [
      (["etc/containers/registries.conf": "main"], [:], "main"),
      (["etc/containers/registries.conf": "main", "home/.config/containers/registries.conf": "user"], [:], "user"),
      (
        ["etc/containers/registries.conf": "main", "etc/containers/registries.conf.d/10.conf": "drop-in"], [:],
        "drop-in"
      ),
      (
        [
          "etc/containers/registries.conf.d/10.conf": "first", "etc/containers/registries.conf.d/20.conf": "second",
          "etc/containers/registries.conf.d/30.txt": "text",
        ], [:], "second"
      ),
      (
        [
          "etc/containers/registries.conf.d/10.conf": "system",
          "home/.config/containers/registries.conf.d/05.conf": "user",
        ], [:], "user"
      ),
      (
        [
          "home/.config/containers/registries.conf": "user", "etc/containers/registries.conf.d/10.conf": "system",
        ], [:], "user"
      ),
      (
        ["etc/containers/registries.conf": "main", "told.conf": "told"], ["CONTAINERS_REGISTRIES_CONF": "told.conf"],
        "told"
      ),
      ([:], [:], nil),
    ] as [([String: String], [String: String], String?)])
  func files(files: [String: String], variables: [String: String], expected: String?) throws {
    let texts = files.mapValues {
      "[[registry]]\nlocation = \"r.example\"\n[[registry.mirror]]\nlocation = \"\($0).example\""
    }
    let mirrors = try configuration(texts, variables).places(for: ImageReference(parsing: "r.example/a"))
      .filter(\.isMirror)
    #expect(mirrors.map(\.registry) == (expected.map { ["\($0).example"] } ?? []))
  }

  @Test(
    "mistakes are told with the file and the place",
    arguments: [
      ("[[registry]\n", "line 1, column 12"),
      ("[[registry]]\nlocation = 5\n", "registry.[0].location is missing, or of another type"),
      ("[[registry]]\ninsecure = true\n", "neither a prefix nor a location"),
      ("[[registry]]\nprefix = \"a.example\"\n", "the [[registry]] with prefix \"a.example\" needs a location"),
      ("[[registry]]\nlocation = \"https://a.example\"\n", "must not begin with https://"),
      ("[[registry]]\nlocation = \"a\"\n[registries.search]\nregistries = []\n", "cannot be mixed"),
      (
        """
        [[registry]]
        location = "a"
        mirror-by-digest-only = true
        mirror = [{location = "b", pull-from-mirror = "all"}]
        """, "one must go"
      ),
      (
        "[[registry]]\nlocation = \"a\"\nmirror = [{location = \"b\", pull-from-mirror = \"some\"}]\n",
        "pull-from-mirror"
      ),
    ])
  func mistakes(text: String, expected: String) throws {
    let error = #expect(throws: RegistryError.self) { try configuration(text) }
    #expect(error?.code == .registriesConfInvalid && error?.exitCode == .usage)
    let message = error?.diagnostic.message ?? ""
    #expect(message.contains("/etc/containers/registries.conf: ") && message.contains(expected), "\(message)")
  }

  @Test func aFileThatIsToldMustBeThere() throws {
    let error = #expect(throws: RegistryError.self) {
      try configuration([:], ["CONTAINERS_REGISTRIES_CONF": "none.conf"])
    }
    #expect(error?.diagnostic.message.hasSuffix("/none.conf: there is no such file") == true)
  }
}
