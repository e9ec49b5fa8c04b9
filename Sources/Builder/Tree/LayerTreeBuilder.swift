import Archive

/// Puts the entries of a layer where unpacking puts them: what came later replaces what was there, and symbolic links of
/// the layer itself lead to other folders of it, as they do when docker and containerd unpack it.
struct LayerTreeBuilder {
  var nodes: [TreePath: LayerTree.Node] = [:]
  var children: [TreePath: Set<[UInt8]>] = [:]
  var whiteouts: Set<TreePath> = []
  var opaques: Set<TreePath> = []
  var linked: Set<TreePath> = []
  /// The last folder as the layer names it, and as it is; entries come folder by folder.
  private var known: (written: TreePath, resolved: TreePath)?
  private var hasLinks = false

  mutating func add(_ item: LayerIndex.Item) {
    let written = item.entry.path
    let path = place(of: written)
    switch item.entry.kind {
    case .opaqueWhiteout: opaques.insert(path)
    case .whiteout: whiteouts.insert(path)
    case .hardLink(let target):
      guard var node = nodes[place(of: target)] else { return }
      node.entry.path = path
      linked.insert(node.contentPath)
      put(node)
    default:
      var entry = item.entry
      entry.path = path
      put(LayerTree.Node(entry: entry, contentSHA256: item.contentSHA256, contentPath: written))
    }
  }

  private mutating func put(_ node: LayerTree.Node) {
    let path = node.entry.path
    if !node.entry.isDirectory { removeAll(below: path) }
    if case .symbolicLink? = nodes.updateValue(node, forKey: path)?.entry.kind { known = nil }
    if case .symbolicLink = node.entry.kind {
      hasLinks = true
      known = nil
    }
    // Parents that have no entry of their own exist all the same.
    var child = path
    while let parent = child.parent {
      guard children[parent, default: []].insert(Array(child.name)).inserted else { break }
      child = parent
    }
  }

  private mutating func removeAll(below folder: TreePath) {
    var folders = [folder]
    while let folder = folders.popLast() {
      for name in children.removeValue(forKey: folder) ?? [] {
        guard let path = folder.appending(name: name) else { continue }
        nodes[path] = nil
        folders.append(path)
      }
    }
  }

  // MARK: Links

  /// The same path without symbolic links on the way.
  private mutating func place(of path: TreePath) -> TreePath {
    guard hasLinks, let parent = path.parent else { return path }
    if let known, known.written == parent {
      return known.resolved == parent ? path : known.resolved.appending(name: path.name) ?? path
    }
    let resolved = resolve(parent) ?? parent
    known = (parent, resolved)
    return resolved.appending(name: path.name) ?? path
  }

  /// As the kernel does it below a root of its own; nil for too many links, with which nothing can be unpacked.
  private func resolve(_ path: TreePath) -> TreePath? {
    var resolved = TreePath.root
    var rest = Array(path.components.reversed())
    var links = 0
    while let component = rest.popLast() {
      if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
        resolved = resolved.parent ?? .root
        continue
      }
      guard let next = resolved.appending(name: component) else { continue }
      guard case .symbolicLink(let target)? = nodes[next]?.entry.kind else {
        resolved = next
        continue
      }
      links += 1
      guard links <= 40 else { return nil }
      if target.first == UInt8(ascii: "/") { resolved = .root }
      rest += target.split(separator: UInt8(ascii: "/")).reversed()
    }
    return resolved
  }
}
