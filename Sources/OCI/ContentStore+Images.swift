import HostOS

// MARK: - As a destination, and what refers to its images

extension ContentStore: ImageDestination {
  /// - Throws: the source's errors, `BlobMismatch`, `HostError`.
  @discardableResult
  public func write(
    _ blob: Descriptor, from source: any BlobSource, progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> BlobWriteOutcome {
    if contains(blob) { return .present }
    try await fetch(blob, from: source, progress: progress)
    return .written
  }

  /// Stores a manifest, and lists it under `tag`, which is all that is in its name, if there is one.
  /// - Throws: `HostError`, `OCIError`.
  public func write(_ manifest: RawManifest, tag: String?) async throws {
    var descriptor = try store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    guard let tag else { return }
    descriptor.annotations = [Self.referenceNameAnnotation: tag]
    try add([descriptor])
  }
}

extension ContentStore: ReferrerSource {
  /// Those that `index.json` lists: nothing else says what refers to a manifest.
  /// - Throws: `HostError`, `OCIError`, `BlobMismatch`.
  public func referrers(of digest: Digest, in reference: ImageReference) async throws -> [Descriptor] {
    var found: [Descriptor] = []
    for listed in try names().manifests where contains(listed) && !found.contains(where: { $0.digest == listed.digest })
    {
      let manifest = try RawManifest(bytes: read(listed.digest), mediaType: listed.mediaType)
      if manifest.subject?.digest == digest { found.append(manifest.asReferrer) }
    }
    return found
  }
}
