import Archive
import Diagnostics
import HostOS
import OCI

/// The merged view of a stack of layers (image-spec, layer.md, "Applying Changesets").
struct StackTree: FileTree {
  private struct Level {
    /// Nil when it was not looked into.
    var known: LayerTree?
    var layer: Layer
    var chain: ChainID

    var tree: LayerTree {
      get throws(UnknownLayers) {
        guard let known else { throw UnknownLayers(layers: [layer]) }
        return known
      }
    }
  }

  /// The lowest first.
  private let levels: [Level]
  let name: String

  /// - Parameter trees: one for each layer of the stack; nil for those that were not looked into. Whoever asks for what
  ///   only these can answer gets `UnknownLayers` thrown.
  init(_ stack: LayerStack, _ trees: [LayerTree?], name: String) {
    var diffIDs: [Digest] = []
    levels = zip(stack.layers, trees).compactMap { layer, tree in
      diffIDs.append(layer.diffID)
      guard let chain = ChainID(diffIDs) else { return nil }
      return Level(known: tree, layer: layer, chain: chain)
    }
    self.name = name
  }

  func entry(at path: TreePath) throws -> TreeEntry? {
    if let found = try find(path) { return found.node.entry }
    return try path.isRoot || isImpliedFolder(path) ? Self.impliedFolder(path) : nil
  }

  func names(in folder: TreePath) throws -> [[UInt8]] {
    var seen: Set<[UInt8]> = []
    var deleted: Set<[UInt8]> = []
    for (number, level) in levels.enumerated().reversed() {
      let tree = try level.tree
      for name in tree.names(in: folder) where !deleted.contains(name) { seen.insert(name) }
      if tree.isOpaque(folder) || tree.hidesBelow(folder) { break }
      // All of the rest are needed, and come together.
      let unknown = levels[..<number].filter { $0.known == nil }
      guard unknown.isEmpty else { throw UnknownLayers(layers: unknown.map(\.layer)) }
      // What is deleted here may only hide what is below.
      for other in try names(below: level, in: folder) where !seen.contains(other) {
        if let path = folder.appending(name: other), tree.isWhiteout(path) { deleted.insert(other) }
      }
    }
    return seen.sorted { $0.lexicographicallyPrecedes($1) }
  }

  func content(at path: TreePath) throws -> ContentReference {
    guard let (node, level) = try find(path), node.entry.isFile else { return .bytes([]) }
    return .layer(
      LayerLocation(
        layer: level.layer, chain: level.chain, path: node.contentPath, place: node.entry.path))
  }

  func contentSHA256(at path: TreePath) throws -> [UInt8] {
    guard let (node, level) = try find(path), node.entry.isFile else { return [] }
    if let digest = node.contentSHA256 { return digest }
    guard try !level.tree.digestsContent else {
      throw BuilderError("missing-content-digest", "the index of \(name) has no digest for \(path)", exitCode: .defect)
    }
    throw UnknownLayers(layers: [level.layer])
  }

  func identity(at path: TreePath) throws -> FileIdentity? {
    guard let (node, level) = try find(path), try level.tree.isLinked(node.contentPath) else { return nil }
    return .layered(level.chain, node.contentPath)
  }

  /// What each layer brought, in no order, whether or not one above it hides that; the lowest first.
  var entriesByLayer: [[TreeEntry]] { get throws { try levels.map { try $0.tree.entries } } }

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

  private func find(_ path: TreePath) throws -> (node: LayerTree.Node, level: Level)? {
    var isFolder = false
    for level in levels.reversed() {
      let tree = try level.tree
      if let node = tree.node(at: path) { return isFolder && !node.entry.isDirectory ? nil : (node, level) }
      if tree.isWhiteout(path) || tree.hidesBelow(path) { return nil }
      // A folder without an entry hides files and links of lower layers, as it does when layers are mounted.
      isFolder = isFolder || tree.hasChildren(path)
    }
    return nil
  }

  private func isImpliedFolder(_ path: TreePath) throws -> Bool {
    for level in levels.reversed() {
      let tree = try level.tree
      if tree.hasChildren(path) { return true }
      if tree.isWhiteout(path) || tree.hidesBelow(path) { return false }
    }
    return false
  }

  private func names(below level: Level, in folder: TreePath) throws -> Set<[UInt8]> {
    try levels.prefix { $0.chain != level.chain }.reduce(into: []) { $0.formUnion(try $1.tree.names(in: folder)) }
  }

  private static func impliedFolder(_ path: TreePath) -> TreeEntry {
    TreeEntry(path: path, kind: .directory, mode: 0o755, modificationTime: Timestamp(seconds: 0))
  }
}

/// Layers that have to be looked into, contents and all, before a question about a stack can be answered.
struct UnknownLayers: Error {
  let layers: [Layer]
}
