import Archive
import Diagnostics
import DockerfileSyntax
import HostOS
import TestSupport

@testable import BuildPlanning
@testable import Builder

/// COPY and ADD without a build around them.
struct CopyBench {
  /// A COPY of `source` to `destination`, both as the planner writes them.
  static func action(
    _ source: String, _ destination: String, mode: String? = nil, excludes: [String] = [], keepsParents: Bool = false
  ) -> CopyAction {
    CopyAction(
      source: .vertex(VertexID(index: 0)), pattern: source, destination: destination, owner: nil,
      mode: mode.flatMap { FileModeChange($0) }, unpacks: false, excludes: excludes, keepsParents: keepsParents,
      spelling: source, place: nil)
  }

  /// What COPYs of a context write on top of an image: `path`, what stands there, and the names of sources of files.
  static func layer(
    _ actions: [CopyAction], from context: some FileTree, onto layers: [[LayerIndex.Item]], owner: FileOwner? = nil
  ) throws -> [String] {
    var layer = PendingLayer(on: SampleLayers.tree(layers), now: Timestamp(seconds: 1))
    for action in actions {
      let selection = try SourceSelection(of: action, in: context)
      try FileCopier(action: action, owner: owner).copy(selection, from: context, into: &layer)
    }
    return layer.lines
  }
}

extension PendingLayer {
  /// `path: what`, sorted.
  var lines: [String] { sortedItems.map { "\($0.entry.path.text): \($0.entry.summary)" } }
}
