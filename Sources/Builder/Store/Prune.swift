public import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Removes what is not needed from a store, the least recently used first.
///
/// Killed at any moment it leaves a store that is whole: what refers to something goes before it, files go at once, and
/// folders leave their place at once and are emptied elsewhere.
public struct Prune: Sendable {
  public struct Options: Sendable {
    /// Whether images that have names go, too.
    public var includesImages = false
    /// Things stay as long as all together take no more, in bytes.
    public var keepStorage: Int64?
    public var filter = PruneFilter()

    public init() {}
  }

  public struct Result: Sendable {
    public var removed: [StoreItem] = []
    /// Names of images that were taken away.
    public var untagged: [String] = []
    /// In bytes.
    public var reclaimed: Int64 = 0
    /// Whether builds are running, so that only what no build can need was looked at.
    public var isPartial = false
    /// What could not be removed.
    public var failures: [Diagnostic] = []
  }

  let store: BuildStore
  let options: Options
  /// The time that ages count from.
  let now: Timestamp

  public init(_ store: BuildStore, _ options: Options) { self.init(store, options, now: .now) }

  init(_ store: BuildStore, _ options: Options, now: Timestamp) {
    self.store = store
    self.options = options
    self.now = now
  }

  /// Blocks. Builds that begin meanwhile wait; while any is running, only leftovers, cache mounts and copies of
  /// contexts that nobody holds go.
  /// - Throws: `HostError`; `OCIError` when the names of the images cannot be read.
  public func run() throws -> Result {
    guard try FileStatus.ifExists(store.root) != nil else { return Result() }
    let hold = try store.holdAlone()
    defer { hold?.release() }
    let usage = try StoreUsage(of: store, isInUse: hold == nil)
    var removal = PruneRemoval(store: store, usage: usage, ownsStore: hold != nil)
    removeLeftovers(of: usage, by: &removal)
    // Once for what is free, again for what images gave free that were removed last.
    for _ in 0..<2 { removeOldest(of: usage, by: &removal) }
    removal.finish()
    removal.result.isPartial = hold == nil
    return removal.result
  }

  private func removeLeftovers(of usage: StoreUsage, by removal: inout PruneRemoval) {
    for entry in usage.entries where entry.item.kind == .work && entry.item.isReclaimable {
      if options.filter.selects(entry.item) { removal.remove(entry) }
    }
  }

  // MARK: Least recently used

  private enum Candidate {
    case entry(StoreUsage.Entry)
    case image(name: String)
  }

  private func removeOldest(of usage: StoreUsage, by removal: inout PruneRemoval) {
    for candidate in candidates(usage) {
      if let keep = options.keepStorage, removal.size <= keep { return }
      switch candidate {
      case .entry(let entry): removal.removeIfUnneeded(entry)
      case .image(let name): removal.untag(name)
      }
    }
  }

  private func candidates(_ usage: StoreUsage) -> [Candidate] {
    var candidates: [(time: Timestamp, rank: Int, name: String, candidate: Candidate)] = []
    for entry in usage.entries where ![.work, .other].contains(entry.item.kind) {
      guard options.filter.selects(entry.item), isOldEnough(entry.item.lastUsed) else { continue }
      candidates.append((entry.item.lastUsed, entry.rank, entry.item.id, .entry(entry)))
    }
    if options.includesImages, !usage.isInUse {
      candidates += images(usage).map { ($0.time, 0, $0.name, .image(name: $0.name)) }
    }
    return candidates.sorted { ($0.time, $0.rank, $0.name) < ($1.time, $1.rank, $1.name) }.map(\.candidate)
  }

  private func images(_ usage: StoreUsage) -> [(time: Timestamp, name: String)] {
    usage.images.names.compactMap { name, digest in
      let used = (try? FileStatus.ifExists(store.content.path(of: digest)))?.modificationTime ?? Timestamp(seconds: 0)
      return options.filter.selectsImage(name) && isOldEnough(used) ? (used, name) : nil
    }
  }

  private func isOldEnough(_ time: Timestamp) -> Bool {
    guard let age = options.filter.minimumAge else { return true }
    return time.seconds <= now.seconds - age
  }
}

extension StoreUsage.Entry {
  /// Among things of one time: what refers to others first, what is made quickest first.
  fileprivate var rank: Int {
    switch item.kind {
    case .record: 1
    case .snapshot: 2
    case .context, .digests: 3
    case .index: 4
    case .remote: 5
    case .cacheMount: 6
    case .blob: 7
    case .work, .other: 8
    }
  }
}

/// Which things are to go.
public struct PruneFilter: Sendable, Hashable {
  /// Since the last use, in seconds.
  public var minimumAge: Int64?
  /// All, when there is none.
  public var kinds: Set<StoreItem.Kind> = []
  /// Beginnings of ids; all, when there is none.
  public var ids: [String] = []

  public init() {}

  func selects(_ item: StoreItem) -> Bool {
    (kinds.isEmpty || kinds.contains(item.kind)) && (selects(id: item.id) || selects(id: item.shortID))
  }

  /// Images are made of blobs.
  func selectsImage(_ name: String) -> Bool { (kinds.isEmpty || kinds.contains(.blob)) && selects(id: name) }

  private func selects(id: String) -> Bool {
    ids.isEmpty || ids.contains(where: id.hasPrefix)
  }
}
