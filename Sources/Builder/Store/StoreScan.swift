import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Finds out what lies in a store.
struct StoreScan {
  let store: BuildStore
  let images: StoreImages
  let isInUse: Bool
  private(set) var entries: [StoreUsage.Entry] = []
  private var disk = DiskUsage()

  init(store: BuildStore, images: StoreImages, isInUse: Bool) {
    self.store = store
    self.images = images
    self.isInUse = isInUse
  }

  private static let known: Set = [
    "oci", "ingest", "index", "snapshots", "cache", "variants", "origins", "mounts", "contexts", "remote", "digests",
    "work",
    "locks",
  ]

  mutating func run() throws {
    try scanBlobs()
    let images = images
    try scanFiles("index", .index) { Digest(sha256Hex: $0).map(images.names(having:)) ?? [] }
    try scanRecords("cache")
    try scanRecords("variants")
    try scanFiles("origins", .index) { Digest(sha256Hex: $0).map(images.names(needing:)) ?? [] }
    try scanFiles("digests", .digests) { _ in [] }
    try scanSnapshots()
    try scanLocked("mounts", .cacheMount)
    try scanLocked("contexts", .context)
    try scanRemote()
    try scanLeftovers()
    for name in try names(in: store.root) where !Self.known.contains(name) {
      add(.other, id: name, path: store.root.appending(name)) { $0.isReclaimable = false }
    }
  }

  // MARK: Kinds

  private mutating func scanBlobs() throws {
    let folder = store.content.layout.appending("blobs")
    for algorithm in try names(in: folder) {
      for name in try names(in: folder.appending(algorithm)) {
        let path = folder.appending(algorithm).appending(name)
        guard let digest = Digest("\(algorithm):\(name)") else { continue }
        let users = images.names(needing: digest)
        add(.blob, id: digest.description, path: path, needed: users)
      }
    }
  }

  private mutating func scanFiles(_ folder: String, _ kind: StoreItem.Kind, _ users: (String) -> [String]) throws {
    for name in try names(in: store.root.appending(folder)) {
      let path = store.root.appending(folder).appending(name)
      if Self.isTemporary(name) { add(.work, path: path) } else { add(kind, id: name, path: path, needed: users(name)) }
    }
  }

  private mutating func scanRecords(_ kind: String) throws {
    let folder = store.root.appending(kind)
    for name in try names(in: folder) {
      let path = folder.appending(name)
      if Self.isTemporary(name) {
        add(.work, path: path)
        continue
      }
      let record = try? JSONDocument.decode(CacheRecord.self, from: Files.read(path), called: "cache record")
      let blob = record?.descriptor.digest
      add(.record, id: name, path: path, needed: blob.map(images.names(needing:)) ?? []) { _ in }
      entries[entries.count - 1].blob = blob
    }
  }

  private mutating func scanSnapshots() throws {
    let folder = store.root.appending("snapshots")
    let all = try names(in: folder)
    let present = Set(all)
    for name in all {
      if name.hasSuffix(BuildStore.markSuffix) {
        if !present.contains(String(name.dropLast(BuildStore.markSuffix.count))) {
          add(.work, path: folder.appending(name))
        }
        continue
      }
      let mark = folder.appending(name + BuildStore.markSuffix)
      defer { entries[entries.count - 1].companion = mark }
      guard name.hasSuffix(BuildStore.snapshotSuffix) else {
        // From before the machine was started.
        add(.work, path: folder.appending(name))
        continue
      }
      // Without a mark it is from before there were any; its folder's time may be that of the image.
      let used = (try? FileStatus.ifExists(mark))?.modificationTime ?? Timestamp(seconds: 0)
      add(.snapshot, id: name, path: folder.appending(name)) { $0.lastUsed = used }
    }
  }

  /// `<folder>/<identity>/<name>` with a lock `<name>.lock` beside each, and perhaps a record `<name>.record`.
  private mutating func scanLocked(_ folder: String, _ kind: StoreItem.Kind) throws {
    let parent = store.root.appending(folder)
    for identity in try names(in: parent) {
      let group = parent.appending(identity)
      let all = try names(in: group)
      for name in all {
        if let suffix = [".lock", FolderRecord.suffix].first(where: name.hasSuffix) {
          let owner = String(name.dropLast(suffix.count))
          if !all.contains(owner) { addLocked(.work, group.appending(name), lock: group.appending(owner + ".lock")) }
          continue
        }
        if Self.isTemporary(name) {
          add(.work, path: group.appending(name))
          continue
        }
        let lock = group.appending(name + ".lock")
        addLocked(kind, group.appending(name), lock: lock, id: "\(identity)/\(name)")
        entries[entries.count - 1].companion = group.appending(name + FolderRecord.suffix)
      }
    }
  }

