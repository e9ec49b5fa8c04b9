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
  let sharing: CacheSharing
  /// For a folder while it is made, on the same file system.
  let work: FilePath

  /// What tells caches apart: as in BuildKit, other owners and first contents make other caches of the same id.
  static func identity(of cache: ExecMount.Cache, _ source: MountSource?) -> CacheKey {
    CacheKey("mount-1") { key in
      key.add(cache.id)
      key.add("\(cache.mode) \(cache.uid) \(cache.gid)")
      source?.add(to: &key)
    }
  }

  init(_ identity: CacheKey, sharing: CacheSharing, in store: BuildStore, work: FilePath) {
    folder = store.root.appending("mounts").appending(identity.hex)
    self.sharing = sharing
    self.work = work
  }

  /// Waits until a folder may be used. The wait ends when the task is cancelled.
  /// - Parameters:
  ///   - make: makes a folder that is not there yet, under the path that it is given; blocks.
  ///   - onWait: called when somebody else has to end first.
  /// - Throws: `HostError`, `CancellationError`, what `make` throws.
  func take(
    _ make: @escaping @Sendable (FilePath) throws -> Void, onWait: () -> Void
  ) async throws -> (FilePath, HeldLock) {
    var isWaiting = false
    while true {
      try Task.checkCancellation()
      if let taken = try await Blocking.run({ try takeIfFree(make) }) { return taken }
      if !isWaiting { onWait() }
      isWaiting = true
      // flock(2) cannot be waited for in a way that can be cancelled.
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func takeIfFree(_ make: (FilePath) throws -> Void) throws -> (FilePath, HeldLock)? {
    try Files.createDirectories(folder)
    for number in 0... {
      let path = folder.appending("\(number)")
      let lockPath = folder.appending("\(number).lock")
      guard let lock = try FileLock.ifFree(lockPath, mode) else {
        if sharing == .locked { return nil }
        continue
      }
      BuildStore.markUsed(lockPath)
      let held = HeldLock(lock)
      if try FileStatus.ifExists(path) == nil { try create(path, make) }
      return (path, held)
    }
    return nil
  }

  private var mode: FileLock.Mode { sharing == .shared ? .shared : .exclusive }

  /// Others who share the lock may be making the same.
  private func create(_ path: FilePath, _ make: (FilePath) throws -> Void) throws {
    let temporary = work.appending("cache-\(Files.uniqueName())")
    try make(temporary)
    _ = try Files.renameUnlessExists(temporary, to: path)
  }
}
