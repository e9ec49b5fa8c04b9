import Diagnostics
import OCI
import Testing

@Suite struct ImageSourceTests {
  private static let name = ImageReference(registry: "r.example", repository: "app", tag: "v1")

  private static func entry(_ manifest: RawManifest, _ platform: Platform?) -> Descriptor {
    var descriptor = manifest.descriptor
    descriptor.platform = platform
    return descriptor
  }

  @Test func resolvesAnImage() async throws {
    let source = MemorySource()
    let manifest = try Sample.image("v1", in: source)
    let image = try await source.resolve(Self.name, platform: Sample.platform)
    #expect(image.reference.description == "r.example/app:v1@\(manifest.descriptor.digest)")
    #expect(image.manifestDescriptor == manifest.descriptor)
    #expect(image.config.config?.labels == ["name": "v1"])
    #expect(try await image.blobs.readWhole(image.manifest.layers[0]) == [1])
  }

  @Test func resolvesAnIndex() async throws {
    let source = MemorySource()
    let arm = Platform(os: "linux", architecture: "arm64")
    let manifests = [
      Self.entry(try Sample.image(nil, in: source), Sample.platform),
      Self.entry(try Sample.image(nil, in: source, layers: [[2], [3]], platform: arm), arm),
    ]
    let index = try RawManifest(ImageIndex(manifests: manifests))
    source.add(index, as: "v1")
    let image = try await source.resolve(Self.name, platform: arm)
    // The index is pinned, so that the same name serves other platforms.
    #expect(image.reference.digest == index.descriptor.digest)
    #expect(image.manifestDescriptor.digest == manifests[1].digest)
    #expect(image.config.rootfs.diffIDs.count == 2)

    let error = await #expect(throws: OCIError.self) {
      try await source.resolve(Self.name, platform: Platform(parsing: "linux/s390x"))
    }
    #expect(error?.diagnostic.message == "r.example/app:v1 has no image for linux/s390x")
    #expect(error?.diagnostic.help == ["it has images for linux/amd64, linux/arm64: choose one with --platform"])
  }

  @Test func refusesAnEmptyIndex() async throws {
    let source = MemorySource()
    source.add(try RawManifest(ImageIndex(manifests: [])), as: "v1")
    let error = await #expect(throws: OCIError.self) { try await source.resolve(Self.name, platform: .host) }
    #expect(error?.diagnostic.message == "r.example/app:v1 is an index without images")
  }

  @Test func refusesAnIndexInAnIndex() async throws {
    let source = MemorySource()
    let inner = try RawManifest(ImageIndex(manifests: []))
    source.add(inner)
    source.add(try RawManifest(ImageIndex(manifests: [Self.entry(inner, Sample.platform)])), as: "v1")
    let error = await #expect(throws: OCIError.self) { try await source.resolve(Self.name, platform: Sample.platform) }
    #expect(error?.diagnostic.message == "the index of r.example/app:v1 names another index")
  }

  @Test func refusesAConfigOfOtherLayers() async throws {
    let source = MemorySource()
    let config = source.add(try JSONDocument.encode(Sample.config("x", layers: [[1], [2]])), as: .ociConfig)
    let manifest = try RawManifest(ImageManifest(config: config, layers: [source.add([1])]))
    source.add(manifest, as: "v1")
    let error = await #expect(throws: OCIError.self) { try await source.resolve(Self.name, platform: Sample.platform) }
    #expect(
      error?.diagnostic.message
        == "r.example/app:v1@\(manifest.descriptor.digest) has 1 layers, but its configuration lists 2")
    #expect(error?.diagnostic.code == "invalid-image")
  }

  @Test func refusesADamagedConfig() async throws {
    let source = MemorySource()
    let manifest = try Sample.image("v1", in: source)
    guard case .image(let image) = manifest.content else { throw MemorySource.Interrupted() }
    source.replace(image.config, by: [[0x7B]])
    await #expect(throws: BlobMismatch.self) { try await source.resolve(Self.name, platform: Sample.platform) }
  }
}
