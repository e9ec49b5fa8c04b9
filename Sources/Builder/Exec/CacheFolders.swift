import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage

/// The folders that cache mounts keep from build to build: `mounts/<identity>/<number>` in the store.
///
/// Number 0 is the one that all use; others are there for those who must not share it while it is in use. Whoever uses
/// a folder holds the lock beside it, which ends with the process at the latest.
struct CacheFolders: Sendable {
  /// Of all folders of one identity.
  let folder: FilePath

  init(_ identity: Identity, in store: BuildStore) {
    folder = store.root.appending("mounts").appending(identity.key)
  }

  /// Waits until a folder may be used. The wait ends when the task is cancelled.
  /// - Parameters:
  ///   - work: for a folder while it is made, on the same file system.
  ///   - make: makes a folder that is not there yet, under the path that it is given, and says which archive it is
  ///     exactly what that holds, if any.
  ///   - onWait: called when somebody else has to end first.
  /// - Throws: `HostError`, `CancellationError`, what `make` throws.
  func take(
    _ sharing: CacheSharing, work: FilePath, _ make: (FilePath) async throws -> Layer?, onWait: () -> Void
  ) async throws -> (FilePath, HeldLock) {
    try await Blocking.run { try Files.createDirectories(folder) }
    let (number, lock) = try await Self.wait(onWait) { try takeIfFree(sharing) }
    let path = folder.appending("\(number)")
    if try FileStatus.ifExists(path) == nil { try await create(path, work, make) }
    return (path, lock)
  }

  /// Waits until nobody uses the folder that all use, also those who share it, and keeps it so. Nil when there is none.
  /// - Throws: `HostError`, `CancellationError`.
  func hold(onWait: () -> Void) async throws -> (FilePath, HeldLock)? {
    let path = folder.appending("0")
    guard try FileStatus.ifExists(path) != nil else { return nil }
    let lock = try await Self.wait(onWait) { () -> HeldLock? in
      guard let lock = try FileLock.ifFree(lockPath(0)) else { return nil }
      return HeldLock(lock)
    }
    // Somebody may have removed it while we waited.
    return try FileStatus.ifExists(path) == nil ? nil : (path, lock)
  }

  /// flock(2) cannot be waited for in a way that can be cancelled.
  private static func wait<Lock: Sendable>(
    _ onWait: () -> Void, _ take: @escaping @Sendable () throws -> Lock?
  ) async throws -> Lock {
    var isWaiting = false
    while true {
      try Task.checkCancellation()
      if let lock = try await Blocking.run(take) { return lock }
      if !isWaiting { onWait() }
      isWaiting = true
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func takeIfFree(_ sharing: CacheSharing) throws -> (Int, HeldLock)? {
    for number in 0... {
      guard let lock = try FileLock.ifFree(lockPath(number), sharing == .shared ? .shared : .exclusive) else {
        if sharing == .locked { return nil }
        continue
      }
      BuildStore.markUsed(lockPath(number))
      return (number, HeldLock(lock))
    }
    return nil
  }

  private func lockPath(_ number: Int) -> FilePath { folder.appending("\(number).lock") }

  /// Others who share the lock may be making the same.
  private func create(
    _ path: FilePath, _ work: FilePath, _ make: (FilePath) async throws -> Layer?
  ) async throws {
    let temporary = work.appending("cache-\(Files.uniqueName())")
    let layer = try await make(temporary)
    try await Blocking.run {
      if let layer { try FolderRecord(of: temporary, as: layer).write(beside: path) }
      _ = try Files.renameUnlessExists(temporary, to: path)
    }
  }
}
