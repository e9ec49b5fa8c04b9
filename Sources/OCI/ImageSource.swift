import Diagnostics
import NIOCore

/// Where blobs are read from: a registry's repository, the store, a layout. Every stream is verified.
public protocol BlobSource: Sendable {
  /// The content of a blob, checked against digest and size while it streams.
  /// - Throws: what reading takes; the stream throws `BlobMismatch` for content that is not what was announced.
  func blob(_ descriptor: Descriptor) async throws -> BlobStream
}

/// Where images are read from.
public protocol ImageSource: Sendable {
  /// The manifest or index that a name stands for now. With a digest in the reference it is verified against it.
  /// - Throws: what reading takes; `OCIError` for a name that is not known and for a document that is no manifest.
  func manifest(_ reference: ImageReference) async throws -> RawManifest
  /// The blobs beside a manifest.
  func blobs(of reference: ImageReference) -> any BlobSource
}

/// Where it is known what refers to an image, such as signatures and lists of its parts (distribution-spec, "Listing
/// referrers").
public protocol ReferrerSource: Sendable {
  /// - Throws: what asking takes.
  func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor]
}

/// Where images are written to. Blobs come before the manifests that name them.
public protocol ImageDestination: Sendable {
  /// Whether the blob need not be written.
  /// - Throws: what asking takes.
  func contains(_ blob: Descriptor) async throws -> Bool
  /// Stores a blob; one that is there already is success and is not read.
  /// - Parameter progress: called with the number of bytes that are there so far.
  @discardableResult
  func write(
    _ blob: Descriptor, from source: any BlobSource, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> BlobWriteOutcome
  /// Whether a manifest is there with all that it names.
  /// - Throws: what asking takes.
  func holds(_ manifest: Descriptor) async throws -> Bool
  /// Stores a manifest under its digest, and under `tag` if there is one.
  /// - Throws: what writing takes.
  func write(_ manifest: RawManifest, tag: String?) async throws
}

extension ImageDestination {
  /// A manifest alone says nothing of its blobs.
  public func holds(_ manifest: Descriptor) async throws -> Bool { false }
}

/// How a blob came to be at a destination.
public enum BlobWriteOutcome: Sendable, Hashable {
  /// It was there already.
  case present
  /// The destination had it elsewhere (distribution-spec, "Mounting a blob from another repository").
  case mounted
  case written
}

/// An image for one platform, pinned by digest: manifest and config are at hand, layers are fetched when needed.
public struct ResolvedImage: Sendable {
  /// The name as it was asked for, with the digest of what it stood for: an index, if it was one.
  public var reference: ImageReference
  public var manifest: ImageManifest
  public var manifestDescriptor: Descriptor
  public var config: ImageConfig
  public var blobs: any BlobSource

  public init(
    reference: ImageReference, manifest: ImageManifest, manifestDescriptor: Descriptor, config: ImageConfig,
    blobs: any BlobSource
  ) {
    self.reference = reference
    self.manifest = manifest
    self.manifestDescriptor = manifestDescriptor
    self.config = config
    self.blobs = blobs
  }
}

extension ImageSource {
  /// Finds an image for a platform and reads its config.
  /// - Throws: `OCIError` with the code `no-matching-platform` or `invalid-image`, and the source's errors.
  public func resolve(_ reference: ImageReference, platform: Platform) async throws -> ResolvedImage {
    let top = try await manifest(reference)
    let pinned = reference.with(digest: top.descriptor.digest)
    let blobs = blobs(of: pinned)
    switch top.content {
    case .image(let manifest):
      return try await resolved(pinned, manifest, top.descriptor, blobs)
    case .index(let index):
      guard let descriptor = index.manifest(for: platform) else {
        throw OCIError.noImage(in: index, for: platform, of: reference.familiarDescription)
      }
      let child = try await self.manifest(reference.with(digest: descriptor.digest))
      guard case .image(let manifest) = child.content else {
        throw OCIError("invalid-image", "the index of \(reference.familiarDescription) names another index")
      }
      return try await resolved(pinned, manifest, child.descriptor, blobs)
    }
  }

  private func resolved(
    _ reference: ImageReference, _ manifest: ImageManifest, _ descriptor: Descriptor, _ blobs: any BlobSource
  ) async throws -> ResolvedImage {
    let bytes = try await blobs.readWhole(manifest.config)
    let config = try JSONDocument.decode(ImageConfig.self, from: bytes, called: "image configuration")
    guard config.rootfs.diffIDs.count == manifest.layers.count else {
      throw OCIError(
        "invalid-image",
        "\(reference.familiarDescription) has \(manifest.layers.count) layers, but its configuration lists \(config.rootfs.diffIDs.count)"
      )
    }
    return ResolvedImage(
      reference: reference, manifest: manifest, manifestDescriptor: descriptor, config: config, blobs: blobs)
  }
}

extension OCIError {
  /// - Parameter name: of what has the index.
  public static func noImage(in index: ImageIndex, for platform: Platform, of name: String) -> OCIError {
    let offered = index.manifests.filter { !$0.isAttestation }.compactMap(\.platform?.description)
    guard !offered.isEmpty else {
      return OCIError(
        "no-matching-platform", "\(name) is an index without images",
        help: ["push the image again, or choose another tag"])
    }
    return OCIError(
      "no-matching-platform", "\(name) has no image for \(platform)",
      help: ["it has images for \(offered.joined(separator: ", ")): choose one with --platform"])
  }
}

extension BlobSource {
  /// Reads a small blob, such as a config.
  /// - Throws: `OCIError` with the code `blob-too-large` beyond `limit` bytes.
  public func readWhole(_ descriptor: Descriptor, limit: Int64 = 16 << 20) async throws -> [UInt8] {
    guard descriptor.size <= limit, descriptor.size >= 0 else {
      throw OCIError(
        "blob-too-large", "\(descriptor.digest) has \(descriptor.size) bytes, more than a document may have")
    }
    var bytes: [UInt8] = []
    for try await chunk in try await blob(descriptor) { bytes.append(contentsOf: chunk.readableBytesView) }
    return bytes
  }
}
