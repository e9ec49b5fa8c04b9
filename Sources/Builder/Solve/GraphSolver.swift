import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI

/// Solves the vertices of a graph, each as soon as what it reads is there, side by side.
struct GraphSolver: Sendable {
  /// What a vertex came to.
  enum Output: Sendable {
    case stack(LayerStack)
    /// Files that are in no layer: a context, or what was fetched.
    case context(any FileTree)
  }

  let graph: BuildGraph
  let inputs: Builder.Inputs
  let store: BuildStore
  let options: Builder.Options
  let progress: ProgressReporter
  let now: Timestamp
  private let fetcher: LayerFetcher
  private let trees: LayerTrees
  private let isolation: ExecIsolation
  private let memories: ContextMemories

  init(
    graph: BuildGraph, inputs: Builder.Inputs, store: BuildStore, options: Builder.Options,
    progress: ProgressReporter, now: Timestamp
  ) {
    self.graph = graph
    self.inputs = inputs
    self.store = store
    self.options = options
    self.progress = progress
    self.now = now
    fetcher = LayerFetcher(store: store, progress: progress)
    trees = LayerTrees(store: store, fetcher: fetcher)
    isolation = ExecIsolation(options.isolation)
    memories = ContextMemories(store: store)
  }

  /// The layers of vertices; nil stands for the empty tree. The first failure cancels what runs beside it.
  func solve(_ results: [VertexID?]) async throws -> [LayerStack] {
    defer { try? isolation.removeFolders() }
    var waiting = needed(for: results.compactMap { $0 })
    var outputs: [VertexID: Output] = [:]
    var running = 0
    // What was read is worth remembering whatever becomes of the build.
    defer { memories.save() }
    let total = waiting.count
    try await withThrowingTaskGroup(of: (VertexID, Output).self) { group in
      while outputs.count < total {
        for id in waiting.sorted(by: { $0.index < $1.index })
        where graph[id].operation.inputs.allSatisfy({ outputs[$0] != nil }) {
          if graph[id].operation.isStep {
            if running >= max(1, options.jobs) { continue }
            running += 1
          }
          waiting.remove(id)
          let known = outputs
          group.addTask { (id, try await output(of: graph[id], known)) }
        }
        guard let (id, output) = try await group.next() else { break }
        outputs[id] = output
        if graph[id].operation.isStep { running -= 1 }
      }
    }
    return results.map { stack($0, outputs) }
  }

  private func needed(for results: [VertexID]) -> Set<VertexID> {
    var needed: Set<VertexID> = []
    var queue = results
    while let id = queue.popLast() {
      if needed.insert(id).inserted { queue += graph[id].operation.inputs }
    }
    return needed
  }

  private func stack(_ id: VertexID?, _ outputs: [VertexID: Output]) -> LayerStack {
    if let id, case .stack(let stack)? = outputs[id] { stack } else { LayerStack() }
  }

  // MARK: Vertices

  private func output(of vertex: Vertex, _ known: [VertexID: Output]) async throws -> Output {
    do {
      switch vertex.operation {
      case .source(.context(let name)): return .context(try contextTree(name))
      case .source(.image(let reference, let platform)):
        return .stack(try imageStack(ImageRequirement(reference, for: platform), vertex))
      case .source(.http(let file)): return .context(try await remoteStep(vertex).tree(of: file))
      case .source(.git(let reference)): return .context(try await remoteStep(vertex).tree(of: reference))
      case .merge(let merge):
        return .stack(LayerStack(stack(merge.lower, known).layers + stack(merge.upper, known).layers))
      case .file(let operation): return .stack(try await solve(operation, vertex, known))
      case .exec(let operation): return .stack(try await solve(operation, vertex, known))
      }
    } catch let error as any DiagnosticError {
      throw BuilderError(error, at: vertex.origin)
    }
  }

  private func contextTree(_ name: String?) throws -> ContextTree {
    guard let context = name.map({ inputs.namedContexts[$0] }) ?? inputs.context else {
      throw BuilderError(
        "no-context",
        name.map { "there is no context \($0)" } ?? "the Dockerfile copies from a context, but there is none")
    }
    let ignore = context.ignore.rules.isEmpty ? nil : DockerIgnoreMatcher(context.ignore)
    return ContextTree(
      root: context.folder, ignore: ignore, name: name.map { "the context \($0)" } ?? "the build context",
      archived: context.archived, memory: memories.memory(of: context.folder))
  }

  private func remoteStep(_ vertex: Vertex) -> RemoteStep {
    RemoteStep(title: vertex.title, remotes: inputs.remotes, progress: progress)
  }

  private func imageStack(_ requirement: ImageRequirement, _ vertex: Vertex) throws -> LayerStack {
    guard let image = inputs.images[requirement] else {
      throw BuilderError(
        "missing-image", "\(requirement.reference.familiarDescription) was not looked up", exitCode: .defect)
    }
    progress.begin(vertex.title).finish()
    let layers = zip(image.manifest.layers, image.config.rootfs.diffIDs).map { descriptor, diffID in
      var layer = Layer(descriptor: descriptor, diffID: diffID)
      layer.origin = image.blobs
      layer.originReference = image.reference
      // An image of the store need not have all its layers there.
      if !store.content.contains(descriptor.digest), let origin = store.origin(of: descriptor.digest) {
        layer.origin = inputs.blobs(origin)
        layer.originReference = origin
      }
      return layer
    }
    return LayerStack(layers)
  }

