import NIOHTTP1
import OCI
import RegistryServer
import TestSupport
import Testing

/// distribution-spec, "Content Management".
@Suite("distribution-spec: content management") struct ManagementConformanceTests {
  @Test("Deleting tags: 202, and the manifest stays")
  func tags() async throws {
    try await ServedRegistry.use { registry in
      let manifest = try await registry.pushImage("1")
      try await registry.push(manifest, as: "2")
      #expect(try await registry.send(.DELETE, "/v2/app/manifests/1").status == 202)
      #expect(try await registry.send(.GET, "/v2/app/manifests/1").status == 404)
      #expect(try await registry.send(.DELETE, "/v2/app/manifests/1").status == 404)
      #expect(try await registry.tags().tags == ["2"])
      #expect(try await registry.send(.GET, "/v2/app/manifests/\(manifest.descriptor.digest)").status == 200)
    }
  }

  @Test("Deleting Manifests: 202, with all tags")
  func manifests() async throws {
    try await ServedRegistry.use { registry in
      let manifest = try await registry.pushImage("1")
      let other = try await registry.pushImage("2", layer: "other")
      let path = "/v2/app/manifests/\(manifest.descriptor.digest)"
      #expect(try await registry.send(.DELETE, path).status == 202)
      #expect(try await registry.send(.GET, path).status == 404)
      #expect(try await registry.send(.DELETE, path).status == 404)
      #expect(try await registry.tags().tags == ["2"])
      #expect(try await registry.send(.GET, "/v2/app/manifests/\(other.descriptor.digest)").status == 200)
    }
  }

  @Test("Deleting Manifests: the parts of an index that is still there, and referrers")
  func parts() async throws {
    try await ServedRegistry.use { registry in
      let part = try await registry.pushImage(nil)
      try await registry.push(try RawManifest(ImageIndex(manifests: [part.descriptor])), as: "all")
      let signature = try await registry.pushImage(nil, layer: "signature") { $0.subject = part.descriptor }
      for manifest in [signature, part] {
        let path = "/v2/app/manifests/\(manifest.descriptor.digest)"
        #expect(try await registry.send(.DELETE, path).status == 202)
        #expect(try await registry.send(.HEAD, path).status == 404)
      }
      let reply = try await registry.send(.GET, "/v2/app/referrers/\(part.descriptor.digest)")
      #expect(reply.text.contains(#""manifests":[]"#))
      #expect(try await registry.send(.HEAD, "/v2/app/manifests/all").status == 200)
    }
  }

  @Test("Deleting Blobs: 202 for what no manifest needs, 405 for what one does")
  func blobs() async throws {
    try await ServedRegistry.use { registry in
      let manifest = try await registry.pushImage("1")
      guard case .image(let image) = manifest.content else { throw TestFailure("no image") }
      let path = "/v2/app/blobs/\(image.layers[0].digest)"
      let refused = try await registry.send(.DELETE, path)
      #expect(refused.status == 405 && refused.errorCode == "UNSUPPORTED")
      #expect(try await registry.send(.DELETE, "/v2/app/manifests/\(manifest.descriptor.digest)").status == 202)
      #expect(try await registry.send(.DELETE, path).status == 202)
      #expect(try await registry.send(.HEAD, path).status == 404)
      #expect(try await registry.send(.DELETE, path).status == 404)
      #expect(registry.store.contains(image.layers[0].digest), "builds may use it")
    }
  }

  @Test("Deleting Blobs: in a layout of its own the space is free at once, unless others need it")
  func space() async throws {
    var configuration = RegistryServer.Configuration.writable
    configuration.ownsBlobs = true
    try await ServedRegistry.use(configuration) { registry in
      let mine = try await registry.push(Array("mine".utf8))
      let shared = try await registry.push(Array("a layer".utf8))
      try await registry.pushImage("1", to: "other")
      for blob in [mine, shared] {
        #expect(try await registry.send(.DELETE, "/v2/app/blobs/\(blob.digest)").status == 202)
        #expect(try await registry.send(.HEAD, "/v2/app/blobs/\(blob.digest)").status == 404)
      }
      #expect(!registry.store.contains(mine.digest) && registry.store.contains(shared.digest))
      #expect(try await registry.send(.HEAD, "/v2/other/blobs/\(shared.digest)").status == 200)
    }
  }
}
