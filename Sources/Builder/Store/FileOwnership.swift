import Archive
import HostOS
public import Sandbox
import Synchronization
import SystemPackage

/// How the owners of unpacked files are kept on this machine.
public enum FileOwnership: String, Sendable, CaseIterable {
  /// By the kernel: this process may give files to others.
  case kernel
  /// In an extended attribute, and commands are told what it says. Those of symbolic links, which have none, are in the
  /// indexes of layers.
  case recorded
  /// Not at all: everything belongs to the one id that there is.
  case single

  var extraction: LayerExtractor.Ownership {
    switch self {
    case .kernel: .restore
    case .recorded: .record
    case .single: .restoreWherePermitted
    }
  }

  /// Of the names of unpacked layers: what was unpacked in one way is of no use in another.
  var suffix: String { self == .kernel ? "" : "-\(rawValue)" }

  /// Of a folder or file that was just made.
  /// - Throws: `HostError`.
  func setOwner(_ path: FilePath, uid: UInt32, gid: UInt32) throws {
    switch self {
    case .kernel: try Files.setOwner(path, uid: uid, gid: gid)
    case .recorded:
      if (uid, gid) == (0, 0) { return }
      try ExtendedAttributes.set(OwnerAttribute.name, to: OwnerAttribute.value(uid: uid, gid: gid), at: path)
    case .single: break
    }
  }

  /// The owner and mode of an entry.
  /// - Throws: `HostError`.
  func setAttributes(of entry: TreeEntry, at path: FilePath) throws {
    try setOwner(path, uid: entry.uid, gid: entry.gid)
    try Files.setMode(path, entry.mode)
  }
}

extension BuildStore {
  private static let ownerships = Mutex<[FilePath: FileOwnership]>([:])

  /// How owners are kept in this store by this process; found out once, by trying. Blocks.
  /// - Throws: `HostError` when the store cannot be written.
  public func ownership() throws -> FileOwnership {
    if UserNamespace.current != .singleID { return .kernel }
    if let known = Self.ownerships.withLock({ $0[root] }) { return known }
    let found: FileOwnership = try ownershipRefusal() == nil ? .recorded : .single
    Self.ownerships.withLock { $0[root] = found }
    return found
  }

  /// Why owners cannot be recorded in this store; nil when they can. Blocks for some milliseconds.
  /// - Throws: `HostError` when the store cannot be written.
  public func ownershipRefusal() throws -> IsolationReport.Refusal? {
    let folder = try makeWorkFolder()
    defer { try? Files.removeTree(folder) }
    return try IsolationProbe(in: folder).refusalOfRecords()
  }
}
