import Archive
import OCI

/// What one layer holds and hides, for questions by path.
final class LayerTree: Sendable {
  struct Node: Sendable {
    var entry: TreeEntry
    var contentSHA256: [UInt8]?
    /// How the layer names the content: another path for hard links, and for what it puts below links of its own.
    var contentPath: TreePath
  }

  private let nodes: [TreePath: Node]
  private let children: [TreePath: Set<[UInt8]>]
  private let whiteouts: Set<TreePath>
  private let opaques: Set<TreePath>
  /// Files with several names, by the name that has the content.
  private let linked: Set<TreePath>
  /// Whether the digests of all contents are known.
  let digestsContent: Bool

  init(_ index: LayerIndex) {
    var builder = LayerTreeBuilder()
    builder.nodes.reserveCapacity(index.items.count)
    for item in index.items { builder.add(item) }
    nodes = builder.nodes
    children = builder.children
    whiteouts = builder.whiteouts
    opaques = builder.opaques
    linked = builder.linked
    digestsContent = index.digestsContent
  }

  func node(at path: TreePath) -> Node? { nodes[path] }

  var entries: [TreeEntry] { nodes.values.map(\.entry) }

  /// Whether the content at the path, which is its own, has other names in the layer.
  func isLinked(_ contentPath: TreePath) -> Bool { linked.contains(contentPath) }

  /// Whether the layer has something below the path, so that it is a folder even without an entry.
  func hasChildren(_ path: TreePath) -> Bool { children[path] != nil }

  func names(in folder: TreePath) -> Set<[UInt8]> { children[folder] ?? [] }

  func isWhiteout(_ path: TreePath) -> Bool { whiteouts.contains(path) }

  /// Whether what lower layers have inside the folder is hidden.
  func isOpaque(_ folder: TreePath) -> Bool {
    if opaques.contains(folder) || whiteouts.contains(folder) { return true }
    guard let node = nodes[folder] else { return false }
    return !node.entry.isDirectory
  }

  /// Whether what lower layers have at the path is hidden by what this layer says of its parents.
  func hidesBelow(_ path: TreePath) -> Bool {
    var folder = path.parent
    while let current = folder {
      if isOpaque(current) { return true }
      folder = current.parent
    }
    return false
  }
}
