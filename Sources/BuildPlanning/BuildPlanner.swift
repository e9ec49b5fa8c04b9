public import Diagnostics
public import DockerfileSyntax
import OCI

/// Turns a Dockerfile into a `BuildPlan`. It reads nothing but its arguments.
///
/// Images come in two rounds, or more where ONBUILD asks for more: `missingImages` says which ones are needed,
/// somebody looks them up, and `plan` is called when none is missing.
public struct BuildPlanner: Sendable {
  let dockerfile: Dockerfile
  let options: BuildOptions

  public init(_ dockerfile: Dockerfile, _ options: BuildOptions) {
    self.dockerfile = dockerfile
    self.options = options
  }

  /// The images that the target needs and that are not in `known`, each once.
  /// - Throws: `PlanningError` with all mistakes that can be seen by now, `DockerfileSyntaxError`.
  public func missingImages(_ known: [ImageRequirement: BaseImage]) throws -> [ImageRequirement] {
    var missing: [ImageRequirement] = []
    var errors = PlacedErrors(dockerfile.file)
    for resolver in try resolvers {
      let resolution = try resolver.resolve(known)
      for image in resolution.missing where !missing.contains(image) { missing.append(image) }
      guard !resolution.errors.isEmpty else { continue }
      var session = PlanningSession(resolver, images: known, graph: BuildGraph())
      try session.add(resolution)
      errors.merge(session.errors)
    }
    try errors.throwIfAny()
    return missing
  }

  /// Where the Dockerfile first asks for an image; nil when it does not.
  public func place(of image: ImageRequirement, _ known: [ImageRequirement: BaseImage]) -> SourceAnnotation? {
    let stages = (try? resolvers.flatMap { try $0.resolve(known).stages }) ?? []
    for stage in stages {
      if stage.base == .image(image) { return SourceAnnotation(stage.file, stage.from.image.range) }
      for command in stage.commands {
        guard let index = command.origins.firstIndex(of: .image(image)) else { continue }
        return command.originWords[index].map { SourceAnnotation(command.file, $0.range) } ?? command.annotation
      }
    }
    return nil
  }

  /// - Throws: `PlanningError`, `DockerfileSyntaxError`; with the code `missing-image` when an image is not in `images`.
  public func plan(_ images: [ImageRequirement: BaseImage]) throws -> BuildPlan {
    var plan = BuildPlan(graph: BuildGraph(), images: [], diagnostics: [])
    var errors = PlacedErrors(dockerfile.file)
    for resolver in try resolvers {
      let session = try session(resolver, images, graph: plan.graph)
      errors.merge(session.errors)
      plan.graph = session.graph
      plan.images.append(session.image)
      // What is wrong for one platform is mostly wrong for all; it is told once.
      for warning in session.warnings where !plan.diagnostics.contains(warning) { plan.diagnostics.append(warning) }
    }
    try errors.throwIfAny()
    return plan
  }

  /// All stages that the target needs, planned.
  func session(
    _ resolver: StageResolver, _ images: [ImageRequirement: BaseImage], graph: BuildGraph
  ) throws -> PlanningSession {
    let resolution = try resolver.resolve(images)
    guard resolution.missing.isEmpty || !resolution.errors.isEmpty else {
      let names = resolution.missing.map(\.reference.familiarDescription).joined(separator: ", ")
      throw PlanningError("missing-image", "\(names) is not known", at: nil)
    }
    var session = PlanningSession(resolver, images: images, graph: graph)
    try session.add(resolution)
    session.warnAboutUnusedArguments()
    session.warnAboutUnknownStages()
    return session
  }

  var resolvers: [StageResolver] {
    get throws { try options.platforms.map { try StageResolver(dockerfile, options, for: $0) } }
  }
}
