public import Diagnostics
public import OCI

/// What a build is asked for beside its Dockerfile.
public struct BuildOptions: Sendable, Hashable {
  /// A stage's name or number; nil is the last stage.
  public var target: String?
  /// What the image is to run on.
  public var platform: Platform
  /// What the build runs on.
  public var buildPlatform: Platform
  public var arguments: [String: String]
  /// Added to the image's labels.
  public var labels: [String: String]
  /// For RUN, where the instruction does not say.
  public var network: ExecOperation.Network

  public init(platform: Platform = .host) {
    self.platform = platform
    self.buildPlatform = .host
    self.arguments = [:]
    self.labels = [:]
    self.network = .host
  }
}

/// An image that a Dockerfile builds on or copies from.
public struct ImageRequirement: Sendable, Hashable {
  public var reference: ImageReference
  public var platform: Platform

  public init(_ reference: ImageReference, for platform: Platform) {
    self.reference = reference
    self.platform = platform
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

/// What came of planning.
public struct BuildPlan: Sendable, Hashable {
  public var graph: BuildGraph
  /// The image's tree; nil is the empty tree.
  public var result: VertexID?
  /// The image's configuration without what only the finished layers tell: `rootfs.diff_ids`, and the times. History
  /// has one entry an instruction; those of layers that are not made yet have no `created`.
  public var config: ImageConfig
  /// Warnings.
  public var diagnostics: [Diagnostic]
}
