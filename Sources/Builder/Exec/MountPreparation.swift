import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Sandbox
import SystemPackage

/// What a command's mounts come to on this machine.
struct PreparedMounts: Sendable {
  struct Mount: Sendable {
    var mount: SandboxMount
    /// Where it is written.
    var place: SourceAnnotation?
  }

  /// In their order; secrets and agents that nobody gave are left out.
  var mounts: [Mount] = []
  /// `NAME=value`, in place of what the command would have under these names.
  var environment: [String] = []
  /// All values that must not be shown.
  var secrets: [[UInt8]] = []
}

/// Makes mounts out of what the store and the build's inputs have.
struct MountPreparation: Sendable {
  let operation: ExecOperation
  let inputs: ExecInputs
  let store: BuildStore
  let snapshots: Snapshots
  /// The command's own, for all that goes with it.
  let work: FilePath
  let step: ProgressStep
  let holds: MountHolds
  /// What imported caches have of cache mounts.
  var caches = CacheMountUse()
  /// Whether files are copied because nothing can be mounted. What is below `work` is moved to its place then.
  var copies = false

  /// - Throws: `BuilderError` at the place of the mount; `CancellationError`.
  func prepare() async throws -> PreparedMounts {
    var prepared = PreparedMounts()
    let caches = try await cacheFolders()
    for (index, mount) in operation.mounts.enumerated() {
      try await located(mount) { try await add(mount, index, caches, to: &prepared) }
    }
    return prepared
  }

  private func located<Result>(_ mount: ExecMount, _ body: () async throws -> Result) async throws -> Result {
    do { return try await body() } catch let error as any DiagnosticError { throw BuilderError(error, at: mount.place) }
  }

  private func add(
    _ mount: ExecMount, _ index: Int, _ caches: [Int: FilePath], to prepared: inout PreparedMounts
  ) async throws {
    let source: SandboxMount.Source?
    switch mount.kind {
    case .bind(let bind): source = try await self.source(of: bind, index)
    case .cache(let cache): source = caches[index].map { .bind($0, readOnly: cache.isReadOnly) }
    case .tmpfs(let size): source = .tmpfs(size: size.flatMap { $0 > 0 ? UInt64($0) : nil })
    case .secret(let secret): source = try self.source(of: secret, mount, &prepared)
    case .ssh(let ssh): source = try self.source(of: ssh, mount, index, &prepared)
    }
    guard let source, let target = mount.target else { return }
    prepared.mounts.append(.init(mount: SandboxMount(source, at: FilePath(target)), place: mount.place))
  }

  // MARK: Files

  private func source(of bind: ExecMount.Bind, _ index: Int) async throws -> SandboxMount.Source {
    guard let source = inputs.sources[index] else { return try emptyFolder(index, bind) }
    if copies { return try await copy(of: source, index, bind) }
    switch source.origin {
    case .stack(let stack, let tree):
      let lowers = try await snapshots.materialise(stack)
      if lowers.isEmpty { return try emptyFolder(index, bind) }
      let changes = bind.isReadOnly ? nil : try changes(index)
      if let changes, let root = try tree.entry(at: .root) {
        try store.ownership().setAttributes(of: root, at: changes.upper)
      }
      return .layers(SandboxLayers(lowers, path: Self.absolute(source.match.followed), changes: changes))
    case .files:
      let (copy, lock) = try await ContextCopies(store: store, source: source).take()
      holds.keep(lock)
      if bind.isReadOnly { return .bind(copy, readOnly: true) }
      // What is copied is a file or folder of a folder of ours, which therefore is a layer.
      let name = copy.lastComponent?.string ?? ""
      let changes = try changes(index)
      return .layers(SandboxLayers([copy.removingLastComponent()], path: FilePath("/\(name)"), changes: changes))
    }
  }

  /// What the command writes there goes with the copy.
  private func copy(of source: MountSource, _ index: Int, _ bind: ExecMount.Bind) async throws -> SandboxMount.Source {
    if case .stack(let stack, _) = source.origin {
      if stack.layers.isEmpty { return try emptyFolder(index, bind) }
      try await fetchContents(of: source)
    }
    let target = work.appending("bind-\(index)")
    let copy = TreeCopy(store: store, work: work)
    try await Blocking.run { try copy.write(source, as: target) }
    return .bind(target, readOnly: bind.isReadOnly)
  }

