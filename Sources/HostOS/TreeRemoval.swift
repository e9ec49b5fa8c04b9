import Glibc
import SystemPackage

/// Removes a folder with all that it holds, one folder at a time from the inside out.
///
/// It goes down and up by descriptors, so neither the length of a path nor the number of open files limits the depth,
/// and a folder that is replaced by a symbolic link meanwhile leads nowhere.
struct TreeRemoval {
  /// A folder on the way down.
  private struct Level {
    /// What it is called in the folder above.
    let name: FileName
    let device: UInt64
    let inode: UInt64
    /// Folders inside that could not be removed at once.
    var folders: [FileName]
  }

  private let path: FilePath
  private var levels: [Level] = []
  private var current: FileDescriptor

  /// `path` is a folder or has gone.
  static func remove(_ path: FilePath) throws {
    guard var removal = try TreeRemoval(path) else { return }
    let result = Result { try removal.run() }
    try? removal.current.close()
    try result.get()
    guard path.withPlatformString({ rmdir($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
      throw HostError("remove the folder", path, .current)
    }
  }

  private init?(_ path: FilePath) throws {
    self.path = path
    guard let descriptor = try Self.open(path.string, relativeTo: nil, path, { path.withPlatformString($0) }) else {
      return nil
    }
    current = descriptor
  }

  private mutating func run() throws {
    var folders = try removeFiles()
    while true {
      if let name = folders.popLast() {
        guard let inner = try Self.open(name.text, relativeTo: current, path, { name.withPlatformString($0) }) else {
          continue
        }
        let status: FileStatus
        do { status = try FileStatus(of: current) } catch {
          try? inner.close()
          throw error
        }
        levels.append(Level(name: name, device: status.device, inode: status.inode, folders: folders))
        try? current.close()
        current = inner
        folders = try removeFiles()
      } else if let level = levels.popLast() {
        try goUp(to: level)
        folders = level.folders
      } else {
        return
      }
    }
  }

  /// Leaves an empty folder and removes it.
  private mutating func goUp(to level: Level) throws {
    let parent = openat(current.rawValue, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard parent >= 0 else { throw HostError("remove what is in", path, .current) }
    try? current.close()
    current = FileDescriptor(rawValue: parent)
    let status = try FileStatus(of: current)
    guard status.inode == level.inode, status.device == level.device else {
      throw HostError("remove what is in", path, .resourceBusy)
    }
    try unlink(level.name, AT_REMOVEDIR)
  }

  /// Removes what is no folder from the current folder, and tells the folders.
  private func removeFiles() throws -> [FileName] {
    var folders: [FileName] = []
    for name in try FileName.all(in: current, path) {
      let result = name.withPlatformString { unlinkat(current.rawValue, $0, 0) }
      if result == 0 || Errno.current == .noSuchFileOrDirectory { continue }
      // Linux says EISDIR, POSIX says EPERM.
      guard Errno.current == .isDirectory || Errno.current == .notPermitted else {
        throw HostError("remove \(name.text) in", path, .current)
      }
      folders.append(name)
    }
    return folders
  }

  private func unlink(_ name: FileName, _ flags: Int32) throws {
    let result = name.withPlatformString { unlinkat(current.rawValue, $0, flags) }
    guard result == 0 || Errno.current == .noSuchFileOrDirectory else {
      throw HostError("remove \(name.text) in", path, .current)
    }
  }

  /// Opens a folder that its owner may have closed to everybody; nil when it has gone.
  private static func open(
    _ name: @autoclosure () -> String, relativeTo parent: FileDescriptor?, _ root: FilePath,
    _ withName: ((UnsafePointer<CChar>) -> Int32) -> Int32
  ) throws -> FileDescriptor? {
    let directory = parent?.rawValue ?? AT_FDCWD
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var raw = stat()
    guard withName({ fstatat(directory, $0, &raw, AT_SYMLINK_NOFOLLOW) }) == 0 else {
      if Errno.current == .noSuchFileOrDirectory { return nil }
      throw HostError("look at \(name()) in", root, .current)
    }
    // Emptying a folder takes all three of its owner's rights; root has them anyway.
    if raw.st_mode & S_IFMT == S_IFDIR, raw.st_mode & 0o700 != 0o700 {
      _ = withName { fchmodat(directory, $0, raw.st_mode & 0o7777 | 0o700, 0) }
    }
    let descriptor = withName { openat(directory, $0, flags) }
    if descriptor >= 0 { return FileDescriptor(rawValue: descriptor) }
    if Errno.current == .noSuchFileOrDirectory { return nil }
    throw HostError("open \(name()) in", root, .current)
  }
}
