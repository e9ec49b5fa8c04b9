import Glibc
import HostOS
import Synchronization
import SystemPackage

/// Says that a store is in use: any number of builds hold it together, and who removes things that a build may need
/// holds it alone.
///
/// A lock of the file `locks/store`, which ends with the process at the latest.
public final class StoreHold: Sendable {
  private let lock: Mutex<FileLock?>
  private let path: FilePath

  fileprivate init(_ lock: consuming FileLock, _ path: FilePath) {
    self.lock = Mutex(lock)
    self.path = path
  }

  /// Safe to repeat. The last one to use the store takes the lock away, and what was made for it alone: a build that
  /// makes nothing leaves nothing.
  public func release() {
    lock.withLock { lock in
      guard lock != nil else { return }
      lock = nil
      guard let last = try? FileLock.ifFree(path) else { return }
      try? Files.removeTree(path)
      for folder in [path.removingLastComponent(), path.removingLastComponent().removingLastComponent()] {
        guard folder.withPlatformString({ rmdir($0) }) == 0 else { break }
      }
      withExtendedLifetime(last) {}
    }
  }
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
    let path = lockPath(Self.holdName)
    while true {
      try Files.createDirectories(path.removingLastComponent())
      do {
        guard let lock = try FileLock.ifFree(path, mode) else { return nil }
        return StoreHold(lock, path)
      } catch let error as HostError where error.isMissing { continue }
    }
  }

  static let holdName = "store"
}
