import Archive
import Diagnostics
import HostOS
import SystemPackage

/// Copies of files that are in no layer, for mounts: a command must not see the folders of the host themselves.
///
/// `contexts/<what is copied>/<content>/files` in the store. The copy stays for the next command that asks for the
/// same; older ones of the same files go once nobody uses them.
struct ContextCopies: Sendable {
  let store: BuildStore
  let source: MountSource

  /// The copied file or folder, and the lock that keeps it.
  /// - Throws: `BuilderError` with the code `file-changed`, `HostError`.
  func take() async throws -> (FilePath, HeldLock) {
    let copies = folder
    let ownership = try await Blocking.run { try store.ownership() }
    let name = content(ownership).hex
    let copy = copies.appending(name)
    let lock = try await HeldLock.waiting(for: lockPath(name), .shared)
    BuildStore.markUsed(lockPath(name))
    do {
      try await store.exclusively("context-\(name)") {
        if try FileStatus.ifExists(copy) != nil { return }
        try await Blocking.run {
          try make(copy)
          removeOthers(than: name)
        }
      }
    } catch {
      lock.release()
      throw error
    }
    return (copy.appending("files"), lock)
  }

  /// Times count here, because commands may go by them, though they are no part of what a command means.
  private func content(_ ownership: FileOwnership) -> CacheKey {
    CacheKey("copy-1") { key in
      source.add(to: &key)
      key.add(ownership.suffix)
      for node in source.match.nodes {
        let time = node.entry.modificationTime
        key.add("\(time.seconds) \(time.nanoseconds)")
      }
    }
  }

  private var folder: FilePath {
    let tree = source.origin.tree
    let identity = CacheKey("copies-1") { key in
      key.add((tree as? ContextTree)?.root.bytes ?? Array(tree.name.utf8))
      key.add(source.match.followed.bytes)
    }
    return store.root.appending("contexts").appending(identity.hex)
  }

  private func lockPath(_ name: String) -> FilePath { folder.appending("\(name).lock") }

  private func make(_ copy: FilePath) throws {
    let work = try store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    let made = work.appending("copy")
    try Files.createDirectories(made)
    try TreeCopy(store: store, work: work).write(source, as: made.appending("files"))
    _ = try Files.renameUnlessExists(made, to: copy)
  }

  /// What cannot be removed now is removed another time.
  private func removeOthers(than name: String) {
    for other in (try? Files.names(in: folder).map(\.string)) ?? [] where !other.hasSuffix(".lock") && other != name {
      guard let lock = try? FileLock.ifFree(lockPath(other)) else { continue }
      try? Files.removeTree(folder.appending(other))
      try? Files.removeTree(lockPath(other))
      withExtendedLifetime(lock) {}
    }
  }
}
