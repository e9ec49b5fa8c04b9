import Glibc
public import SystemPackage

/// An exclusive or shared flock(2) on a file, held until the value goes. The kernel releases it when the process
/// ends, however it ends.
public struct FileLock: ~Copyable, Sendable {
  public enum Mode: Sendable { case shared, exclusive }

  private let descriptor: FileDescriptor

  /// Waits until the lock is free. Blocks the thread: call it through `Blocking.run`.
  ///
  /// The file may have been removed by its last holder while we waited; then it is made anew and locked again.
  /// - Throws: `HostError`.
  public init(_ path: FilePath, _ mode: Mode = .exclusive) throws {
    while true {
      let descriptor = try Files.open(
        path, .readWrite, options: .create, permissions: FilePermissions(rawValue: 0o644))
      guard Self.lock(descriptor, mode == .shared ? LOCK_SH : LOCK_EX) else {
        let errno = Errno.current
        try? descriptor.close()
        throw HostError("lock", path, errno)
      }
      let held = try FileStatus(of: descriptor)
      if let named = try FileStatus.ifExists(path), named.inode == held.inode, named.device == held.device {
        self.descriptor = descriptor
        return
      }
      try? descriptor.close()
    }
  }

  /// Holds the lock while `body` runs. Blocks the thread until the lock is free.
  /// - Throws: `HostError`, and what `body` throws.
  public static func hold<Result>(_ path: FilePath, _ mode: Mode = .exclusive, _ body: () throws -> Result) throws
    -> Result
  {
    let lock = try FileLock(path, mode)
    defer { withExtendedLifetime(lock) {} }
    return try body()
  }

  /// Nil when somebody else holds the lock.
  /// - Throws: `HostError`.
  public static func ifFree(_ path: FilePath, _ mode: Mode = .exclusive) throws -> FileLock? {
    let descriptor = try Files.open(path, .readWrite, options: .create, permissions: FilePermissions(rawValue: 0o644))
    guard lock(descriptor, (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) else {
      let errno = Errno.current
      try? descriptor.close()
      if errno == .wouldBlock || errno == .resourceTemporarilyUnavailable { return nil }
      throw HostError("lock", path, errno)
    }
    return FileLock(descriptor: descriptor)
  }

  private init(descriptor: FileDescriptor) { self.descriptor = descriptor }

  private static func lock(_ descriptor: FileDescriptor, _ operation: Int32) -> Bool {
    while true {
      if flock(descriptor.rawValue, operation) == 0 { return true }
      if Errno.current != .interrupted { return false }
    }
  }

  deinit { try? descriptor.close() }
}
