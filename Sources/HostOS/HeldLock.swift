import Synchronization
public import SystemPackage

/// A lock that is held across suspension points, or kept beside what it protects, until it is released or nobody has
/// it any more.
public final class HeldLock: Sendable {
  private let lock: Mutex<FileLock?>

  public init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  /// Waits until a lock is free, or the task is cancelled. The folder of the file is made where it is missing.
  /// - Throws: `HostError`, `CancellationError`.
  public static func waiting(for path: FilePath, _ mode: FileLock.Mode = .exclusive) async throws -> HeldLock {
    try await Blocking.runUnlessCancelled {
      try Files.createDirectories(path.removingLastComponent())
      return HeldLock(try FileLock(path, mode))
    }
  }

  /// Safe to repeat.
  public func release() { lock.withLock { $0 = nil } }
}
