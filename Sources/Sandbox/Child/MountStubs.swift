import Glibc
import HostOS
import SystemPackage

/// What was made in a root file system so that something could be mounted there, and how to undo it in the upper
/// folder: a layer shows no trace of it, nor of the folders that overlayfs copied up on the way.
struct MountStubs {
  /// `UTIME_OMIT` of utimensat(2), which Swift does not import.
  private static let leaveAsItIs = (1 << 30) - 2

  private let created: [FilePath]
  private let root: RootFilesystem

  /// - Parameter created: paths in the root without symbolic links, parents before what they hold.
  init(_ created: [FilePath], in root: RootFilesystem) {
    self.created = created
    self.root = root
  }

  /// Files and folders that a command put into a folder of ours stay, and so does the folder.
  /// - Throws: `HostError`.
  func remove() throws {
    for path in created.reversed() {
      let stub = upperPath(path)
      guard let status = try FileStatus.ifExists(stub) else { continue }
      let parent = stub.removingLastComponent()
      let parentStatus = try FileStatus(of: parent)
      guard try removeIfEmpty(stub, status) else { continue }
      try setModificationTime(of: parent, parentStatus.modificationTime)
      try removeCopies(upTo: path.removingLastComponent())
    }
  }

  private func upperPath(_ path: FilePath) -> FilePath { root.upper.pushing(path.removingRoot()) }

  private func removeIfEmpty(_ path: FilePath, _ status: FileStatus) throws -> Bool {
    switch status.kind {
    case .file where status.size == 0: return try ignoringNotEmpty(path.withPlatformString { unlink($0) }, path)
    case .directory: return try ignoringNotEmpty(path.withPlatformString { rmdir($0) }, path)
    default: return false
    }
  }

  private func ignoringNotEmpty(_ result: Int32, _ path: FilePath) throws -> Bool {
    if result == 0 { return true }
    let errno = Errno.current
    if errno == .directoryNotEmpty || errno == .fileExists { return false }
    throw HostError("remove", path, errno)
  }

  /// Removes folders of the upper folder that are empty and say nothing that the layers below do not say.
  private func removeCopies(upTo path: FilePath) throws {
    var path = path
    while path.lastComponent != nil {
      let copy = upperPath(path)
      guard let original = try original(of: path), try saysNothingNew(copy, original) else { return }
      let parent = copy.removingLastComponent()
      let parentStatus = try FileStatus(of: parent)
      guard try ignoringNotEmpty(copy.withPlatformString { rmdir($0) }, copy) else { return }
      try setModificationTime(of: parent, parentStatus.modificationTime)
      path = path.removingLastComponent()
    }
  }

  /// The folder whose mode and owner the merged folder has.
  private func original(of path: FilePath) throws -> FilePath? {
    for lower in root.lowers.reversed() {
      let candidate = lower.pushing(path.removingRoot())
      if let status = try FileStatus.ifExists(candidate) { return status.kind == .directory ? candidate : nil }
    }
    return nil
  }

  private func saysNothingNew(_ copy: FilePath, _ original: FilePath) throws -> Bool {
    let first = try FileStatus(of: copy)
    let second = try FileStatus(of: original)
    guard
      first.kind == second.kind, first.mode == second.mode, first.uid == second.uid, first.gid == second.gid,
      first.modificationTime == second.modificationTime
    else { return false }
    let attributes = try ExtendedAttributes.all(of: copy)
    guard !attributes.contains(where: { $0.name == Sandbox.opaqueAttribute }) else { return false }
    return try own(attributes).elementsEqual(own(ExtendedAttributes.all(of: original)), by: ==)
  }

  /// Without those that overlayfs keeps its notes in.
  private func own(_ attributes: [(name: String, value: [UInt8])]) -> [(name: String, value: [UInt8])] {
    attributes.filter { !$0.name.hasPrefix("trusted.overlay.") && !$0.name.hasPrefix("user.overlay.") }
  }

  private func setModificationTime(of path: FilePath, _ time: Timestamp) throws {
    let times = [
      timespec(tv_sec: 0, tv_nsec: Self.leaveAsItIs),
      timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
    ]
    guard path.withPlatformString({ utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      throw HostError("set the time of", path, .current)
    }
  }
}
