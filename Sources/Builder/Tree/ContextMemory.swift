import Archive
import HostOS
import Synchronization
import SystemPackage

/// The digests of a folder's files, as they were when the files were read: a file whose stat record is still the same
/// need not be read again.
///
/// A file that changes in the very moment in which it is read may look the same afterwards, because clocks of file
/// systems tick coarsely. So nothing is remembered of files that changed shortly before they were read.
final class ContextMemory: Sendable {
  /// What tells that a file was not written to.
  struct Stamp: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Timestamp
    var changed: Timestamp

    init(device: UInt64, inode: UInt64, size: Int64, modified: Timestamp, changed: Timestamp) {
      self.device = device
      self.inode = inode
      self.size = size
      self.modified = modified
      self.changed = changed
    }

    init(_ status: FileStatus) {
      self.init(
        device: status.device, inode: status.inode, size: status.size, modified: status.modificationTime,
        changed: status.changeTime)
    }
  }

  struct Entry: Hashable, Sendable {
    var stamp: Stamp
    /// 32 bytes.
    var sha256: [UInt8]
  }

  private struct State {
    /// Nil until it was asked for.
    var entries: [TreePath: Entry]?
    var asked: Set<TreePath> = []
    var isChanged = false
  }

  /// How old a change has to be before the file's times can be trusted, in seconds: as coarse as clocks of file systems
  /// are (FAT has two seconds), for they may also be a little behind ours.
  static let margin: Int64 = 3

  private let path: FilePath
  private let folder: FilePath
  private let now: @Sendable () -> Timestamp
  private let state = Mutex(State())

  /// - Parameters:
  ///   - path: where it is kept.
  ///   - folder: whose files these are.
  init(at path: FilePath, of folder: FilePath, now: @escaping @Sendable () -> Timestamp = { .now }) {
    self.path = path
    self.folder = folder
    self.now = now
  }

  /// Of a file, from memory where it is as it was.
  /// - Throws: `HostError`.
  func contentSHA256(of file: FilePath, at path: TreePath) throws -> [UInt8] {
    if let known = entry(at: path), Stamp(try FileStatus(of: file)) == known.stamp { return known.sha256 }
    let begin = now()
    return try Files.withDescriptor(file, .readOnly) { descriptor in
      let stamp = Stamp(try FileStatus(of: descriptor))
      var hasher = SHA256Hasher()
      try Files.readChunks(descriptor, file) { hasher.update($0) }
      let digest = hasher.finalize()
      let isStill = Stamp(try FileStatus(of: descriptor)) == stamp
      remember(isStill && Self.isSettled(stamp, at: begin) ? Entry(stamp: stamp, sha256: digest) : nil, at: path)
      return digest
    }
  }

  /// Whether whatever changes the file from now on is seen in its times.
  static func isSettled(_ stamp: Stamp, at time: Timestamp) -> Bool {
    max(stamp.modified, stamp.changed).seconds < time.seconds - margin
  }

  private func entry(at path: TreePath) -> Entry? {
    state.withLock { state in
      if state.entries == nil { state.entries = (try? Files.read(self.path)).flatMap(ContextMemoryFile.decode) ?? [:] }
      state.asked.insert(path)
      return state.entries?[path]
    }
  }

  private func remember(_ entry: Entry?, at path: TreePath) {
    state.withLock { state in
      guard state.entries?[path] != entry else { return }
      state.entries?[path] = entry
      state.isChanged = true
    }
  }

  /// Keeps what was learned for the next build. What cannot be kept costs that build time, no more.
  func save() {
    let entries = state.withLock { state -> [TreePath: Entry]? in
      guard state.isChanged, var entries = state.entries else { return nil }
      state.isChanged = false
      // Files that another Dockerfile copies stay, those that are gone do not.
      for path in entries.keys where !state.asked.contains(path) {
        if (try? FileStatus.ifExists(folder.pushing(path.filePath))) == nil { entries[path] = nil }
      }
      state.entries = entries
      return entries
    }
    guard let entries else { return BuildStore.markUsed(path) }
    try? Files.createDirectories(path.removingLastComponent())
    try? Files.writeAtomically(ContextMemoryFile.encode(entries), to: path)
  }
}

/// The memories of a build's contexts.
final class ContextMemories: Sendable {
  private let store: BuildStore
  private let memories = Mutex<[FilePath: ContextMemory]>([:])

  init(store: BuildStore) { self.store = store }

  /// Nil for a folder that is there for one build only, or not at all.
  func memory(of folder: FilePath) -> ContextMemory? {
    guard !folder.starts(with: store.root), let status = try? FileStatus(following: folder) else { return nil }
    return memories.withLock { memories in
      if let memory = memories[folder] { return memory }
      // A folder may be named in many ways, and the same name may mean another one tomorrow.
      let name = CacheKey("digests-1") { $0.add("\(status.device) \(status.inode)") }.hex
      let memory = ContextMemory(at: store.root.appending("digests").appending(name), of: folder)
      memories[folder] = memory
      return memory
    }
  }

  func save() {
    for memory in memories.withLock({ Array($0.values) }) { memory.save() }
  }
}
