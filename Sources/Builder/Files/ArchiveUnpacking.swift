import Diagnostics
import Archive
import BuildPlanning
import HostOS
import OCI
import SystemPackage

/// ADD of archives: what is inside goes to the destination (Dockerfile reference, "ADD", "Adding local tar archives").
struct ArchiveUnpacking {
  let action: CopyAction
  /// Of the destination when it has to be made, and of what is inside the archive; nil leaves that to the archive. Modes
  /// are always the archive's.
  let owner: FileOwner?
  let spool: SpoolFile
  /// Where the spool file ends.
  var end: Int64

  /// Unpacks what a host's file holds. False when it is no archive, and then nothing was done.
  mutating func unpack(_ file: FilePath, into layer: inout PendingLayer) throws -> Bool {
    guard try ArchiveDetector.compression(of: file) != nil else { return false }
    guard let written = TreePath(action.destination) else {
      throw BuilderError("invalid-destination", "\(action.destination) is no path inside the image")
    }
    let destination = try layer.resolve(written)
    try layer.makeDirectories(destination, owner: owner)
    try Files.withDescriptor(file, .readOnly) { descriptor in
      let reader = try LayerReader(FileByteSource(descriptor, path: file), options: .archive)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
      defer { buffer.deallocate() }
      while let entry = try reader.next() { try put(entry, reader, buffer, below: destination, into: &layer) }
      _ = try reader.finish()
    }
    return true
  }

  /// As docker unpacks: an entry replaces what is there, but folders merge. Symbolic links take the destination for
  /// the root of the file system, so an archive cannot leave it.
  private mutating func put(
    _ entry: TreeEntry, _ reader: LayerReader, _ buffer: UnsafeMutableRawBufferPointer, below destination: TreePath,
    into layer: inout PendingLayer
  ) throws {
    guard !entry.path.isRoot else { return }
    var placed = entry
    placed.path = try Self.place(of: entry.path, below: destination, in: layer)
    if let owner { placed = placed.owned(by: owner.uid, owner.gid) }
    if let parent = placed.path.parent { try layer.makeDirectories(parent, owner: nil) }
    switch entry.kind {
    case .file:
      let size = try spool.append(reader, at: end, buffer)
      try layer.put(.init(entry: placed, content: .spooled(spool, offset: end, size: size)))
      end += size
    case .hardLink(let target):
      let original = try Self.place(of: target, below: destination, in: layer)
      guard let existing = try layer.entry(at: original), !existing.isDirectory else {
        throw BuilderError(
          "invalid-archive", "\(action.spelling) has a hard link to \(original), which is no file of it")
      }
      try layer.putLink(at: placed.path, to: original)
    default: try layer.put(.init(entry: placed, content: .bytes([])))
    }
  }
  private static func place(
    of path: TreePath, below destination: TreePath, in layer: PendingLayer
  ) throws -> TreePath {
    destination.appending(try Subtree(tree: layer, folder: destination).resolveParent(path))
  }
}

/// A folder of a tree that is taken for the root, as by chroot(2).
private struct Subtree<Tree: FileTree>: FileTree {
  let tree: Tree
  let folder: TreePath
  var name: String { tree.name }

  func entry(at path: TreePath) throws -> TreeEntry? { try tree.entry(at: folder.appending(path)) }
  func names(in folder: TreePath) throws -> [[UInt8]] { try tree.names(in: self.folder.appending(folder)) }
  func content(at path: TreePath) throws -> ContentReference { try tree.content(at: folder.appending(path)) }
  func contentSHA256(at path: TreePath) throws -> [UInt8] { try tree.contentSHA256(at: folder.appending(path)) }
}
