import Diagnostics
import Archive
import HostOS

/// A layer while it is put together on top of a tree: what is to be written, by path.
struct PendingLayer {
  struct Item: Sendable {
    var entry: TreeEntry
    var content: ContentReference
    /// SHA-256 that the content must have, when it was looked at before; a file that changed meanwhile is found out.
    var expectedSHA256: [UInt8]?
    /// Items of one group are names of one file.
    var linkGroup: Int?

    /// Nil for what has no content.
    var wantedContent: ContentReference? { entry.size > 0 ? content : nil }
  }

  let base: StackTree
  /// For what is made without a source: parents, working folders.
  let now: Timestamp
  private(set) var items: [TreePath: Item] = [:]
  /// Folders that replace something else which replaced a folder: the lowest one must not shine through.
  private var opaques: Set<TreePath> = []
  private var linkGroupCount = 0

  init(on base: StackTree, now: Timestamp) {
    self.base = base
    self.now = now
  }

  /// In the order of their paths, folders before what they hold. The first of several names has the content, the others
  /// are hard links.
  var sortedItems: [Item] {
    let markers = opaques.map { Item(entry: .opaqueWhiteout($0, modificationTime: now), content: .bytes([])) }
    var sorted = Array(items.values) + markers
    sorted.sort { ($0.entry.path, $0.entry.isWhiteout ? 1 : 0) < ($1.entry.path, $1.entry.isWhiteout ? 1 : 0) }
    var originals: [Int: TreePath] = [:]
    for (position, item) in sorted.enumerated() {
      guard let group = item.linkGroup else { continue }
      guard let original = originals[group] else {
        originals[group] = item.entry.path
        continue
      }
      sorted[position] = Item(entry: item.entry, content: .bytes([]))
      sorted[position].entry.kind = .hardLink(to: original)
    }
    return sorted
  }

  /// A number for files that are to be names of one file.
  mutating func makeLinkGroup() -> Int {
    linkGroupCount += 1
    return linkGroupCount
  }

  /// Gives a file another name, in place of what is there. A file of the tree below is repeated in this layer.
  mutating func putLink(at path: TreePath, to original: TreePath) throws {
    guard let entry = try entry(at: original) else { return }
    var item = try items[original] ?? Item(entry: entry, content: content(at: original))
    if entry.isFile {
      item.linkGroup = item.linkGroup ?? makeLinkGroup()
      try put(item)
    }
    item.entry.path = path
    try put(item)
  }

  /// Puts something at a path, in place of what is there. Folders on the way are repeated with their attributes, as an
  /// overlay's upper folder has them.
  mutating func put(_ item: Item) throws {
    let path = item.entry.path
    if !hasFolder(above: path) {
      for folder in path.ancestors where !folder.isRoot && items[folder] == nil {
        if let entry = try base.entry(at: folder), entry.isDirectory {
          items[folder] = Item(entry: entry, content: .bytes([]))
        }
      }
    }
    let old = items[path]
    if !item.entry.isDirectory {
      // Only a folder of this layer can have something inside: looking through all items for each file would take
      // quadratic time.
      guard old?.entry.isDirectory == true else {
        items[path] = item
        return
      }
      for inside in items.keys where inside != path && inside.hasPrefix(path) { items[inside] = nil }
    } else if let old, !old.entry.isDirectory, try base.entry(at: path)?.isDirectory == true {
      opaques.insert(path)
    }
    items[path] = item
  }

  /// Makes a folder and its missing parents. `path` has no symbolic links on the way.
  /// - Throws: `BuilderError` with the code `not-a-directory`.
  mutating func makeDirectories(_ path: TreePath, owner: FileOwner?, mode: UInt16 = 0o755) throws {
    for folder in path.ancestors + [path] where !folder.isRoot {
      if let entry = try self.entry(at: folder) {
        guard entry.isDirectory else {
          throw BuilderError(
            "not-a-directory", "\(folder) is not a folder, so nothing can be put into it",
            help: ["choose another destination, or remove \(folder) in a RUN before"])
        }
        continue
      }
      let entry = TreeEntry(path: folder, kind: .directory, mode: mode, modificationTime: now)
        .owned(by: owner?.uid ?? 0, owner?.gid ?? 0)
      try put(Item(entry: entry, content: .bytes([])))
    }
  }
}

/// The tree with what is to be written already in it.
extension PendingLayer: FileTree {
  var name: String { base.name }

  func entry(at path: TreePath) throws -> TreeEntry? {
    if let item = items[path] { return item.entry }
    return isHidden(path) ? nil : try base.entry(at: path)
  }

  func names(in folder: TreePath) throws -> [[UInt8]] {
    let own = items.keys.filter { $0.parent == folder }.map { Array($0.name) }
    let isReplaced = opaques.contains(folder) || items[folder].map { !$0.entry.isDirectory } ?? false
    let below = isReplaced || isHidden(folder) ? [] : try base.names(in: folder)
    return Set(own + below).sorted { $0.lexicographicallyPrecedes($1) }
  }

  func content(at path: TreePath) throws -> ContentReference {
    try items[path]?.content ?? base.content(at: path)
  }

  func contentSHA256(at path: TreePath) throws -> [UInt8] { try base.contentSHA256(at: path) }

  /// Whether the folder that holds the path is in this layer, and with it all on the way.
  private func hasFolder(above path: TreePath) -> Bool {
    guard let parent = path.parent else { return false }
    return parent.isRoot || items[parent]?.entry.isDirectory ?? false
  }

  private func isHidden(_ path: TreePath) -> Bool {
    if opaques.isEmpty, hasFolder(above: path) { return false }
    return path.ancestors.contains { folder in
      opaques.contains(folder) || items[folder].map { !$0.entry.isDirectory } ?? false
    }
  }
}
