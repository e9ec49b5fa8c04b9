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
      if let descriptor = try Self.open(path, locking: mode == .shared ? LOCK_SH : LOCK_EX) {
        self.descriptor = descriptor
        return
      }
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
    while true {
      do {
        if let descriptor = try open(path, locking: (mode == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) {
          return FileLock(descriptor: descriptor)
        }
      } catch let error as HostError where error.errno == .wouldBlock { return nil }
    }
  }

  /// Whether anybody holds the lock, without making its file.
  ///
  /// Who asks for the lock in the same moment may find it taken.
  /// - Throws: `HostError`.
  public static func isHeld(_ path: FilePath) throws -> Bool {
    do {
      return try Files.withDescriptor(path, .readOnly) { descriptor in
        if flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 { return false }
        guard Errno.current == .wouldBlock else { throw HostError("lock", path, .current) }
        return true
      }
    } catch let error as HostError where error.isMissing { return false }
  }

  private init(descriptor: FileDescriptor) { self.descriptor = descriptor }

  /// Nil when the file that was locked no longer has the name, so that the lock means nothing.
  private static func open(_ path: FilePath, locking operation: Int32) throws -> FileDescriptor? {
    let descriptor = try Files.open(path, .readWrite, options: .create, permissions: FilePermissions(rawValue: 0o644))
    do {
      while flock(descriptor.rawValue, operation) != 0 {
        guard Errno.current == .interrupted else { throw HostError("lock", path, .current) }
      }
      let held = try FileStatus(of: descriptor)
      if let named = try statusIfExists(path), named.inode == held.inode, named.device == held.device {
        return descriptor
      }
    } catch {
      try? descriptor.close()
      throw error
    }
    try? descriptor.close()
    return nil
  }

  /// Follows symbolic links, as opening the file did.
  private static func statusIfExists(_ path: FilePath) throws -> FileStatus? {
    do { return try FileStatus(following: path) } catch let error as HostError where error.isMissing { return nil }
  }

  deinit { try? descriptor.close() }
}
