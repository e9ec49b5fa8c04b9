public import OCI

/// An image of the store as docker's users know it: one platform's configuration, with all its names.
public struct DockerImage: Sendable {
  /// The digest of the configuration, which docker calls the image's ID.
  public var id: Digest
  /// What its names stand for: an index, or a manifest.
  public var top: Descriptor
  /// Sorted; none for what has lost its names.
  public var names: [ImageReference]
  public var manifest: ImageManifest
  public var config: ImageConfig
  /// Of all layers as they are stored, in bytes.
  public var size: Int64

  /// How the other use cases are asked for it.
  public var place: String { "store://\(names.first?.description ?? top.digest.description)" }
}
