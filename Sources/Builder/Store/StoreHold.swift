import HostOS
import Synchronization
import SystemPackage

/// Says that a store is in use: any number of builds hold it together, and who removes things that a build may need
/// holds it alone.
///
/// A lock of the file `locks/store`, which ends with the process at the latest.
public final class StoreHold: Sendable {
  private let lock: Mutex<FileLock?>

  fileprivate init(_ lock: consuming FileLock) { self.lock = Mutex(lock) }

  /// Safe to repeat.
  public func release() { lock.withLock { $0 = nil } }
}

extension BuildStore {
  /// Keeps all that is in the store there, until the result is released. Waits while somebody prunes; the wait ends
  /// when the task is cancelled.
  /// - Throws: `HostError`, `CancellationError`.
  public func hold() async throws -> StoreHold {
    while true {
      try Task.checkCancellation()
      if let hold = try hold(.shared) { return hold }
      // flock(2) cannot be waited for in a way that can be cancelled.
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Nil while anybody else uses the store.
  /// - Throws: `HostError`.
  func holdAlone() throws -> StoreHold? { try hold(.exclusive) }

  /// Whether anybody uses the store.
  var isInUse: Bool { (try? FileLock.isHeld(lockPath(Self.holdName))) ?? false }

  private func hold(_ mode: FileLock.Mode) throws -> StoreHold? {
    try Files.createDirectories(root.appending("locks"))
    guard let lock = try FileLock.ifFree(lockPath(Self.holdName), mode) else { return nil }
    return StoreHold(lock)
  }

  /// Of the one lock that stays.
  static let holdName = "store"
}
