import Diagnostics
import DockerfileSyntax
import OCI

/// What grows while stages are planned, one after the other.
struct PlanningSession {
  let dockerfile: Dockerfile
  let options: BuildOptions
  /// What the image is to run on.
  let platform: Platform
  let globals: GlobalArguments
  let images: [ImageRequirement: BaseImage]
  /// Grows from platform to platform.
  var graph: BuildGraph
  var finished: [Int: StageState] = [:]
  private var target: Int?
  var consumedArguments: Set<String> = []
  var errors: PlacedErrors
  var warnings: [Diagnostic] = []

  init(_ resolver: StageResolver, images: [ImageRequirement: BaseImage], graph: BuildGraph) {
    dockerfile = resolver.dockerfile
    options = resolver.options
    platform = resolver.platform
    globals = resolver.globals
    errors = PlacedErrors(resolver.dockerfile.file)
    self.images = images
    self.graph = graph
  }

  /// Plans stages, the target last. Mistakes of single instructions are collected, so that all are told at once; where
  /// stages or instructions are built on such mistakes, or on images that are not known, nothing can be said of them.
  mutating func add(_ resolution: StageResolver.Resolution) throws {
    errors.merge(resolution.errors)
    for stage in resolution.stages {
      guard !stage.isBroken, isKnown(stage.base) else { continue }
      try add(stage)
    }
    target = resolution.stages.last?.index
  }

  private mutating func add(_ stage: ResolvedStage) throws {
    var state = base(of: stage)
    state.ignoresCache = ignoresCache(stage)
    for command in stage.commands where command.origins.allSatisfy({ $0.map(isKnown) ?? true }) {
      do {
        try InstructionPlanner(command: command).apply(to: &state, &self)
      } catch let error as any DiagnosticError {
        errors.add(error.diagnostics.map { $0.located(at: command.annotation) }, near: command.dockerfilePlace)
      }
    }
    finished[stage.index] = state
  }

  private func ignoresCache(_ stage: ResolvedStage) -> Bool {
    let name = stage.from.name?.text.lowercased()
    return options.stagesWithoutCache.contains { $0.lowercased() == name || $0 == String(stage.index) }
  }

  private func isKnown(_ origin: ResolvedStage.Origin) -> Bool {
    switch origin {
    case .scratch, .context: true
    case .stage(let index): finished[index] != nil
    case .image(let requirement): images[requirement] != nil
    }
  }

  /// The image of the target.
  var image: PlannedImage {
    let state = target.flatMap { finished[$0] } ?? StageState(platform: platform)
    var config = state.config
    if !options.labels.isEmpty {
      let labels = state.runtime.labels ?? [:]
      config.config?.labels = labels.merging(options.labels) { _, new in new }
    }
    if options.platformsAreRequested || options.platforms.count > 1 { config.take(platform) }
    config.config?.leaveOutWhatIsEmpty()
    config.variant = config.platform.normalized.variant
    config.architecture = config.platform.normalized.architecture
    return PlannedImage(platform: platform, result: state.vertex, config: config)
  }

  /// Adds what an instruction does.
  mutating func add(
    _ operation: Operation, _ state: StageState, title: String, origin: SourceAnnotation?
  ) -> VertexID {
    let id = graph.add(operation, title: title, origin: origin)
    if state.ignoresCache { graph.ignoreCache(of: id) }
    return id
  }

  /// The vertex that COPY --from and mounts read.
  mutating func vertex(of origin: ResolvedStage.Origin) -> VertexID? {
    switch origin {
    case .scratch: nil
    case .stage(let index): finished[index]?.vertex
    case .image(let requirement): imageVertex(requirement, title: "FROM")
    case .context(let name): contextVertex(name)
    }
  }

  /// A tree without files, for COPY from a stage that has none: other stages may have some in another build.
  var emptyVertex: VertexID {
    mutating get {
      graph.add(.file(FileOperation(base: nil, actions: [])), title: "[internal] empty image", origin: nil)
    }
  }

  // MARK: Bases

  private mutating func base(of stage: ResolvedStage) -> StageState {
    var state = startingPoint(of: stage)
    state.title = stage.title
    state.outline = outline(of: stage)
    // A stage is built for what the stage below it is built for.
    if options.platforms.count > 1, state.shownPlatform == nil { state.shownPlatform = stage.platform }
    state.stepCount = stage.commands.count { $0.instruction.makesLayer }
    switch stage.base {
    case .scratch: break
    case .stage(let index): state.vertex = finished[index]?.vertex
    case .image(let requirement):
      guard let image = images[requirement], !image.config.rootfs.diffIDs.isEmpty else { break }
      state.step = 1
      state.stepCount += 1
      // What an ARG says of the target is not known yet.
      state.vertex = imageVertex(
        requirement, title: "\(state.prefix(step: 1))FROM", origin: SourceAnnotation(stage.file, stage.from.range))
    case .context(let name): state.vertex = treeVertex(name)
    }
    return state
  }

  /// What its FROM asks for.
  private func outline(of stage: ResolvedStage) -> StageOutline {
    var outline = StageOutline(globals)
    for word in [stage.from.image, stage.from.platform].compactMap({ $0 }) {
      outline.use((try? dockerfile.expansion.expand(word, in: globals).usedVariables) ?? [])
    }
    return outline
  }

  /// What a stage is before its first instruction, but for its files.
  private func startingPoint(of stage: ResolvedStage) -> StageState {
    switch stage.base {
    case .scratch: break
    case .stage(let index):
      guard var state = finished[index] else { break }
      state.inherit()
      return state
    case .image(let requirement):
      guard let image = images[requirement] else { break }
      return StageState(base: image.config, platform: requirement.platform)
    case .context:
      // The files become a layer that no instruction has made.
      var state = StageState(platform: stage.platform)
      state.config.history = History.matching([], layerCount: 1)
      return state
    }
    return StageState(platform: stage.platform)
  }

  private mutating func imageVertex(
    _ requirement: ImageRequirement, title: String, origin: SourceAnnotation? = nil
  ) -> VertexID? {
    guard let image = images[requirement], !image.config.rootfs.diffIDs.isEmpty else { return nil }
    return graph.add(
      .source(.image(image.pinned, requirement.platform)), title: "\(title) \(image.pinned.familiarDescription)",
      origin: origin)
  }
}

extension Instruction {
  /// Whether progress counts it.
  var makesLayer: Bool {
    switch kind {
    case .add, .copy, .run, .workdir: true
    default: false
    }
  }
}
