import Diagnostics
import Images
import NIOCore
import OCI
import Synchronization

/// A source of images in memory, with what refers to them.
final class MemoryImages: ImageSource, BlobSource, ReferrerSource {
  private struct State {
    var manifests: [Digest: RawManifest] = [:]
    var tags: [String: Digest] = [:]
    var blobs: [Digest: [UInt8]] = [:]
    var referrers: [Digest: [Descriptor]] = [:]
  }

  private let state = Mutex(State())

  static let name = ImageReference(registry: "memory.example", repository: "app", tag: "1")

  func add(_ bytes: [UInt8], as type: MediaType = .ociLayer) -> Descriptor {
    let descriptor = Descriptor(mediaType: type, of: bytes)
    state.withLock { $0.blobs[descriptor.digest] = bytes }
    return descriptor
  }

  @discardableResult
  func add(_ manifest: RawManifest, tag: String? = nil) -> RawManifest {
    state.withLock { state in
      state.manifests[manifest.descriptor.digest] = manifest
      if let tag { state.tags[tag] = manifest.descriptor.digest }
      if let subject = manifest.subject { state.referrers[subject.digest, default: []].append(manifest.asReferrer) }
    }
    return manifest
  }

  /// An image with one layer of its own and one that all have.
  @discardableResult
  func image(
    _ name: String, _ architecture: String = "amd64", subject: Descriptor? = nil, tag: String? = nil
  ) throws -> RawManifest {
    var config = ImageConfig(platform: Platform(os: "linux", architecture: architecture))
    let layers = ["shared", name].map { Array($0.utf8) }
    config.rootfs = RootFS(diffIDs: layers.map { Digest(sha256Of: $0) })
    config.author = name
    var manifest = ImageManifest(
      config: add(try JSONDocument.encode(config), as: .ociConfig), layers: layers.map { add($0) })
    manifest.subject = subject
    return add(try RawManifest(manifest), tag: tag)
  }

  /// An index of images for architectures, each with an attestation.
  func index(_ architectures: [String], tag: String? = nil) throws -> RawManifest {
    var entries: [Descriptor] = []
    for architecture in architectures {
      var image = try image("image for \(architecture)", architecture).descriptor
      image.platform = Platform(os: "linux", architecture: architecture)
      var attestation = try self.image("attestation for \(architecture)").descriptor
      attestation.platform = Platform(os: "unknown", architecture: "unknown")
      attestation.annotations = [
        "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest.description,
      ]
      entries += [image, attestation]
    }
    return add(try RawManifest(ImageIndex(manifests: entries, annotations: ["of": "several"])), tag: tag)
  }

  func manifest(_ reference: ImageReference) async throws -> RawManifest {
    let found = state.withLock { state in
      (reference.digest ?? state.tags[reference.tag ?? ""]).flatMap { state.manifests[$0] }
    }
    guard let found else { throw OCIError("manifest-unknown", "there is no \(reference)") }
    return found
  }

  func blobs(of reference: ImageReference) -> any BlobSource { self }

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    guard let bytes = state.withLock({ $0.blobs[descriptor.digest] }) else {
      throw OCIError("blob-unknown", "there is no \(descriptor.digest)")
    }
    return BlobStream(AsyncStream(unfolding: Once(ByteBuffer(bytes: bytes)).take)).verified(as: descriptor)
  }

  func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor] {
    state.withLock { $0.referrers[digest] ?? [] }
  }

  private final class Once: Sendable {
    private let value: Mutex<ByteBuffer?>
    init(_ value: ByteBuffer) { self.value = Mutex(value) }
    @Sendable func take() async -> ByteBuffer? { value.withLock { $0.take() } }
  }
}

/// A destination that writes down what comes, and refuses manifests whose parts are not there.
final class RecordingDestination: ImageDestination {
  private struct State {
    var blobs: Set<Digest> = []
    var manifests: Set<Digest> = []
    var events: [String] = []
    var running = 0
    var most = 0
  }

  private let state = Mutex(State())
  var events: [String] { state.withLock { $0.events } }
  /// How many blobs were on their way at a time at most.
  var most: Int { state.withLock { $0.most } }

  func give(_ manifest: RawManifest) { state.withLock { _ = $0.manifests.insert(manifest.descriptor.digest) } }

  func contains(_ blob: Descriptor) async throws -> Bool { state.withLock { $0.blobs.contains(blob.digest) } }
  func holds(_ manifest: Descriptor) async throws -> Bool { state.withLock { $0.manifests.contains(manifest.digest) } }

  func write(
    _ blob: Descriptor, from source: any BlobSource, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> BlobWriteOutcome {
    state.withLock { state in
      state.running += 1
      state.most = max(state.most, state.running)
    }
    defer { state.withLock { $0.running -= 1 } }
    await Task.yield()
    _ = try await source.readWhole(blob)
    state.withLock { state in
      state.blobs.insert(blob.digest)
      state.events.append("blob \(blob.digest.short)")
    }
    return .written
  }

  func write(_ manifest: RawManifest, tag: String?) async throws {
    let missing = state.withLock { state in
      defer {
        state.manifests.insert(manifest.descriptor.digest)
        state.events.append("manifest \(manifest.descriptor.digest.short)")
      }
      switch manifest.content {
      case .image(let image): return image.blobs.first { !state.blobs.contains($0.digest) }
      case .index(let index): return index.manifests.first { !state.manifests.contains($0.digest) }
      }
    }
    if let missing { throw OCIError("manifest-blob-unknown", "\(missing.digest) is not there yet") }
  }
}