  private func solve(
    _ operation: FileOperation, _ vertex: Vertex, _ known: [VertexID: Output]
  ) async throws -> LayerStack {
    let base = stack(operation.base, known)
    let sources = try await self.sources(of: operation, known)
    let step = FileStep(operation: operation, base: base, sources: sources, store: store, commit: commit, now: now)
    let selections = try await Blocking.run { try step.select() }
    return try await cached(step.key(selections), on: base, vertex) { progress in
      for pattern in step.patternsWithoutMatch(selections) { progress.log("\(pattern) matches nothing") }
      let tree = try await trees.tree(of: base, name: "the image")
      for case .stack(let stack) in operation.actions.compactMap({ $0.source.flatMap { known[$0] } }) {
        try await fetcher.fetch(stack)
      }
      if step.readsBase { try await fetcher.fetch(base) }
      return try await Blocking.run { try step.run(selections, on: tree) { progress.log($0) } }
    }
  }

  private func sources(of operation: FileOperation, _ known: [VertexID: Output]) async throws -> [VertexID:
    any FileTree]
  {
    var sources: [VertexID: any FileTree] = [:]
    for id in operation.actions.compactMap(\.source) where sources[id] == nil {
      switch known[id] {
      case .context(let tree)?: sources[id] = tree
      case .stack(let stack)?: sources[id] = try await trees.tree(of: stack, name: graph[id].sourceName)
      case nil: break
      }
    }
    return sources
  }

  private func solve(
    _ operation: ExecOperation, _ vertex: Vertex, _ known: [VertexID: Output]
  ) async throws -> LayerStack {
    let base = stack(operation.root, known)
    let snapshots = Snapshots(store: store, trees: trees, fetcher: fetcher, progress: progress)
    var exec = ExecStep(
      operation: operation, base: base, store: store, snapshots: snapshots, trees: trees, commit: commit,
      annotation: vertex.origin)
    exec.inputs = try await inputs(of: operation, known)
    exec.isolation = isolation
    return try await cached(exec.key, on: base, vertex) { [exec] step in try await exec.run(step) }
  }

  /// What mounts show is found and hashed, but neither unpacked nor copied.
  private func inputs(of operation: ExecOperation, _ known: [VertexID: Output]) async throws -> ExecInputs {
    var inputs = ExecInputs(secrets: self.inputs.secrets, agents: self.inputs.agents)
    for (index, mount) in operation.mounts.enumerated() {
      guard let path = mount.sourcePath else { continue }
      do {
        let origin = try await origin(of: mount, known)
        inputs.sources[index] = try await Blocking.run { try MountSource(path, in: origin) }
      } catch let error as any DiagnosticError {
        throw BuilderError(error, at: mount.place)
      }
    }
    return inputs
  }

  private func origin(of mount: ExecMount, _ known: [VertexID: Output]) async throws -> MountSource.Origin {
    guard let id = mount.source, let output = known[id] else {
      return .stack(LayerStack(), StackTree(LayerStack(), [], name: "the empty image"))
    }
    switch output {
    case .context(let tree): return .files(tree)
    case .stack(let stack): return .stack(stack, try await trees.tree(of: stack, name: graph[id].mountedName))
    }
  }

  private var commit: LayerCommit {
    LayerCommit(store: store, compression: options.compression, latestTime: options.epoch)
  }

  // MARK: Cache

  /// The layer that is known under the key, or that `make` makes, on top of the base. Of several builds that need the
  /// same layer at once, one makes it.
  private func cached(
    _ key: CacheKey, on base: LayerStack, _ vertex: Vertex, _ make: (ProgressStep) async throws -> Layer
  ) async throws -> LayerStack {
    let ignoresCache = options.ignoresCache || vertex.ignoresCache
    if !ignoresCache, let layer = store.layer(for: key) {
      progress.begin(vertex.title).markCached()
      return LayerStack(base.layers + [layer])
    }
    let step = progress.begin(vertex.title)
    do {
      let layer = try await store.exclusively("step-\(key.hex)") {
        if !ignoresCache, let layer = store.layer(for: key) { return layer }
        var layer = try await make(step)
        layer.created = now
        try store.remember(layer, for: key, created: now)
        return layer
      }
      step.finish()
      return LayerStack(base.layers + [layer])
    } catch {
      step.fail(error)
      throw error
    }
  }
}

extension Operation {
  /// Whether it is work of the kind that `jobs` limits.
  fileprivate var isStep: Bool {
    switch self {
    case .file, .exec: true
    case .source, .merge: false
    }
  }
}

extension Vertex {
  /// What messages call its files.
  fileprivate var sourceName: String {
    if case .source(.image(let reference, _)) = operation { return reference.familiarDescription }
    return "the stage that it is copied from"
  }

  /// The same, where they are not copied.
  fileprivate var mountedName: String {
    if case .source = operation { return sourceName }
    return "the stage that it is mounted from"
  }
}
