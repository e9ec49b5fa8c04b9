import Glibc
import HostOS
public import SystemPackage

/// Trees of files that commands left behind.
public enum FileTree {
  /// Removes a file, or a folder with all that it holds, whatever modes its files have and however deep it is; overlay
  /// work folders too. Symbolic links and mounts are not followed. A missing one is success.
  ///
  /// Files of subordinate ids can be removed only by root of the user namespace that maps them.
  /// - Throws: `SandboxError`.
  public static func remove(_ path: FilePath) throws {
    do {
      guard let status = try FileStatus.ifExists(path) else { return }
      guard status.kind == .directory else {
        guard path.withPlatformString({ unlink($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
          throw HostError("remove", path, .current)
        }
        return
      }
      try TreeRemoval(path).run()
    } catch let error as HostError {
      let failure = SetUpFailure("remove \(error.path ?? path)", "unlinkat", error.errno)
      let foreign = error.errno == .permissionDenied || error.errno == .notPermitted
      throw SandboxError(
        .setUp(failure),
        help: foreign ? ["remove it as its owner, or inside the user namespace: slipway prune"] : [])
    }
  }
}

/// Removes one folder by descriptors, so that nothing that is renamed meanwhile leads elsewhere.
private struct TreeRemoval {
  /// A deeper folder is moved up, so that neither descriptors nor the stack run out.
  private static let maximumDepth = 64

  private let path: FilePath

  init(_ path: FilePath) { self.path = path }

  func run() throws {
    let top = try open(path, in: AT_FDCWD)
    defer { close(top) }
    // Folders that were moved up are found in the next round.
    while try !names(in: top).isEmpty { try empty(top, top: top, depth: 0) }
    guard path.withPlatformString({ rmdir($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
      throw HostError("remove", path, .current)
    }
  }

  private func open(_ name: FilePath, in folder: Int32) throws -> Int32 {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var descriptor = name.withPlatformString { openat(folder, $0, flags) }
    if descriptor < 0, Errno.current == .permissionDenied {
      permitOwner(name, in: folder)
      descriptor = name.withPlatformString { openat(folder, $0, flags) }
    }
    guard descriptor >= 0 else { throw HostError("open", path.pushing(name), .current) }
    return descriptor
  }

  /// Overlay work folders have mode 000, which matters to plain users.
  private func permitOwner(_ name: FilePath, in folder: Int32) {
    guard let status = try? FileStatus(of: name, relativeTo: FileDescriptor(rawValue: folder)),
      status.kind == .directory
    else { return }
    _ = name.withPlatformString { fchmodat(folder, $0, 0o700, 0) }
  }

  private func empty(_ folder: Int32, top: Int32, depth: Int) throws {
    if fchmod(folder, 0o700) != 0, Errno.current != .notPermitted {
      throw HostError("change the mode of", path, .current)
    }
    for name in try names(in: folder) { try removeEntry(name, in: folder, top: top, depth: depth) }
  }

  private func removeEntry(_ name: FilePath, in folder: Int32, top: Int32, depth: Int) throws {
    if name.withPlatformString({ unlinkat(folder, $0, 0) }) == 0 { return }
    switch Errno.current {
    case .noSuchFileOrDirectory: return
    case .isDirectory, .notPermitted: break
    case let errno: throw HostError("remove", path.pushing(name), errno)
    }
    if name.withPlatformString({ unlinkat(folder, $0, AT_REMOVEDIR) }) == 0 { return }
    if depth >= Self.maximumDepth {
      let place = FilePath(Files.uniqueName())
      let result = name.withPlatformString { from in place.withPlatformString { renameat(folder, from, top, $0) } }
      guard result == 0 else { throw HostError("move", path.pushing(name), .current) }
      return
    }
    let child = try open(name, in: folder)
    defer { close(child) }
    try empty(child, top: top, depth: depth + 1)
    guard name.withPlatformString({ unlinkat(folder, $0, AT_REMOVEDIR) }) == 0 else {
      throw HostError("remove", path.pushing(name), .current)
    }
  }

  private func names(in folder: Int32) throws -> [FilePath] {
    let copy = fcntl(folder, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, let stream = fdopendir(copy) else { throw HostError("list the folder", path, .current) }
    defer { closedir(stream) }
    rewinddir(stream)
    var names: [FilePath] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: 256) { FilePath(platformString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