  private mutating func addLocked(_ kind: StoreItem.Kind, _ path: FilePath, lock: FilePath, id: String? = nil) {
    let used = (try? FileStatus.ifExists(lock))?.modificationTime
    let isHeld = (try? FileLock.isHeld(lock)) ?? false
    add(kind, id: id, path: path) { item in
      item.isInUse = isHeld
      item.isReclaimable = !isHeld
      if let used { item.lastUsed = used }
    }
    entries[entries.count - 1].lock = lock
  }

  private mutating func scanRemote() throws {
    let http = store.root.appending("remote").appending("http")
    for name in try names(in: http.appending("sha256")) {
      add(.remote, id: "http/\(name)", path: http.appending("sha256").appending(name))
    }
    for name in try names(in: http.appending("urls")) {
      let path = http.appending("urls").appending(name)
      if Self.isTemporary(name) { add(.work, path: path) } else { add(.remote, id: "url/\(name)", path: path) }
    }
    for name in try names(in: http.appending("incoming")) {
      add(.work, path: http.appending("incoming").appending(name))
    }
    let git = store.root.appending("remote").appending("git")
    for name in try names(in: git) where name.utf8.count == 64 {
      let used = (try? FileStatus.ifExists(git.appending(name).appending("lock")))?.modificationTime
      for folder in [git.appending(name), git.appending(name).appending("checkouts")] {
        for new in try names(in: folder) where new.hasPrefix("new-") { add(.work, path: folder.appending(new)) }
      }
      add(.remote, id: "git/\(name)", path: git.appending(name)) { if let used { $0.lastUsed = used } }
    }
  }

  private mutating func scanLeftovers() throws {
    let work = store.root.appending("work")
    for name in try names(in: work) {
      let path = work.appending(name)
      addLocked(.work, path, lock: path.appending(".lock"))
    }
    let ingest = store.root.appending("ingest")
    for name in try names(in: ingest) where name != "index.lock" { add(.work, path: ingest.appending(name)) }
    for name in try names(in: store.content.layout) where Self.isTemporary(name) {
      add(.work, path: store.content.layout.appending(name))
    }
    let locks = store.root.appending("locks")
    for name in try names(in: locks) where name != BuildStore.holdName {
      addLocked(.work, locks.appending(name), lock: locks.appending(name))
    }
    let remoteLocks = store.root.appending("remote").appending("http").appending("locks")
    for name in try names(in: remoteLocks) {
      addLocked(.work, remoteLocks.appending(name), lock: remoteLocks.appending(name))
    }
  }

  // MARK: Entries

  private mutating func add(
    _ kind: StoreItem.Kind, id: String? = nil, path: FilePath, needed: [String] = [],
    _ change: (inout StoreItem) -> Void = { _ in }
  ) {
    guard let status = try? FileStatus.ifExists(path) else { return addNothing(kind, path) }
    var item = StoreItem(
      id: id ?? Self.relative(path, to: store.root), kind: kind, size: disk.add(path),
      lastUsed: status.modificationTime, isInUse: isInUse, isReclaimable: needed.isEmpty && !isInUse, images: needed)
    change(&item)
    entries.append(StoreUsage.Entry(item: item, path: path))
  }

  /// What went while we looked takes no place.
  private mutating func addNothing(_ kind: StoreItem.Kind, _ path: FilePath) {
    let item = StoreItem(
      id: Self.relative(path, to: store.root), kind: kind, size: 0, lastUsed: Timestamp(seconds: 0), isInUse: false,
      isReclaimable: false, images: [])
    entries.append(StoreUsage.Entry(item: item, path: path))
  }

  private static func relative(_ path: FilePath, to root: FilePath) -> String {
    var path = path
    _ = path.removePrefix(root)
    return path.string
  }

  /// Names that files have until they are whole.
  private static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") }

  /// Nothing where there is no such folder.
  private func names(in folder: FilePath) throws -> [String] {
    do { return try Files.names(in: folder).map(\.string) } catch let error as HostError where error.isMissing {
      return []
    }
  }
}
