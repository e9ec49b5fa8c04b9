import CHostOS
import Glibc
public import SystemPackage

/// What we do with whole files and folders.
public enum Files {
  /// Reads a file whole; for manifests and settings, never for layers.
  /// - Throws: `HostError`, with `Errno.fileTooLarge` when it is longer than `limit` bytes.
  public static func read(_ path: FilePath, limit: Int = 64 << 20) throws -> [UInt8] {
    try withDescriptor(path, .readOnly) { try read($0, path, limit: limit) }
  }

  /// Reads an open descriptor to its end.
  /// - Throws: `HostError`; with `fileTooLarge` beyond `limit` bytes.
  public static func read(
    _ descriptor: FileDescriptor, _ path: FilePath? = nil, limit: Int = 64 << 20
  ) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try readChunks(descriptor, path) { chunk in
      guard bytes.count + chunk.count <= limit else { throw HostError("read", path, .fileTooLarge) }
      bytes.append(contentsOf: chunk)
    }
    return bytes
  }

  /// Reads an open descriptor to its end in chunks of at most 256 KiB; the pointer is valid during the call only.
  /// - Throws: `HostError`, and what `body` throws.
  public static func readChunks(
    _ descriptor: FileDescriptor, _ path: FilePath? = nil, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while true {
      let count: Int
      do { count = try descriptor.read(into: buffer) } catch let errno as Errno { throw HostError("read", path, errno) }
      if count == 0 { return }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// Opens a file for the time of `body`. Descriptors are never inherited by child processes.
  /// - Throws: `HostError`, and what `body` throws.
  public static func withDescriptor<Result>(
    _ path: FilePath, _ access: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions = [],
    permissions: FilePermissions? = nil, _ body: (FileDescriptor) throws -> Result
  ) throws -> Result {
    let descriptor = try open(path, access, options: options, permissions: permissions)
    defer { try? descriptor.close() }
    return try body(descriptor)
  }

  /// Whoever opens a descriptor closes it. It is never inherited by child processes.
  /// - Throws: `HostError`.
  public static func open(
    _ path: FilePath, _ access: FileDescriptor.AccessMode, options: FileDescriptor.OpenOptions = [],
    permissions: FilePermissions? = nil
  ) throws -> FileDescriptor {
    do {
      return try FileDescriptor.open(path, access, options: options.union(.closeOnExec), permissions: permissions)
    } catch let errno as Errno { throw HostError("open", path, errno) }
  }

  /// Writes what a person wants in a file of theirs: a file is replaced as a whole, a device or a pipe is written to.
  /// - Throws: `HostError`.
  public static func writeAnswer(_ bytes: [UInt8], to path: FilePath) throws {
    guard isStream(path) else { return try writeAtomically(bytes, to: path) }
    try withDescriptor(path, .writeOnly) {
      do { try $0.writeAll(bytes) } catch let errno as Errno { throw HostError("write", path, errno) }
    }
  }

  /// Whether a path is one of a device or a pipe, such as /dev/null, which must not be replaced by a file.
  public static func isStream(_ path: FilePath) -> Bool {
    switch (try? FileStatus(following: path))?.kind {
    case .characterDevice, .blockDevice, .fifo: true
    default: false
    }
  }

  /// Opens a file for reading by its path below an open folder; whoever opens it closes it.
  /// - Throws: `Errno`, for the caller knows better what the file is called.
  public static func open(_ path: UnsafePointer<CChar>, in folder: FileDescriptor) throws(Errno) -> FileDescriptor {
    while true {
      let number = openat(folder.rawValue, path, O_RDONLY | O_CLOEXEC)
      if number >= 0 { return FileDescriptor(rawValue: number) }
      if Errno.current != .interrupted { throw .current }
    }
  }

  /// Writes a file so that readers see the old content or the new, never a half: a temporary name in the same
  /// folder, fsync, rename.
  /// - Parameter isDurable: false leaves fsync out, for what is found out to be damaged and can be made again.
  /// - Throws: `HostError`.
  public static func writeAtomically(
    _ bytes: [UInt8], to path: FilePath, permissions: FilePermissions = FilePermissions(rawValue: 0o644),
    isDurable: Bool = true
  ) throws {
    // Not made of the file's own name, which may be as long as names can be.
    let temporary = path.removingLastComponent().appending(".\(uniqueName())")
    do {
      try withDescriptor(temporary, .writeOnly, options: [.create, .exclusiveCreate], permissions: permissions) {
        do { try $0.writeAll(bytes) } catch let errno as Errno { throw HostError("write", path, errno) }
        if isDurable { try synchronize($0, path) }
      }
      try rename(temporary, to: path)
    } catch {
      _ = temporary.withPlatformString { unlink($0) }
      throw error
    }
  }

  /// Makes sure that what was written to a descriptor is on the disk.
  /// - Throws: `HostError`.
  public static func synchronize(_ descriptor: FileDescriptor, _ path: FilePath? = nil) throws {
    guard fsync(descriptor.rawValue) == 0 else { throw HostError("write to the disk", path, .current) }
  }

  /// Replaces `target` if it exists.
  /// - Throws: `HostError`.
  public static func rename(_ source: FilePath, to target: FilePath) throws {
    let result = source.withPlatformString { from in target.withPlatformString { Glibc.rename(from, $0) } }
    guard result == 0 else { throw HostError("rename \(source) to", target, .current) }
  }

  /// Renames unless `target` exists; false means that it does.
  /// - Throws: `HostError`.
  public static func renameUnlessExists(_ source: FilePath, to target: FilePath) throws -> Bool {
    let result = source.withPlatformString { from in
      target.withPlatformString { hostos_rename_noreplace(from, $0) }
    }
    if result == 0 { return true }
    let errno = Errno(rawValue: -result)
    // A folder that is not empty cannot be replaced either, which some file systems report instead.
    if errno == .fileExists || errno == .directoryNotEmpty { return false }
    throw HostError("rename \(source) to", target, errno)
  }

  /// Creates a folder and its missing parents. One that is there already is success.
  /// - Throws: `HostError`.
  public static func createDirectories(
    _ path: FilePath, permissions: FilePermissions = FilePermissions(rawValue: 0o755)
  ) throws {
    if path.withPlatformString({ mkdir($0, permissions.rawValue) }) == 0 { return }
    switch Errno.current {
    case .fileExists:
      guard (try? FileStatus(following: path))?.kind == .directory else {
        throw HostError("create the folder", path, .fileExists)
      }
    case .noSuchFileOrDirectory where !path.removingLastComponent().isEmpty && path.removingLastComponent() != path:
      try createDirectories(path.removingLastComponent(), permissions: permissions)
      if path.withPlatformString({ mkdir($0, permissions.rawValue) }) != 0, Errno.current != .fileExists {
        throw HostError("create the folder", path, .current)
      }
    case let errno: throw HostError("create the folder", path, errno)
    }
  }

  /// The names in a folder, in the order of their bytes; `.` and `..` are left out.
  /// - Throws: `HostError`.
  public static func names(in path: FilePath) throws -> [FilePath.Component] {
    guard let stream = path.withPlatformString({ opendir($0) }) else {
      throw HostError("list the folder", path, .current)
    }
    defer { closedir(stream) }
    return try FileName.all(in: stream, path).compactMap(\.component)
  }

  /// Removes a file, or a folder with all that it holds, whatever its mode; symbolic links are not followed. A missing
  /// one is success, also when somebody else removes it at the same time.
  /// - Throws: `HostError`.
  public static func removeTree(_ path: FilePath) throws {
    guard let status = try FileStatus.ifExists(path) else { return }
    if status.kind == .directory { return try TreeRemoval.remove(path) }
    guard path.withPlatformString({ unlink($0) }) == 0 || Errno.current == .noSuchFileOrDirectory else {
      throw HostError("remove", path, .current)
    }
  }

  /// Does not follow a symbolic link.
  /// - Throws: `HostError`.
  public static func setOwner(_ path: FilePath, uid: UInt32, gid: UInt32) throws {
    guard path.withPlatformString({ lchown($0, uid, gid) }) == 0 else {
      throw HostError("change the owner of", path, .current)
    }
  }

  /// - Parameter mode: permission bits with set-user-id, set-group-id and sticky.
  /// - Throws: `HostError`.
  public static func setMode(_ path: FilePath, _ mode: UInt16) throws {
    guard path.withPlatformString({ chmod($0, mode_t(mode)) }) == 0 else {
      throw HostError("change the mode of", path, .current)
    }
  }

  /// Makes a symbolic link at a path that is free.
  /// - Throws: `HostError`.
  public static func makeSymbolicLink(_ path: FilePath, saying target: FilePath) throws {
    let result = target.withPlatformString { to in path.withPlatformString { symlink(to, $0) } }
    guard result == 0 else { throw HostError("make the symbolic link", path, .current) }
  }

  /// What a symbolic link says, byte for byte.
  /// - Throws: `HostError`.
  public static func symbolicLinkTarget(_ path: FilePath) throws -> FilePath {
    var buffer = [CChar](repeating: 0, count: 4097)
    let length = path.withPlatformString { readlink($0, &buffer, buffer.count - 1) }
    guard length >= 0 else { throw HostError("read the symbolic link", path, .current) }
    buffer[length] = 0
    return buffer.withUnsafeBufferPointer { pointer in
      pointer.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
    }
  }

  /// Copies a file with its mode; a symbolic link as such, or what it leads to. Replaces what is there.
  /// - Throws: `HostError`.
  public static func copyFile(_ source: FilePath, to target: FilePath, keepsSymbolicLink: Bool = false) throws {
    if keepsSymbolicLink, try FileStatus(of: source).kind == .symbolicLink {
      let link = try symbolicLinkTarget(source)
      try removeTree(target)
      let result = link.withPlatformString { to in target.withPlatformString { symlink(to, $0) } }
      guard result == 0 else { throw HostError("make the symbolic link", target, .current) }
      return
    }
    let mode = try FileStatus(following: source).mode & 0o777
    let temporary = target.removingLastComponent().appending(".\(uniqueName())")
    do {
      try withDescriptor(source, .readOnly) { input in
        try withDescriptor(
          temporary, .writeOnly, options: [.create, .exclusiveCreate], permissions: FilePermissions(rawValue: 0o600)
        ) { output in
          try readChunks(input, source) { chunk in
            do { try output.writeAll(chunk) } catch let errno as Errno { throw HostError("write", target, errno) }
          }
        }
      }
      try setMode(temporary, mode)
      try rename(temporary, to: target)
    } catch {
      _ = temporary.withPlatformString { unlink($0) }
      throw error
    }
  }

  /// The path without symbolic links, `.` and `..`.
  /// - Throws: `HostError` when it does not exist.
  public static func realPath(_ path: FilePath) throws -> FilePath {
    let result: FilePath? = path.withPlatformString { pointer in
      guard let real = realpath(pointer, nil) else { return nil }
      defer { free(real) }
      return FilePath(platformString: real)
    }
    guard let result else { throw HostError("find", path, .current) }
    return result
  }

  /// A name that no other process uses, now or later, on this machine.
  public static func uniqueName() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(getpid())
  }
}
