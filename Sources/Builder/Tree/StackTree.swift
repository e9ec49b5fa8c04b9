import Archive
import Diagnostics
import HostOS
import OCI

/// The merged view of a stack of layers (image-spec, layer.md, "Applying Changesets").
struct StackTree: FileTree {
  private struct Level {
    var tree: LayerTree
    var layer: Layer
    var chain: ChainID
  }

  /// The lowest first.
  private let levels: [Level]
  let name: String

  /// - Parameter trees: one for each layer of the stack.
  init(_ stack: LayerStack, _ trees: [LayerTree], name: String) {
    var diffIDs: [Digest] = []
    levels = zip(stack.layers, trees).compactMap { layer, tree in
      diffIDs.append(layer.diffID)
      guard let chain = ChainID(diffIDs) else { return nil }
      return Level(tree: tree, layer: layer, chain: chain)
    }
    self.name = name
  }

  func entry(at path: TreePath) throws -> TreeEntry? {
    if let found = find(path) { return found.node.entry }
    return path.isRoot || isImpliedFolder(path) ? Self.impliedFolder(path) : nil
  }

  func names(in folder: TreePath) throws -> [[UInt8]] {
    var seen: Set<[UInt8]> = []
    var deleted: Set<[UInt8]> = []
    for level in levels.reversed() {
      for name in level.tree.names(in: folder) where !deleted.contains(name) { seen.insert(name) }
      if level.tree.isOpaque(folder) || level.tree.hidesBelow(folder) { break }
      // What is deleted here may only hide what is below.
      for other in names(below: level, in: folder) where !seen.contains(other) {
        if let path = folder.appending(name: other), level.tree.isWhiteout(path) { deleted.insert(other) }
      }
    }
    return seen.sorted { $0.lexicographicallyPrecedes($1) }
  }

  func content(at path: TreePath) throws -> ContentReference {
    guard let (node, level) = find(path), node.entry.isFile else { return .bytes([]) }
    return .layer(LayerLocation(layer: level.layer, chain: level.chain, path: node.contentPath))
  }

  func contentSHA256(at path: TreePath) throws -> [UInt8] {
    guard let node = find(path)?.node, node.entry.isFile else { return [] }
    guard let digest = node.contentSHA256 else {
      throw BuilderError("missing-content-digest", "the index of \(name) has no digest for \(path)", exitCode: .defect)
    }
    return digest
  }

  func identity(at path: TreePath) throws -> FileIdentity? {
    guard let (node, level) = find(path), level.tree.isLinked(node.contentPath) else { return nil }
    return .layered(level.chain, node.contentPath)
  }

  /// All paths, each folder before what it holds.
  func walk(_ visit: (TreeEntry) throws -> Void) throws {
    try walk(.root, visit)
  }

  private func walk(_ folder: TreePath, _ visit: (TreeEntry) throws -> Void) throws {
    for name in try names(in: folder) {
      guard let path = folder.appending(name: name), let entry = try entry(at: path) else { continue }
      try visit(entry)
      if entry.isDirectory { try walk(path, visit) }
    }
  }

  // MARK: Search

  private func find(_ path: TreePath) -> (node: LayerTree.Node, level: Level)? {
    for level in levels.reversed() {
      if let node = level.tree.node(at: path) { return (node, level) }
      if level.tree.isWhiteout(path) || level.tree.hidesBelow(path) { return nil }
    }
    return nil
  }

  private func isImpliedFolder(_ path: TreePath) -> Bool {
    for level in levels.reversed() {
      if level.tree.hasChildren(path) { return true }
      if level.tree.isWhiteout(path) || level.tree.hidesBelow(path) { return false }
    }
    return false
  }

  private func names(below level: Level, in folder: TreePath) -> Set<[UInt8]> {
    levels.prefix { $0.chain != level.chain }.reduce(into: []) { $0.formUnion($1.tree.names(in: folder)) }
  }

  private static func impliedFolder(_ path: TreePath) -> TreeEntry {
    TreeEntry(path: path, kind: .directory, mode: 0o755, modificationTime: Timestamp(seconds: 0))
  }
}
