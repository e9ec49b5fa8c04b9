public import OCI

/// The store as a destination of images that come from elsewhere. Of several that need the same blob at the same time one
/// fetches it.
public struct ImageIntake: ImageDestination {
  let store: BuildStore

  public init(_ store: BuildStore) { self.store = store }

  public func contains(_ blob: Descriptor) async throws -> Bool { store.content.contains(blob) }

  /// - Throws: the source's errors, `BlobMismatch`, `HostError`.
  @discardableResult
  public func write(
    _ blob: Descriptor, from source: any BlobSource, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> BlobWriteOutcome {
    if store.content.contains(blob) { return .present }
    return try await store.exclusively("blob-\(blob.digest.hex)") {
      try await store.content.write(blob, from: source, progress: progress)
    }
  }

  /// Stores a manifest, and names it, if there is a name: a whole one, with the registry.
  /// - Throws: `HostError`, `OCIError`.
  public func write(_ manifest: RawManifest, tag: String?) async throws {
    try await store.content.write(manifest, tag: tag)
  }
}

extension BuildStore {
  /// Other repositories of a registry that may have blobs, since images of their names have them here, or since they came from
  /// there.
  /// - Throws: `HostError`, `OCIError`.
  public func repositories(of blobs: [Descriptor], beside target: ImageReference) throws -> [Digest: String] {
    let images = try StoreImages(in: content)
    var found: [Digest: String] = [:]
    for blob in blobs {
      let names = images.names(needing: blob.digest).compactMap { try? ImageReference(parsing: $0) }
      let other = ([origin(of: blob.digest)] + names).compactMap { $0 }.first {
        $0.registry == target.registry && $0.repository != target.repository
      }
      found[blob.digest] = other?.repository
    }
    return found
  }
}
