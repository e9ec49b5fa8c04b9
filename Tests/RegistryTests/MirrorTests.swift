import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite struct MirrorTests {
  private var configuration: RegistriesConfiguration {
    var configuration = RegistriesConfiguration()
    configuration.rules = [
      RegistryRule(
        prefix: "r.example", location: "r.example", isInsecure: false, isBlocked: false,
        mirrors: [.init(location: "one.example/cache"), .init(location: "two.example")], origin: "the test")
    ]
    return configuration
  }

  /// A client, of whose hosts only some have the image.
  private func client(_ hosts: Set<String>) -> (ScriptedRegistry, RegistryClient) {
    let registry = ScriptedRegistry { request, _ in
      guard hosts.contains(request.url.host() ?? "") else { return ScriptedAnswer(404) }
      if request.url.path().contains("/blobs/") { return ScriptedAnswer(200, body: "{}") }
      return ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes)
    }
    return (
      registry,
      RegistryClient(http: registry.http, credentials: StaticCredentials.anonymous, configuration: configuration)
    )
  }

  private func asked(_ registry: ScriptedRegistry, for kind: String) -> [String] {
    registry.seen.filter { $0.url.path().contains("/\(kind)/") }.map { "\($0.url.host() ?? "")\($0.url.path())" }
  }

  private let image = ImageReference(registry: "r.example", repository: "a/b", tag: "1")
  private let config = Descriptor(mediaType: .ociConfig, digest: Digest(sha256Of: "{}".utf8), size: 2)

  @Test func theFirstMirrorThatHasAnImageGivesItsBlobsToo() async throws {
    let (registry, client) = client(["two.example", "r.example"])
    _ = try await client.manifest(image)
    #expect(
      asked(registry, for: "manifests")
        == ["one.example/v2/cache/a/b/manifests/1", "two.example/v2/a/b/manifests/1"])
    #expect(try await client.blobs(of: image).readWhole(config) == Array("{}".utf8))
    #expect(asked(registry, for: "blobs") == ["two.example/v2/a/b/blobs/\(config.digest)"])
  }

  @Test func withoutAMirrorTheRegistryItselfIsAsked() async throws {
    let (registry, client) = client(["r.example"])
    _ = try await client.manifest(image)
    #expect(asked(registry, for: "manifests").last == "r.example/v2/a/b/manifests/1")
  }

  @Test func theErrorIsThatOfTheRegistryAndNamesTheMirrors() async throws {
    let (_, client) = client([])
    let error = try #require(await registryError { _ = try await client.manifest(image) })
    #expect(error.diagnostic.message.contains("r.example"))
    let notes = error.diagnostic.notes.map(\.message).filter { $0.hasPrefix("a mirror: ") }
    #expect(notes.count == 2 && notes[0].contains("one.example") && notes[1].contains("two.example"), "\(notes)")
  }

  /// The registry itself answered first, and is asked first the next time.
  @Test func theErrorStaysThatOfTheRegistryWhenItIsRemembered() async throws {
    let gone = ScriptedRegistry { request, _ in
      request.url.host() == "r.example" && request.method == "GET" && request.url.path().hasSuffix("/1")
        ? ScriptedAnswer(200, manifestHeaders, bytes: manifestBytes)
        : request.url.path().contains("/tags/") ? ScriptedAnswer(200, body: #"{"tags":["1"]}"#) : ScriptedAnswer(404)
    }
    let remembering = RegistryClient(
      http: gone.http, credentials: StaticCredentials.anonymous, configuration: configuration)
    _ = try await remembering.manifest(image)
    var other = image
    other.tag = "2"
    let error = try #require(await registryError { _ = try await remembering.manifest(other) })
    #expect(
      asked(gone, for: "manifests").suffix(3).map { $0.prefix { $0 != "/" } } == [
        "r.example", "one.example", "two.example",
      ])
    #expect(error.diagnostic.message.contains("r.example/a/b has no tag 2"), "\(error.diagnostic.message)")
    #expect(error.diagnostic.notes.count { $0.message.hasPrefix("a mirror: ") } == 2)
  }

  @Test func aMirrorGetsItsOwnCredentials() async throws {
    let registry = ScriptedRegistry { request, _ in
      request.authorization == nil
        ? ScriptedAnswer(401, ["WWW-Authenticate": "Basic realm=\"r\""])
        : ScriptedAnswer(request.url.host() == "r.example" ? 200 : 404, manifestHeaders, bytes: manifestBytes)
    }
    let credentials = StaticCredentials([
      "r.example": .basic(user: "real", password: "p"), "one.example": .basic(user: "mirror", password: "p"),
    ])
    let client = RegistryClient(http: registry.http, credentials: credentials, configuration: configuration)
    _ = try await client.manifest(image)
    let shown = Dictionary(
      registry.seen.map { ($0.url.host() ?? "", $0.authorization) }, uniquingKeysWith: { $1 ?? $0 })
    #expect(shown["one.example"] == "Basic bWlycm9yOnA=")
    #expect(shown["two.example"] == .some(nil))
    #expect(shown["r.example"] == "Basic cmVhbDpw")
  }

  @Test func pushesGoToTheRegistryItself() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(201) }
    let client = RegistryClient(
      http: registry.http, credentials: StaticCredentials.anonymous, configuration: configuration)
    try await client.repository(image).write(try RawManifest(bytes: manifestBytes, mediaType: nil), tag: "1")
    #expect(registry.seen.map { $0.url.host() } == ["r.example"])
  }

  @Test func nothingIsSentToABlockedRegistry() async throws {
    let registry = ScriptedRegistry { _, _ in ScriptedAnswer(200) }
    var configuration = configuration
    configuration.rules[0].isBlocked = true
    let client = RegistryClient(
      http: registry.http, credentials: StaticCredentials.anonymous, configuration: configuration)
    for attempt in 0..<3 {
      let error = await registryError {
        switch attempt {
        case 0: _ = try await client.manifest(image)
        case 1: _ = try await client.blobs(of: image).readWhole(config)
        default: try await client.repository(image).write(RawManifest(bytes: manifestBytes, mediaType: nil), tag: "1")
        }
      }
      #expect(error?.code == .registryBlocked)
    }
    #expect(registry.seen.isEmpty)
  }

  /// A real registry that holds an image stands for another one, as `registries.conf` says.
  @Test func aRealMirrorAnswers() async throws {
    try await TestRegistry.serve { registry in
      let layout = try TemporaryDirectory()
      let store = ContentStore(root: layout.path)
      let direct = RegistryClient(
        http: HTTPClient(transport: .live(), userAgent: "slipway/test"), credentials: StaticCredentials.anonymous)
      let config = try store.store(Array("{}".utf8), mediaType: .ociConfig)
      let manifest = try RawManifest(ImageManifest(config: config, layers: []))
      let held = ImageReference(registry: registry.authority, repository: "hub/library/debian", tag: "12")
      try await direct.repository(held).write(config, from: store) { _ in }
      try await direct.repository(held).write(manifest, tag: "12")
      let file = layout.path.appending("registries.conf")
      try Files.writeAtomically(
        Array("[[registry]]\nlocation = \"docker.io\"\nmirror = [{location = \"\(registry.authority)/hub\"}]\n".utf8),
        to: file)
      let client = RegistryClient(
        http: HTTPClient(transport: .live(), userAgent: "slipway/test"), credentials: StaticCredentials.anonymous,
        configuration: try RegistriesConfiguration(
          ["CONTAINERS_REGISTRIES_CONF": file.string], system: layout.path.appending("none")))
      let name = try ImageReference(parsing: "debian:12")
      #expect(try await client.manifest(name) == manifest)
      #expect(try await client.blobs(of: name).readWhole(config) == Array("{}".utf8))
    }
  }
}
