import Synchronization

/// A lock that is held across suspension points, or kept beside what it protects, until it is released or nobody has
/// it any more.
public final class HeldLock: Sendable {
  private let lock: Mutex<FileLock?>

  public init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  /// Safe to repeat.
  public func release() { lock.withLock { $0 = nil } }
}
