public import OCI

/// An image that a Dockerfile builds on or copies from.
public struct ImageRequirement: Sendable, Hashable {
  public var reference: ImageReference
  public var platform: Platform
  /// The name of `--build-context` whose image layout has it; nil when it is in a registry or in the store.
  public var layout: String?

  public init(_ reference: ImageReference, for platform: Platform, layout: String? = nil) {
    self.reference = reference
    self.platform = platform
    self.layout = layout
  }
}

/// What planning has to know of an image.
public struct BaseImage: Sendable, Hashable {
  /// With the digest of its manifest or index.
  public var pinned: ImageReference
  public var config: ImageConfig

  public init(pinned: ImageReference, config: ImageConfig) {
    self.pinned = pinned
    self.config = config
  }
}
