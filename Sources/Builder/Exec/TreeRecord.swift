import Archive
import CHostOS
import HostOS
import Sandbox
import SystemPackage

/// What a folder held at one time, by stat(2) alone, to tell later what has changed without reading a file.
///
/// A file counts as changed when anything but its time of access differs; its change time moves whenever its content,
/// attributes or names do, and no program can set it. A folder that was removed and made again is told by its time of
/// birth, because it may get the same inode.
struct TreeRecord: Sendable {
  private struct Item: Sendable {
    var status: FileStatus
    /// Of folders only; nil where the file system does not tell.
    var birth: Timestamp?
  }

  private let root: ChrootRoot
  private var items: [TreePath: Item] = [:]

  /// Records a furnished root. Blocks, for a few milliseconds more when something in it has only just changed: a change
  /// within the same tick of the kernel's clock would not be seen.
  /// - Throws: `HostError`.
  init(of root: ChrootRoot) throws {
    self.root = root
    var items: [TreePath: Item] = [:]
    try Self.walk(root) { path, status, birth in
      items[path] = Item(status: status, birth: birth)
    }
    self.items = items
    let latest = items.values.map(\.status.changeTime).max() ?? Timestamp(seconds: 0)
    ChrootRoot.waitForClock(after: latest)
  }

  /// - Throws: `HostError`.
  func changes() throws -> TreeChanges {
    var changes = TreeChanges()
    // Whether they are folders.
    var seen: [TreePath: Bool] = [.root: true]
    changes.hasStrays = try Self.walk(root) { path, status, birth in
      seen[path] = status.kind == .directory
      let isBelowNew = path.parent.map { changes.isNew($0) } ?? false
      guard !isBelowNew, let before = items[path] else {
        changes.add(path, .new)
        return
      }
      if status.kind == .directory, before.status.kind != .directory || !isSame(before, status, birth) {
        changes.add(path, .replaced)
      } else if isChanged(before.status, status) {
        changes.add(path, .changed)
      }
    }
    for path in items.keys where seen[path] == nil {
      guard let parent = path.parent, seen[parent] == true, !changes.isNew(parent) else { continue }
      changes.delete(path, from: parent)
    }
    return changes
  }

  private func isSame(_ before: Item, _ status: FileStatus, _ birth: Timestamp?) -> Bool {
    (before.status.inode, before.status.device, before.birth) == (status.inode, status.device, birth)
  }

  private func isChanged(_ before: FileStatus, _ after: FileStatus) -> Bool {
    var before = before
    if after.kind == .directory {
      // What file systems count here is not the folder's own.
      (before.size, before.linkCount) = (after.size, after.linkCount)
    }
    return before != after
  }

  /// - Parameter visit: gets what belongs to the root.
  /// - Returns: whether there was something foreign where none was put.
  @discardableResult
  private static func walk(
    _ root: ChrootRoot, _ visit: (TreePath, FileStatus, Timestamp?) throws -> Void
  ) throws -> Bool {
    var hasStrays = false
    var scanner = DirectoryScanner(root: root.folder)
    scanner.readsExtendedAttributes = false
    let foreign = Foreign(root)
    let prefix = root.folder.bytes + [UInt8(ascii: "/")]
    try scanner.scan(filter: { path, status in
      if foreign.contains(path, status) {
        if !foreign.paths.contains(path) { hasStrays = true }
        return .exclude
      }
      // Made for us: part of the root only when something in it is.
      if foreign.stubs.contains(path) { return .search }
      let isFolder = status.kind == .directory
      let birth = isFolder ? ChrootRoot.birthTime(of: prefix + path.bytes) : nil
      try visit(path, status, birth)
      return isFolder ? .search : .exclude
    }) { _ in }
    return hasStrays
  }

  /// What is in the folder but does not belong to the root.
  struct Foreign {
    let paths: Set<TreePath>
    let stubs: Set<TreePath>
    let identities: Set<ChrootRoot.Identity>

    init(_ root: ChrootRoot) {
      paths = Set(root.foreignPaths.compactMap { TreePath($0.bytes) })
      stubs = Set(root.stubPaths.compactMap { TreePath($0.bytes) })
      identities = root.foreignIdentities
    }

    func contains(_ path: TreePath, _ status: FileStatus) -> Bool {
      paths.contains(path) || identities.contains(.init(status))
    }
  }
}

/// What a command changed in its root.
struct TreeChanges: Sendable {
  enum Kind: Sendable {
    /// Was not there, or is in a folder that was not.
    case new
    /// A folder in place of another one, or of something that was no folder.
    case replaced
    case changed
  }

  private(set) var kinds: [TreePath: Kind] = [:]
  /// By the folders that they were in.
  private(set) var deletions: [TreePath: [TreePath]] = [:]
  /// Whether things that were put into the folder are elsewhere, too: then it is not what the layers say.
  fileprivate(set) var hasStrays = false
  /// Folders on the way to changes.
  private(set) var ways: Set<TreePath> = []

  fileprivate mutating func add(_ path: TreePath, _ kind: Kind) {
    kinds[path] = kind
    ways.formUnion(path.ancestors)
  }

  fileprivate mutating func delete(_ path: TreePath, from parent: TreePath) {
    deletions[parent, default: []].append(path)
    ways.insert(parent)
    ways.formUnion(parent.ancestors)
  }

  /// Whether nothing in a folder was there before.
  fileprivate func isNew(_ path: TreePath) -> Bool { kinds[path] == .new || kinds[path] == .replaced }

  /// - Parameter append: gets the entries of the layer in their order: a folder before what it holds, in each folder
  ///   the deletions first. Folders on the way to changes are repeated, as overlayfs does it.
  /// - Throws: `HostError`, what `append` throws.
  func entries(of root: ChrootRoot, _ append: (TreeEntry, ScannedFile?) throws -> Void) throws {
    let foreign = TreeRecord.Foreign(root)
    var links = HardLinks()
    try appendDeletions(in: .root, FileStatus(of: root.folder).modificationTime, append)
    try DirectoryScanner(root: root.folder).scan(filter: { path, status in
      if foreign.contains(path, status) { return .exclude }
      if kinds[path] != nil || (ways.contains(path) && status.kind == .directory) { return .include }
      return .exclude
    }) { file in
      var entry = file.entry
      links.resolve(&entry, file.status)
      try append(entry, entry.isFile ? file : nil)
      guard entry.isDirectory else { return }
      if kinds[entry.path] == .replaced {
        try append(.opaqueWhiteout(entry.path, modificationTime: entry.modificationTime), nil)
      }
      try appendDeletions(in: entry.path, entry.modificationTime, append)
    }
  }

  private func appendDeletions(
    in folder: TreePath, _ time: Timestamp, _ append: (TreeEntry, ScannedFile?) throws -> Void
  ) throws {
    for path in (deletions[folder] ?? []).sorted() { try append(.whiteout(path, modificationTime: time), nil) }
  }
}
