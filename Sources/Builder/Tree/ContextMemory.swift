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
    /// Whether this build asked for it; not kept.
    var isAsked = false
  }

  private struct State {
    /// Nil until it was asked for.
    var entries: [TreePath: Entry]?
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

  /// What time it is, for `remember`.
  var time: Timestamp { now() }

  /// The digest of a file that looks like this, 32 bytes; nil unless it is known.
  func contentSHA256(at path: TreePath, _ stamp: Stamp) -> [UInt8]? {
    state.withLock { state in
      load(&state)
      guard let place = state.entries?.index(forKey: path), state.entries?.values[place].stamp == stamp else {
        return nil
      }
      state.entries?.values[place].isAsked = true
      return state.entries?.values[place].sha256
    }
  }

  /// Takes in what was found in a file.
  /// - Parameters:
  ///   - digest: nil when the file changed meanwhile.
  ///   - stamp: before and after the file was read.
  ///   - begin: when reading began.
  func remember(_ digest: [UInt8]?, at path: TreePath, _ stamp: Stamp, readAt begin: Timestamp) {
    let isReliable = Self.isSettled(stamp, at: begin)
    let entry = digest.flatMap { isReliable ? Entry(stamp: stamp, sha256: $0, isAsked: true) : nil }
    state.withLock { state in
      load(&state)
      guard entry != nil || state.entries?[path] != nil else { return }
      state.entries?[path] = entry
      state.isChanged = true
    }
  }

  private func load(_ state: inout State) {
    if state.entries == nil { state.entries = (try? Files.read(path)).flatMap(ContextMemoryFile.decode) ?? [:] }
  }

  /// Whether whatever changes the file from now on is seen in its times.
  static func isSettled(_ stamp: Stamp, at time: Timestamp) -> Bool {
    max(stamp.modified, stamp.changed).seconds < time.seconds - margin
  }

  /// Keeps what was learned for the next build. What cannot be kept costs that build time, no more.
  func save() {
    let entries = state.withLock { state -> [TreePath: Entry]? in
      guard state.isChanged, var entries = state.entries else { return nil }
      state.isChanged = false
      // Files that another Dockerfile copies stay, those that are gone do not.
      for (path, entry) in entries where !entry.isAsked {
        if (try? FileStatus.ifExists(folder.pushing(path.filePath))) == nil { entries[path] = nil }
      }
      state.entries = entries
      return entries
    }
    guard let entries else { return BuildStore.markUsed(path) }
    try? Files.createDirectories(path.removingLastComponent())
    try? Files.writeAtomically(ContextMemoryFile.encode(entries), to: path, isDurable: false)
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
