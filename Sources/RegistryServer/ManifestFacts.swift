import OCI

/// What a registry has to know of a manifest; it never changes.
struct ManifestFacts: Sendable {
  /// With `artifactType` and annotations, as lists of referrers show it.
  var descriptor: Descriptor
  /// Manifests that an index lists.
  var children: [Descriptor] = []
  /// Configuration and layers.
  var blobs: [Descriptor] = []
  var subject: Digest?

  /// - Parameter digest: which the bytes are stored under.
  init(_ manifest: RawManifest, digest: Digest) {
    descriptor = Descriptor(
      mediaType: manifest.descriptor.mediaType, digest: digest, size: Int64(manifest.bytes.count))
    switch manifest.content {
    case .image(let image):
      blobs = [image.config] + image.layers
      subject = image.subject?.digest
      // distribution-spec, "Listing Referrers".
      descriptor.artifactType = image.artifactType ?? image.config.mediaType.rawValue
      descriptor.annotations = image.annotations
    case .index(let index):
      children = index.manifests
      subject = index.subject?.digest
      descriptor.artifactType = index.artifactType
      descriptor.annotations = index.annotations
    }
  }

  /// Whether a blob may be missing: layers that are fetched from elsewhere (image-spec, "Non-Distributable Layers").
  static func mayBeAbsent(_ blob: Descriptor) -> Bool {
    blob.urls?.isEmpty == false || blob.mediaType.rawValue.contains("nondistributable")
      || blob.mediaType == .dockerForeignLayer
  }
}
