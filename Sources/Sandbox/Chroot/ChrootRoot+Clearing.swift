import CSandbox
import Glibc
import HostOS
import Synchronization
import SystemPackage

extension ChrootRoot {
  /// Takes everything out again, the last thing first; call it also when the command failed. Blocks.
  /// - Throws: the first `HostError`, after everything has been tried.
  public func clear() throws {
    let all = placements.withLock { placements in
      defer { placements = [] }
      return placements
    }
    var first: (any Error)?
    for placement in all.reversed() {
      // Secrets are wiped before anything can fail, wherever the command moved them.
      if placement.isSecret { wipe(placement.descriptor) }
      do { try remove(placement) } catch { first = first ?? error }
      try? placement.descriptor.close()
    }
    if let first { throw first }
  }

  private func wipe(_ descriptor: FileDescriptor) {
    guard let status = try? FileStatus(of: descriptor) else { return }
    let zeros = [UInt8](repeating: 0, count: Int(clamping: status.size))
    _ = try? descriptor.writeAll(toAbsoluteOffset: 0, zeros)
    _ = fdatasync(descriptor.rawValue)
    _ = ftruncate(descriptor.rawValue, 0)
  }

  private func remove(_ placement: Placement) throws {
    let parent = placement.path.removingLastComponent()
    // A command may have replaced the folders on the way, even by links that lead out.
    guard let status = try statusInside(parent), Identity(status) == placement.parent else {
      if let stashed = placement.stashed { try Files.removeTree(stashed) }
      return
    }
    if placement.isStub {
      guard try removeIfEmpty(placement.path) else { return }
    } else {
      try giveBack(placement)
      try Files.removeTree(placement.path)
      if let stashed = placement.stashed { try Files.rename(stashed, to: placement.path) }
    }
    try parent.setModificationTime(status.modificationTime)
  }

  /// A folder that the command replaced or removed goes nowhere.
  private func giveBack(_ placement: Placement) throws {
    guard let origin = placement.origin, let there = try FileStatus.ifExists(placement.path) else { return }
    guard Identity(there) == placement.identity else { return }
    let result = placement.path.withPlatformString { from in
      origin.withPlatformString { csandbox_exchange(from, $0) }
    }
    if result == 0 { return }
    // Not every file system can exchange.
    let old = work.appending("old-\(Files.uniqueName())")
    try Files.rename(origin, to: old)
    try Files.rename(placement.path, to: origin)
    try Files.removeTree(old)
  }

  private func removeIfEmpty(_ path: FilePath) throws -> Bool {
    guard try FileStatus.ifExists(path)?.kind == .directory else { return false }
    if path.withPlatformString({ rmdir($0) }) == 0 { return true }
    if Errno.current == .directoryNotEmpty || Errno.current == .fileExists { return false }
    throw HostError("remove", path, .current)
  }

  /// Nil unless every folder on the way from the root is a folder.
  private func statusInside(_ path: FilePath) throws -> FileStatus? {
    var current = folder
    var status = try FileStatus.ifExists(current)
    for name in path.components.dropFirst(folder.components.count) {
      current.append(name)
      status = try FileStatus.ifExists(current)
      guard status?.kind == .directory else { return nil }
    }
    return status
  }
}
