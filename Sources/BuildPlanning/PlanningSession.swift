import Diagnostics
import DockerfileSyntax
import OCI

/// What grows while stages are planned, one after the other.
struct PlanningSession {
  let options: BuildOptions
  /// What the image is to run on.
  let platform: Platform
  let globals: GlobalArguments
  let images: [ImageRequirement: BaseImage]
  /// Grows from platform to platform.
  var graph: BuildGraph
  var finished: [Int: StageState] = [:]
  var consumedArguments: Set<String> = []
  var errors: [Diagnostic] = []
  var warnings: [Diagnostic] = []

  init(_ resolver: StageResolver, images: [ImageRequirement: BaseImage], graph: BuildGraph) {
    options = resolver.options
    platform = resolver.platform
    globals = resolver.globals
    self.images = images
    self.graph = graph
  }

  /// Plans a stage. Mistakes of single instructions are collected, so that all are told at once.
  mutating func add(_ stage: ResolvedStage) throws {
    var state = try base(of: stage)
    state.title = stage.title
    state.stepCount =
      stage.commands.count { $0.instruction.makesLayer } + (state.startsWithImage ? 1 : 0)
    state.step = state.startsWithImage ? 1 : 0
    for command in stage.commands {
      do {
        try InstructionPlanner(command: command).apply(to: &state, &self)
      } catch let error as any DiagnosticError {
        errors += error.diagnostics.map { $0.located(at: command.annotation) }
      }
    }
    finished[stage.index] = state
  }

  func image(of index: Int) -> PlannedImage {
    let state = finished[index] ?? StageState(platform: platform)
    var config = state.config
    if !options.labels.isEmpty {
      let labels = state.runtime.labels ?? [:]
      config.config?.labels = labels.merging(options.labels) { _, new in new }
    }
    return PlannedImage(platform: platform, result: state.vertex, config: config)
  }

  /// The vertex that COPY --from reads.
  mutating func vertex(of origin: ResolvedStage.Base) -> VertexID? {
    switch origin {
    case .scratch: nil
    case .stage(let index): finished[index]?.vertex
    case .image(let requirement): imageVertex(requirement, title: "FROM")
    }
  }

  // MARK: Bases

  private mutating func base(of stage: ResolvedStage) throws -> StageState {
    switch stage.base {
    case .scratch: return StageState(platform: stage.platform)
    case .stage(let index):
      guard var state = finished[index] else { return StageState(platform: stage.platform) }
      state.inherit()
      return state
    case .image(let requirement):
      guard let image = images[requirement] else { return StageState(platform: stage.platform) }
      var state = StageState(base: image.config, platform: requirement.platform)
      if !image.config.rootfs.diffIDs.isEmpty {
        let count = stage.commands.count { $0.instruction.makesLayer } + 1
        let prefix = "[\(stage.title.isEmpty ? "" : "\(stage.title) ")1/\(count)] "
        state.vertex = imageVertex(
          requirement, title: "\(prefix)FROM",
          origin: SourceAnnotation(stage.file, stage.from.range))
        state.startsWithImage = true
      }
      return state
    }
  }

  private mutating func imageVertex(
    _ requirement: ImageRequirement, title: String, origin: SourceAnnotation? = nil
  ) -> VertexID? {
    guard let image = images[requirement], !image.config.rootfs.diffIDs.isEmpty else { return nil }
    return graph.add(
      .source(.image(image.pinned, requirement.platform)), title: "\(title) \(image.pinned.familiarDescription)",
      origin: origin)
  }

  // MARK: Warnings

  /// Arguments that are there without ARG (Dockerfile reference, "Predefined ARGs").
  static let proxyArguments = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]

  mutating func warnAboutUnusedArguments() {
    let builtIn = Set(Self.proxyArguments)
    let unused = options.arguments.keys.filter { name in
      !consumedArguments.contains(name) && !globals.declared.contains(name) && globals.values[name] == nil
        && !builtIn.contains(name.uppercased()) && !name.hasPrefix("BUILDKIT_") && name != "SOURCE_DATE_EPOCH"
    }
    for name in unused.sorted() {
      warnings.append(
        .warning(
          "unused-build-argument", "no ARG of the stages that are built declares --build-arg \(name)",
          help: Suggestion.nearest(to: name, in: consumedArguments.union(globals.declared).sorted())
            .map { ["did you mean \($0)?"] } ?? ["declare it in the stage that uses it: ARG \(name)"]))
    }
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
