import Diagnostics
import HostOS
import Synchronization
import SystemPackage

/// Folders for work in progress, which whoever makes one removes. What a killed process left behind goes with the
/// first work of a later one.
enum WorkFolders {
  private struct State {
    /// Of the folders of this process; a lock says that the folder is in use, and ends with the process.
    var locks: [FilePath: HeldLock] = [:]
    var swept: Set<FilePath> = []
  }

  private static let state = Mutex(State())

  /// Makes a folder in `parent`.
  /// - Throws: `HostError`.
  static func make(in parent: FilePath) throws -> FilePath {
    try Files.createDirectories(parent)
    if state.withLock({ $0.swept.insert(parent).inserted }) { sweep(parent) }
    while true {
      let folder = parent.appending(Files.uniqueName())
      try Files.createDirectories(folder)
      guard let lock = try lock(folder) else { continue }
      state.withLock { state in
        state.locks = state.locks.filter { (try? FileStatus.ifExists($0.key)) != nil }
        state.locks[folder] = lock
      }
      return folder
    }
  }

  /// Nil when somebody took the new folder for one that was left behind.
  private static func lock(_ folder: FilePath) throws -> HeldLock? {
    do {
      guard let lock = try FileLock.ifFree(lockPath(folder)) else { return nil }
      return HeldLock(lock)
    } catch let error as HostError where error.isMissing {
      return nil
    }
  }

  private static func lockPath(_ folder: FilePath) -> FilePath { folder.appending(".lock") }

  /// What cannot be removed, since other ids own it, is left to whoever can.
  private static func sweep(_ parent: FilePath) {
    for name in (try? Files.names(in: parent)) ?? [] {
      let folder = parent.appending(name)
      guard let lock = try? FileLock.ifFree(lockPath(folder)) else { continue }
      try? Files.removeTree(folder)
      withExtendedLifetime(lock) {}
    }
  }
}
