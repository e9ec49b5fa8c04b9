import Diagnostics
import Glibc
import HostOS
import OCI
import SystemPackage

/// Takes things out of a store, one by one, so that it is whole at any moment.
struct PruneRemoval {
  let store: BuildStore
  /// Whether nobody else uses the store. If not, only what has a lock of its own may go.
  let ownsStore: Bool
  var result = Prune.Result()
  /// Of all that is left, in bytes.
  private(set) var size: Int64
  /// Images that still have their names.
  private var names: Set<String>
  private var removed: Set<FilePath> = []
  private let records: [Digest: [StoreUsage.Entry]]
  private let blobs: [String: [StoreUsage.Entry]]
  private var trash: FilePath?

  init(store: BuildStore, usage: StoreUsage, ownsStore: Bool) {
    self.store = store
    self.ownsStore = ownsStore
    size = usage.size
    names = Set(usage.images.names.map(\.name))
    records = usage.entries.reduce(into: [:]) { records, entry in
      if let blob = entry.blob { records[blob, default: []].append(entry) }
    }
    var blobs: [String: [StoreUsage.Entry]] = [:]
    for entry in usage.entries where entry.item.kind == .blob {
      for name in entry.item.images { blobs[name, default: []].append(entry) }
    }
    self.blobs = blobs
  }

  // MARK: What goes

  /// Takes an image's name away, and then what no other image needs of it.
  mutating func untag(_ name: String) {
    guard names.contains(name) else { return }
    do { try store.content.untag([name]) } catch { return fail(error) }
    names.remove(name)
    result.untagged.append(name)
    for blob in blobs[name] ?? [] { removeIfUnneeded(blob) }
  }

  /// Removes a thing, unless an image needs it. What refers to it goes first.
  mutating func removeIfUnneeded(_ entry: StoreUsage.Entry) {
    guard ownsStore || entry.lock != nil, entry.item.images.allSatisfy({ !names.contains($0) }) else { return }
    if entry.item.kind == .blob, let digest = Digest(entry.item.id) {
      for record in records[digest] ?? [] { remove(record) }
    }
    remove(entry)
  }

  /// Once.
  mutating func remove(_ entry: StoreUsage.Entry) {
    guard !removed.contains(entry.path) else { return }
    do {
      guard try take(entry) else { return }
    } catch { return fail(error) }
    removed.insert(entry.path)
    size -= entry.item.size
    result.reclaimed += entry.item.size
    result.removed.append(entry.item)
  }

  /// Removes what was only needed for removing, and the folders that hold nothing any more, whoever made them.
  mutating func finish() {
    if let trash {
      do { try Files.removeTree(trash) } catch { fail(error) }
    }
    trash = nil
    if ownsStore { removeEmptyFolders() }
  }

  // MARK: How it goes

  /// False when somebody holds it.
  private mutating func take(_ entry: StoreUsage.Entry) throws -> Bool {
    guard let lockPath = entry.lock else {
      try discard(entry)
      return true
    }
    do {
      guard let lock = try FileLock.ifFree(lockPath) else { return false }
      defer { withExtendedLifetime(lock) {} }
      try discard(entry)
      // Whoever waits for the lock finds out, and makes a new one.
      try Files.removeTree(lockPath)
      return true
    } catch let error as HostError where error.isMissing { return false }
  }

  private mutating func discard(_ entry: StoreUsage.Entry) throws {
    if entry.item.kind != .work, try FileStatus.ifExists(entry.path)?.kind == .directory {
      let place = try trashFolder().appending(Files.uniqueName())
      try Files.rename(entry.path, to: place)
      try Files.removeTree(place)
    } else {
      try Files.removeTree(entry.path)
    }
    if let companion = entry.companion { try Files.removeTree(companion) }
  }

  private mutating func trashFolder() throws -> FilePath {
    if let trash { return trash }
    let made = try store.makeWorkFolder()
    trash = made
    return made
  }

  /// Those of all that belongs to one identity. An empty folder does no harm where it has to stay.
  private func removeEmptyFolders() {
    for kind in ["mounts", "contexts"] {
      let parent = store.root.appending(kind)
      for name in (try? Files.names(in: parent)) ?? [] { _ = parent.appending(name).withPlatformString { rmdir($0) } }
    }
  }

  private mutating func fail(_ error: any Error) {
    if let error = error as? any DiagnosticError {
      result.failures += error.diagnostics
    } else {
      result.failures.append(.error("prune-failed", "something cannot be removed: \(error)"))
    }
  }
}
