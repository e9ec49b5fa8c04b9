import HTTP
import HostOS
import NIOHTTP1
import OCI
@testable import RegistryServer
import SystemPackage
import TestSupport
import Testing

/// How names in a store and repositories fit together, and what stays.
@Suite struct ServedStoreTests {
  @discardableResult
  private func add(
    _ name: String?, _ content: String = "{}", to store: ContentStore, annotations: [String: String] = [:]
  ) throws -> RawManifest {
    let config = try store.store(Array(content.utf8), mediaType: .ociConfig)
    let manifest = try RawManifest(ImageManifest(config: config, layers: []))
    var descriptor = try store.store(manifest.bytes, mediaType: .ociManifest)
    descriptor.annotations = annotations
    descriptor.annotations?[ContentStore.referenceNameAnnotation] = name
    try store.add([descriptor])
    return manifest
  }

  @Test(arguments: [
    ("docker.io/library/app:1", ["app/manifests/1", "library/app/manifests/1"]),
    ("docker.io/team/app:1", ["team/app/manifests/1"]),
    ("localhost:5000/app:2", ["app/manifests/2"]), ("127.0.0.1:1234/a/b:3", ["a/b/manifests/3"]),
    ("ghcr.io/me/web:1", ["ghcr.io/me/web/manifests/1"]),
    ("registry.corp:5000/web:1", ["registry.corp/web/manifests/1"]),
    ("latest", ["bundle/manifests/latest"]), ("my/app:1.0", ["my/app/manifests/1.0"]),
  ])
  func imagesHaveRepositoriesByTheirNames(name: String, paths: [String]) async throws {
    var configuration = RegistryServer.Configuration()
    configuration.folderName = "bundle"
    try await ServedRegistry.use(configuration, prepare: { try add(name, to: $0) }) { registry async throws in
      for path in paths { #expect(try await registry.send(.GET, "/v2/\(path)").status == 200, "\(path)") }
    }
  }

  @Test func anArchiveOfContainerdNamesItsImages() async throws {
    let annotations = ["io.containerd.image.name": "docker.io/library/app:1"]
    try await ServedRegistry.use(prepare: { try add("1", to: $0, annotations: annotations) }) { registry async throws in
      #expect(try await registry.tags("app").tags == ["1"])
    }
  }

  @Test func anImageWithoutANameIsHadByItsDigest() async throws {
    try await Scratch.use("served") { scratch in
      let store = ContentStore(root: scratch("store"))
      let manifest = try add(nil, to: store)
      try await ServedRegistry.use(store) { registry async throws in
        let path = "/v2/image/manifests/\(manifest.descriptor.digest)"
        #expect(try await registry.send(.GET, path).body == manifest.bytes)
        #expect(try await registry.send(.DELETE, path).status == 405)
      }
    }
  }

  @Test func whatWasPushedComesBeforeWhatWasBuilt() async throws {
    try await Scratch.use("served") { scratch in
      let store = ContentStore(root: scratch("store"))
      try add("docker.io/library/app:1", "{\"a\":1}", to: store)
      let tagged = try add("localhost:5000/app:1", "{\"b\":1}", to: store)
      try await ServedRegistry.use(store) { registry in
        #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == tagged.bytes)
        let pushed = try await registry.pushImage("1")
        #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == pushed.bytes)
        // Bases of builds are what they were.
        let base = try store.descriptor(named: ImageReference(parsing: "app:1"))
        #expect(base?.digest != pushed.descriptor.digest)
      }
    }
  }

  @Test func seesWhatOthersAddMeanwhile() async throws {
    try await ServedRegistry.use { registry in
      #expect(try await registry.send(.GET, "/v2/app/manifests/1").status == 404)
      let manifest = try add("docker.io/library/app:1", to: registry.store)
      #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == manifest.bytes)
      try registry.store.untag(["docker.io/library/app:1"])
      #expect(try await registry.send(.GET, "/v2/app/manifests/1").status == 404)
    }
  }

  @Test func aNewServerHasWhatTheOldOneHad() async throws {
    try await Scratch.use("served") { scratch in
      let store = ContentStore(root: scratch("store"))
      let (image, part) = try await ServedRegistry.use(store) { registry in
        let part = try await registry.pushImage(nil, layer: "part")
        try await registry.push(try RawManifest(ImageIndex(manifests: [part.descriptor])), as: "all")
        return (try await registry.pushImage("1"), part)
      }
      try await ServedRegistry.use(store) { registry async throws in
        #expect(try await registry.tags().tags == ["1", "all"])
        #expect(try await registry.send(.GET, "/v2/app/manifests/1").body == image.bytes)
        #expect(try await registry.send(.GET, "/v2/app/manifests/\(part.descriptor.digest)").body == part.bytes)
        guard case .image(let content) = part.content else { throw TestFailure("no image") }
        #expect(try await registry.send(.GET, "/v2/app/blobs/\(content.layers[0].digest)").text == "part")
      }
    }
  }

  @Test func manyPushesAtOnceAllArrive() async throws {
    try await ServedRegistry.use { registry in
      try await withThrowingTaskGroup { group in
        for number in 0..<20 {
          group.addTask { try await registry.pushImage("tag-\(number)", layer: "layer \(number % 7)") }
        }
        try await group.waitForAll()
      }
      #expect(try await registry.tags().tags.count == 20)
    }
  }

  @Test func aBrokenListOfNamesIsAnErrorOfTheServer() async throws {
    try await ServedRegistry.use { registry in
      try await registry.pushImage("1")
      try Files.writeAtomically(Array("{".utf8), to: registry.store.layout.appending("index.json"))
      let reply = try await registry.send(.GET, "/v2/app/manifests/1")
      #expect(reply.status == 500 && reply.errorCode == "UNKNOWN")
    }
  }
}
