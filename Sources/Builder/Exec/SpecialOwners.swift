import Archive
import HostOS
import Sandbox
import SystemPackage

/// Owners of symbolic links, pipes and devices where owners are recorded: they can have no extended attributes, so what
/// the layers say is given to the command, and what became of it is asked for.
struct SpecialOwners {
  private let records: OwnerRecords
  /// The lowest first.
  private let lowers: [FilePath]

  /// - Parameters:
  ///   - lowers: the unpacked layers of the tree.
  /// - Throws: `SandboxError`, `HostError`.
  init(_ records: OwnerRecords, _ tree: StackTree, lowers: [FilePath]) throws {
    self.records = records
    self.lowers = lowers
    var given: Set<TreePath> = []
    for (index, entries) in try tree.entriesByLayer.enumerated() {
      for entry in entries where Self.isSpecial(entry) {
        let owner = OwnerRecords.Owner(uid: entry.uid, gid: entry.gid)
        guard owner != OwnerRecords.Owner(uid: 0, gid: 0) || given.contains(entry.path) else { continue }
        given.insert(entry.path)
        // Folders of later commands may hold copies that are in no layer, since nothing in them was changed.
        for folder in lowers.dropFirst(index) {
          let path = folder.pushing(entry.path.filePath)
          guard let status = try FileStatus.ifExists(path), Self.isSpecial(status) else { continue }
          try records.set(owner, of: path, status)
        }
      }
    }
  }

  /// Of what a command left at a path of its upper folder; nil when it is root's.
  func owner(of path: TreePath, _ status: FileStatus, in upper: FilePath) -> (uid: UInt32, gid: UInt32)? {
    let written = OwnerRecords.File(at: upper.pushing(path.filePath), status)
    if let owner = records.owner(of: written) { return (owner.uid, owner.gid) }
    // A link that overlayfs copied up goes on with the inode of the lower one, as long as the kernel remembers it.
    for lower in lowers.reversed() {
      let path = lower.pushing(path.filePath)
      guard let below = try? FileStatus.ifExists(path) else { continue }
      guard below.kind == status.kind else { return nil }
      let file = OwnerRecords.File(at: path, below)
      let copied = OwnerRecords.File(inode: file.inode, birth: written.birth)
      return (records.owner(of: copied) ?? records.owner(of: file)).map { ($0.uid, $0.gid) }
    }
    return nil
  }

  private static func isSpecial(_ entry: TreeEntry) -> Bool {
    switch entry.kind {
    case .symbolicLink, .fifo, .characterDevice, .blockDevice: true
    case .file, .directory, .hardLink, .whiteout, .opaqueWhiteout: false
    }
  }

  private static func isSpecial(_ status: FileStatus) -> Bool { status.kind != .file && status.kind != .directory }
}
