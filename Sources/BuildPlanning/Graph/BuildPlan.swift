public import Diagnostics
public import OCI

/// What came of planning.
public struct BuildPlan: Sendable, Hashable {
  /// What has to be done for all images; what they share is there once.
  public var graph: BuildGraph
  /// One for each platform, in the order in which they were asked for.
  public var images: [PlannedImage]
  /// Warnings.
  public var diagnostics: [Diagnostic]
}

/// The image that a plan makes for one platform.
public struct PlannedImage: Sendable, Hashable {
  /// What it was asked to run on.
  public var platform: Platform
  /// The image's tree; nil is the empty tree.
  public var result: VertexID?
  /// The image's configuration without what only the finished layers tell: `rootfs.diff_ids`, and the times. History
  /// has one entry an instruction; those of layers that are not made yet have no `created`.
  public var config: ImageConfig

  public init(platform: Platform, result: VertexID?, config: ImageConfig) {
    self.platform = platform
    self.result = result
    self.config = config
  }
}