  private func fetchContents(of source: MountSource) async throws {
    let contents = try source.match.nodes.filter { $0.entry.size > 0 }.map { node in
      try source.origin.tree.content(at: node.entry.path)
    }
    try await snapshots.fetcher.fetch(LayerStack(ContentSpooler.layers(of: contents, in: store)))
  }

  private func emptyFolder(_ index: Int, _ bind: ExecMount.Bind) throws -> SandboxMount.Source {
    let folder = work.appending("empty-\(index)")
    try Files.createDirectories(folder)
    return .bind(folder, readOnly: bind.isReadOnly)
  }

  private static func absolute(_ path: TreePath) -> FilePath {
    path.isRoot ? "/" : FilePath("/").pushing(path.filePath)
  }

  private func changes(_ index: Int) throws -> SandboxLayers.Changes {
    let folder = work.appending("mount-\(index)")
    let changes = SandboxLayers.Changes(upper: folder.appending("upper"), work: folder.appending("work"))
    try Files.createDirectories(changes.upper)
    try Files.createDirectories(changes.work)
    return changes
  }

  // MARK: Caches

  private struct WantedCache {
    var index: Int
    var mount: ExecMount
    var cache: ExecMount.Cache
    var identity: CacheFolders.Identity
  }

  /// The folders of all cache mounts. They are taken in the order of their names, so that no two builds wait for each
  /// other; mounts of the same cache share one.
  private func cacheFolders() async throws -> [Int: FilePath] {
    var wanted: [WantedCache] = []
    for (index, mount) in operation.mounts.enumerated() {
      guard case .cache(let cache) = mount.kind else { continue }
      let identity = CacheFolders.Identity(cache, inputs.sources[index])
      wanted.append(WantedCache(index: index, mount: mount, cache: cache, identity: identity))
    }
    wanted.sort { ($0.identity.key, $0.index) < ($1.identity.key, $1.index) }
    var taken: [CacheFolders.Identity: FilePath] = [:]
    var folders: [Int: FilePath] = [:]
    for one in wanted {
      let folder: FilePath
      if let known = taken[one.identity] {
        folder = known
      } else {
        folder = try await located(one.mount) { try await take(one) }
      }
      taken[one.identity] = folder
      folders[one.index] = folder
    }
    return folders
  }

  private func take(_ wanted: WantedCache) async throws -> FilePath {
    let cache = wanted.cache
    // A copy that comes back would undo what others wrote meanwhile.
    let sharing = copies && cache.sharing == .shared ? .locked : cache.sharing
    let folders = CacheFolders(wanted.identity, in: store)
    let (folder, lock) = try await folders.take(sharing, work: work) { path in
      if let offer = caches.offer(of: wanted.identity), let layer = try await restore(offer, to: path) { return layer }
      let source = inputs.sources[wanted.index]
      if let source { try await fetchContents(of: source) }
      let copy = TreeCopy(store: store, work: work)
      try await Blocking.run { try make(path, cache, source, copy) }
      return nil
    } onWait: {
      step.log("waiting for another command that uses the cache \(cache.id)")
    }
    holds.keep(lock)
    caches.note(wanted.identity)
    return folder
  }

  /// Nil when what an imported cache has cannot be used: the folder begins as it would without.
  private func restore(_ offer: OfferedMount, to path: FilePath) async throws -> Layer? {
    let (archive, work) = (MountArchive(store: store), work)
    do {
      try await snapshots.fetcher.fetch(offer.layer)
      let warnings = try await Blocking.run { try archive.unpack(offer.layer, to: path, in: work) }
      for warning in warnings { step.log(warning.message) }
      return offer.layer
    } catch {
      try Task.checkCancellation()
      snapshots.progress.report(offer.warning(error))
      return nil
    }
  }

  /// A folder that begins with files has their attributes, unless the mount asks for others.
  private func make(
    _ path: FilePath, _ cache: ExecMount.Cache, _ source: MountSource?, _ copy: TreeCopy
  ) throws {
    let isUsual = (cache.mode, cache.uid, cache.gid) == (0o755, 0, 0)
    if let source {
      guard source.isDirectory else {
        throw BuilderError(
          "cache-source-is-file", "a cache mount begins with a folder, but \(source.match.followed) is none")
      }
      try copy.write(source, as: path)
      if isUsual { return }
    } else {
      try Files.createDirectories(path)
    }
    try store.ownership().setOwner(path, uid: cache.uid, gid: cache.gid)
    try Files.setMode(path, cache.mode)
  }
}
