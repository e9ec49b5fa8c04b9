public import Diagnostics
public import OCI

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
