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
  /// What the images are made of; nil stands for the empty tree.
  let results: [VertexID?]
  let inputs: Builder.Inputs
  let cache: StepCache
  let options: Builder.Options
  let progress: ProgressReporter
  let now: Timestamp
  private let layers: ResultLayers
  private let fetcher: LayerFetcher
  private let trees: LayerTrees
  private let isolation: ExecIsolation
  private let memories: ContextMemories
  private var store: BuildStore { cache.store }

  init(
    _ graph: BuildGraph, for results: [VertexID?], inputs: Builder.Inputs, cache: StepCache, options: Builder.Options,
    progress: ProgressReporter
  ) {
    self.graph = graph
    self.results = results
    self.inputs = inputs
    self.cache = cache
    self.options = options
    self.progress = progress
    now = options.epoch ?? Timestamp.now
    let layers = ResultLayers(of: results.compactMap { $0 }, in: graph, options.onLayers)
    self.layers = layers
    fetcher = LayerFetcher(store: cache.store, progress: progress, doesWithoutCaches: true) { layers.arrived($0) }
    trees = LayerTrees(store: cache.store, fetcher: fetcher)
    isolation = ExecIsolation(options.isolation)
    memories = ContextMemories(store: cache.store)
  }

  /// The layers of the images. The first failure cancels what runs beside it.
  func solve() async throws -> [LayerStack] {
    defer { try? isolation.removeFolders() }
    // What was read is worth remembering whatever becomes of the build.
    defer { memories.save() }
    let outputs = try await withThrowingTaskGroup(of: Solution.self) { try await solve(in: &$0) }
    let stacks = results.map { stack($0, outputs) }
    try await keep(stacks)
    return stacks
  }

  /// A vertex with what came of it.
  private struct Solution: Sendable {
    var vertex: VertexID
    var output: Result<Output, any Error>

    /// Nil when it succeeded, or failed because all was to end.
    var ownFailure: (any Error)? {
      if case .failure(let error) = output, !(error is CancellationError) { error } else { nil }
    }
  }

  private func solve(in group: inout ThrowingTaskGroup<Solution, any Error>) async throws -> [VertexID: Output] {
    var waiting = needed(for: results.compactMap { $0 })
    var outputs: [VertexID: Output] = [:]
    var running = 0
    let total = waiting.count
    while outputs.count < total {
      for id in waiting.sorted(by: { $0.index < $1.index })
      where graph[id].operation.inputs.allSatisfy({ outputs[$0] != nil }) {
        if graph[id].operation.isStep {
          if running >= max(1, options.jobs) { continue }
          running += 1
        }
        waiting.remove(id)
        let known = outputs
        group.addTask { await solution(of: graph[id], known) }
      }
      guard let solution = try await group.next() else { break }
      guard case .success(let output) = solution.output else { throw try await failure(solution, in: &group) }
      outputs[solution.vertex] = output
      if case .stack(let stack) = output { layers.note(stack, of: solution.vertex) }
      if graph[solution.vertex].operation.isStep { running -= 1 }
    }
    return outputs
  }

  private func solution(of vertex: Vertex, _ known: [VertexID: Output]) async -> Solution {
    do { return Solution(vertex: vertex.id, output: .success(try await output(of: vertex, known))) } catch {
      return Solution(vertex: vertex.id, output: .failure(error))
    }
  }

  /// Ends all that runs. Of several steps that failed by themselves the first of the Dockerfile counts.
  private func failure(_ first: Solution, in group: inout ThrowingTaskGroup<Solution, any Error>) async throws
    -> any Error
  {
    group.cancelAll()
    var failed = [first]
    for try await other in group { failed.append(other) }
    let own = failed.filter { $0.ownFailure != nil }.min { $0.vertex.index < $1.vertex.index }
    return own?.ownFailure ?? CancellationError()
  }

  /// What nobody could fetch later is brought into the store: a folder that a cache was read from may go.
  private func keep(_ stacks: [LayerStack]) async throws {
    let passing = stacks.flatMap(\.layers).filter { $0.cacheName != nil && $0.originReference == nil }
    try await fetcher.fetch(LayerStack(passing))
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
      case .source(.context(let name)): return .context(try contextTree(name, vertex.id))
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

  private func contextTree(_ name: String?, _ id: VertexID) throws -> ContextTree {
    guard let context = name.map({ inputs.namedContexts[$0] }) ?? inputs.context else {
      throw BuilderError(
        "no-context",
        name.map { "there is no context \($0)" } ?? "the Dockerfile copies from a context, but there is none")
    }
    let ignore = context.ignore.rules.isEmpty ? nil : DockerIgnoreMatcher(context.ignore)
    return ContextTree(
      root: context.folder, ignore: ignore, name: name.map { "the context \($0)" } ?? "the build context",
      requests: graph.requests(to: id), archived: context.archived, checkoutTime: context.checkoutTime,
      memory: memories.memory(of: context.folder))
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
    return LayerStack(of: image, in: store, blobs: inputs.blobs)
  }

  private func solve(
    _ operation: FileOperation, _ vertex: Vertex, _ known: [VertexID: Output]
  ) async throws -> LayerStack {
    let base = stack(operation.base, known)
    let (files, stacks) = sources(operation.actions.compactMap(\.source), known)
    var step = FileStep(
      operation: operation, base: base, sources: files, store: store, commit: commit(vertex), now: now)
    let outline = try await Blocking.run { [step] in try step.outlineKey(stacks) }
    if let hit = hit(outline, on: base, vertex) { return hit }
    let named = stacks.reduce(into: [:]) { $0[$1.key] = (stack: $1.value, name: graph[$1.key].sourceName) }
    let (selections, views) = try await trees.reading(named) { [step] views in
      var step = step
      step.sources.merge(views) { $1 }
      return (try step.select(), views)
    }
    step.sources.merge(views) { $1 }
    let keys = StepKeys(outline: outline, content: step.key(selections))
    return try await cached(keys, on: base, vertex) { [step] progress in
      for pattern in step.patternsWithoutMatch(selections) { progress.log("\(pattern) matches nothing") }
      let tree = try await trees.tree(of: base, .names, name: "the image") { layer in
        step.namesOwners || graph.runsCommands || options.keepsBase(layer)
      }
      return try await step.run(selections, on: tree, fetcher) { progress.log($0) }
    }
  }

  /// What vertices stand for: files that are at hand, or layers, which one had better not look into.
  private func sources(
    _ ids: [VertexID], _ known: [VertexID: Output]
  ) -> (files: [VertexID: any FileTree], stacks: [VertexID: LayerStack]) {
    var (files, stacks) = ([VertexID: any FileTree](), [VertexID: LayerStack]())
    for id in ids {
      switch known[id] {
      case .context(let tree)?: files[id] = tree
      case .stack(let stack)?: stacks[id] = stack
      case nil: break
      }
    }
    return (files, stacks)
  }

  private func solve(
    _ operation: ExecOperation, _ vertex: Vertex, _ known: [VertexID: Output]
  ) async throws -> LayerStack {
    let base = stack(operation.root, known)
    let snapshots = Snapshots(store: store, trees: trees, fetcher: fetcher, progress: progress)
    var exec = ExecStep(
      operation: operation, base: base, store: store, snapshots: snapshots, trees: trees, commit: commit(vertex),
      annotation: vertex.origin)
    exec.isolation = isolation
    exec.caches = cache.mounts
    exec.timeout = options.runTimeout
    exec.failureShell = options.failureShell
    exec.inputs = ExecInputs(secrets: inputs.secrets, agents: inputs.agents)
    var stacks: [Int: LayerStack] = [:]
    for (index, mount) in operation.mounts.enumerated() where mount.sourcePath != nil {
      if let id = mount.source, case .context(let tree)? = known[id] {
        exec.inputs.sources[index] = try await source(of: mount, .files(tree))
      } else {
        stacks[index] = stack(mount.source, known)
      }
    }
    let outline = exec.outlineKey(stacks)
    if let hit = hit(outline, on: base, vertex) { return hit }
    for (index, stack) in stacks {
      let mount = operation.mounts[index]
      let name = mount.source.map { graph[$0].mountedName } ?? "the empty image"
      exec.inputs.sources[index] = try await source(
        of: mount, .stack(stack, try await trees.tree(of: stack, name: name)))
    }
    let keys = StepKeys(outline: outline, content: exec.key)
    return try await cached(keys, on: base, vertex) { [exec] step in try await exec.run(step) }
  }

  /// What a mount shows is found and hashed, but neither unpacked nor copied.
  private func source(of mount: ExecMount, _ origin: MountSource.Origin) async throws -> MountSource {
    do {
      return try await Blocking.run { try MountSource(mount.sourcePath ?? "/", in: origin) }
    } catch let error as any DiagnosticError {
      throw BuilderError(error, at: mount.place)
    }
  }

  private func commit(_ vertex: Vertex) -> LayerCommit {
    var commit = LayerCommit(store: store, compression: options.compression, latestTime: options.epoch)
    commit.isDurable = options.waitsForDisk
    if layers.contain(vertex.id) { commit.onGrowth = options.onGrowth }
    return commit
  }

  // MARK: Cache

  private func ignoresCache(_ vertex: Vertex) -> Bool { options.ignoresCache || vertex.ignoresCache }

  /// The base with the layer that is known under the key; nil when there is none.
  private func hit(_ key: CacheKey?, on base: LayerStack, _ vertex: Vertex) -> LayerStack? {
    guard let key, !ignoresCache(vertex), let layer = cache.layer(for: key) else { return nil }
    progress.begin(vertex.title).markCached()
    return LayerStack(base.layers + [layer])
  }

  /// The layer that is known under the keys, or that `make` makes, on top of the base. Of several builds that need the
  /// same layer at once, one makes it.
  private func cached(
    _ keys: StepKeys, on base: LayerStack, _ vertex: Vertex, _ make: (ProgressStep) async throws -> Layer
  ) async throws -> LayerStack {
    if !ignoresCache(vertex), let layer = try cache.layer(for: keys) {
      progress.begin(vertex.title).markCached()
      return LayerStack(base.layers + [layer])
    }
    let step = progress.begin(vertex.title)
    do {
      let layer = try await store.exclusively("step-\(keys.content.hex)") {
        if !ignoresCache(vertex), let layer = try cache.layer(for: keys) { return layer }
        options.onWork()
        var layer = try await make(step)
        layer.created = now
        try cache.remember(layer, for: keys)
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
