import CHostOS
import Glibc
import HostOS
import SystemPackage

/// A folder as seen from a descriptor that no path below can leave: the kernel resolves names with it as root.
///
/// The last parent folder stays open, since entries come folder by folder.
final class RootedFolder {
  /// A folder and a name in it.
  struct Place {
    let folder: Int32
    let name: [CChar]
  }

  let descriptor: FileDescriptor
  private var cachedPath: TreePath?
  private var cachedFolder: Int32 = -1

  /// - Throws: `HostError`.
  init(_ path: FilePath) throws {
    descriptor = try Files.open(path, .readOnly, options: .directory)
  }

  deinit {
    forgetCache()
    try? descriptor.close()
  }

  /// Whenever something is removed, paths may lead elsewhere than before.
  func forgetCache() {
    if cachedFolder >= 0 { close(cachedFolder) }
    cachedFolder = -1
    cachedPath = nil
  }

  /// Where `path` is, if its parent is a folder; `makeParents` is called when the parent is missing.
  func place(of path: TreePath, makeParents: (TreePath) throws -> Void) throws -> Place {
    guard let parent = path.parent else { throw ArchiveError.cannotUnpack(path, "it is the root") }
    let name = path.name.map(CChar.init(bitPattern:)) + [0]
    if parent == cachedPath { return Place(folder: cachedFolder, name: name) }
    var folder = open(parent)
    if folder == -ENOENT || folder == -ENOTDIR {
      try makeParents(parent)
      folder = open(parent)
    }
    guard folder >= 0 else { throw Self.error(path, Errno(rawValue: -folder)) }
    forgetCache()
    cachedPath = parent
    cachedFolder = folder
    return Place(folder: folder, name: name)
  }

  /// A descriptor of a folder, for use as the start of other calls only, or -errno. Whoever opened it closes it.
  func open(_ path: TreePath) -> Int32 {
    path.filePath.withPlatformString {
      hostos_openat2(
        descriptor.rawValue, $0, UInt64(UInt32(bitPattern: hostos_O_PATH | O_DIRECTORY | O_CLOEXEC)), 0,
        hostos_RESOLVE_IN_ROOT)
    }
  }

  static func error(_ path: TreePath, _ errno: Errno) -> any Error {
    switch errno {
    case .noSuchFileOrDirectory:
      ArchiveError.cannotUnpack(path, "its folder is a symbolic link that leads nowhere in this layer")
    case .notDirectory: ArchiveError.cannotUnpack(path, "its folder is a file")
    case .tooManySymbolicLinkLevels: ArchiveError.cannotUnpack(path, "its folder is a loop of symbolic links")
    case .fileNameTooLong: ArchiveError.cannotUnpack(path, "its name is too long for this system")
    case Errno(rawValue: ENOSYS):
      ArchiveError.cannotUnpack(
        path, "the kernel has no openat2 system call, or a seccomp filter hides it",
        help: ["use Linux 5.6 or newer, or a container runtime that permits openat2"])
    default: HostError("unpack", path.filePath, errno)
    }
  }
}

extension RootedFolder.Place {
  enum Node { case missing, directory, whiteout, other }

  /// What is there, without following a link.
  func node() throws -> Node {
    var status = stat()
    guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      if Errno.current == .noSuchFileOrDirectory { return .missing }
      throw HostError("look at", hostPath, .current)
    }
    switch status.st_mode & Glibc.S_IFMT {
    case Glibc.S_IFDIR: return .directory
    case Glibc.S_IFCHR where status.st_rdev == 0: return .whiteout
    default: return .other
    }
  }

  /// Removes whatever is there.
  func remove() throws {
    if unlinkat(folder, name, 0) == 0 { return }
    switch Errno.current {
    case .noSuchFileOrDirectory: return
    case .isDirectory, .notPermitted: try Files.removeTree(hostPath)
    case let errno: throw HostError("remove", hostPath, errno)
    }
  }

  /// The same place as a path of the host, for calls that take no descriptor.
  var hostPath: FilePath {
    let folder = FilePath("/proc/self/fd/\(folder)")
    let component = name.withUnsafeBufferPointer { pointer in
      pointer.baseAddress.flatMap { FilePath.Component(platformString: $0) }
    }
    return component.map { folder.appending($0) } ?? folder
  }
}
