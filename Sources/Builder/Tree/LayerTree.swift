import Archive
import OCI

/// What one layer holds and hides, for questions by path.
final class LayerTree: Sendable {
  struct Node: Sendable {
    var entry: TreeEntry
    var contentSHA256: [UInt8]?
    /// The path of the content in the layer, another one for hard links.
    var contentPath: TreePath
  }

  private let nodes: [TreePath: Node]
  private let children: [TreePath: Set<[UInt8]>]
  private let whiteouts: Set<TreePath>
  private let opaques: Set<TreePath>
  /// Files with several names, by the name that has the content.
  private let linked: Set<TreePath>

  init(_ index: LayerIndex) {
    var nodes: [TreePath: Node] = [:]
    var children: [TreePath: Set<[UInt8]>] = [:]
    var whiteouts: Set<TreePath> = []
    var opaques: Set<TreePath> = []
    var linked: Set<TreePath> = []
    nodes.reserveCapacity(index.items.count)
    for item in index.items {
      let path = item.entry.path
      switch item.entry.kind {
      case .opaqueWhiteout: opaques.insert(path)
      case .whiteout: whiteouts.insert(path)
      case .hardLink(let target):
        guard var node = nodes[target] else { continue }
        node.entry.path = path
        linked.insert(node.contentPath)
        nodes[path] = node
      default: nodes[path] = Node(entry: item.entry, contentSHA256: item.contentSHA256, contentPath: path)
      }
      guard !item.entry.isWhiteout else { continue }
      // Parents that have no entry of their own exist all the same.
      var child = path
      while let parent = child.parent {
        guard children[parent, default: []].insert(Array(child.name)).inserted else { break }
        child = parent
      }
    }
    self.nodes = nodes
    self.children = children
    self.whiteouts = whiteouts
    self.opaques = opaques
    self.linked = linked
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
