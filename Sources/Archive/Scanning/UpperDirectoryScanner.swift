public import HostOS
public import SystemPackage

/// Turns the upper folder of an overlay mount into the entries of a layer.
///
/// Folders come before what they hold, and in each folder the deletions come first, as image-spec's layer.md asks.
/// overlayfs's own attributes become deletions or are dropped; others are kept, sockets are passed over. Files that are
/// one inode become hard links. The root itself is not given.
public struct UpperDirectoryScanner {
  public let root: FilePath
  /// Where owners are recorded, of what can have no extended attributes; nil for root's. Where this is nil itself, owners
  /// are what the kernel says.
  public var recordedOwner: ((TreePath, FileStatus) -> (uid: UInt32, gid: UInt32)?)?

  public init(root: FilePath) { self.root = root }

  /// - Parameters:
  ///   - filter: whether a path, and all below, belongs to the layer; for the stubs of mounts.
  ///   - body: gets each entry; `ScannedFile.open` is for regular files only.
  /// - Throws: `ArchiveError` when the mount used features that only it can interpret (`redirect_dir`, `metacopy`);
  ///   `HostError` when something cannot be read; what the closures throw.
  public func scan(
    filter: (TreePath, FileStatus) throws -> Bool = { _, _ in true },
    _ body: (ScannedFile) throws -> Void
  ) throws {
    var links: [Inode: TreePath] = [:]
    let listing = try FolderListing(root: root)
    try scan(listing, at: .root, &links, filter, body)
  }

  private struct Inode: Hashable {
    let device: UInt64
    let number: UInt64
  }

  private func scan(
    _ listing: borrowing FolderListing, at folder: TreePath, _ links: inout [Inode: TreePath],
    _ filter: (TreePath, FileStatus) throws -> Bool, _ body: (ScannedFile) throws -> Void
  ) throws {
    let folderDescriptor = listing.descriptor
    var files: [(item: FolderListing.Item, entry: TreeEntry, marks: OverlayMarks)] = []
    for item in listing.items {
      guard let path = folder.appending(name: item.bytes), try filter(path, item.status) else { continue }
      let attributes = item.isWhiteoutDevice ? [] : try listing.extendedAttributes(of: item)
      let marks = try OverlayMarks(attributes, at: path)
      if item.isWhiteoutDevice || (marks.isWhiteout && item.status.kind == .file) {
        let entry = TreeEntry.whiteout(path, modificationTime: item.status.modificationTime)
        try body(ScannedFile(entry: entry, status: item.status, folder: folderDescriptor, name: item.name))
        continue
      }
      guard var entry = try item.entry(at: path, linkTarget: { try listing.linkTarget(of: item, path: path) }) else {
        continue
      }
      entry.extendedAttributes = attributes.filter { $0.isPortable && OverlayNamespace.suffix(of: $0.name) == nil }
      if recordedOwner != nil { takeOwner(&entry, item.status) }
      files.append((item, entry, marks))
    }
    for (item, entry, marks) in files {
      var entry = entry
      resolveLink(&entry, item.status, &links)
      try body(ScannedFile(entry: entry, status: item.status, folder: folderDescriptor, name: item.name))
      guard entry.isDirectory else { continue }
      if marks.isOpaque {
        let opaque = TreeEntry.opaqueWhiteout(entry.path, modificationTime: entry.modificationTime)
        try body(ScannedFile(entry: opaque, status: item.status, folder: folderDescriptor, name: item.name))
      }
      let path = root.appending(entry.path.filePath.components)
      let below = try FolderListing(item.name, in: folderDescriptor, path: path)
      try scan(below, at: entry.path, &links, filter, body)
    }
  }

  private func takeOwner(_ entry: inout TreeEntry, _ status: FileStatus) {
    if entry.takeRecordedOwner() { return }
    let hasAttributes = status.kind == .file || status.kind == .directory
    (entry.uid, entry.gid) = hasAttributes ? (0, 0) : recordedOwner?(entry.path, status) ?? (0, 0)
  }

  /// The first name in the order of the walk stays a file, later ones become links to it.
  private func resolveLink(_ entry: inout TreeEntry, _ status: FileStatus, _ links: inout [Inode: TreePath]) {
    guard entry.isFile, status.linkCount > 1 else { return }
    let inode = Inode(device: status.device, number: status.inode)
    if let first = links[inode] { entry.kind = .hardLink(to: first) } else { links[inode] = entry.path }
  }
}

/// What overlayfs noted on a file (overlayfs.rst).
private struct OverlayMarks {
  var isOpaque = false
  var isWhiteout = false

  init(_ attributes: [ExtendedAttribute], at path: TreePath) throws {
    for attribute in attributes {
      switch OverlayNamespace.suffix(of: attribute.name) {
      case "opaque": isOpaque = attribute.value.elementsEqual("y".utf8)
      case "whiteout": isWhiteout = true
      case "redirect", "metacopy": throw ArchiveError.overlayFeature(path, attribute.name)
      default: break
      }
    }
  }
}

extension FolderListing.Item {
  /// All of them may be one inode: they are never hard links.
  fileprivate var isWhiteoutDevice: Bool {
    status.kind == .characterDevice && status.deviceMajor == 0 && status.deviceMinor == 0
  }
}
