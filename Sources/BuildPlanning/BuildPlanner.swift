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
  /// - Throws: `PlanningError`, `DockerfileSyntaxError`.
  public func missingImages(_ known: [ImageRequirement: BaseImage]) throws -> [ImageRequirement] {
    var missing: [ImageRequirement] = []
    for resolver in try resolvers {
      for image in try resolver.resolve(known).missing where !missing.contains(image) { missing.append(image) }
    }
    return missing
  }

  /// Where the Dockerfile first asks for an image; nil when it does not.
  public func place(of image: ImageRequirement, _ known: [ImageRequirement: BaseImage]) -> SourceAnnotation? {
    let stages = (try? resolvers.flatMap { try $0.resolve(known).stages }) ?? []
    for stage in stages {
      if stage.base == .image(image) { return SourceAnnotation(stage.file, stage.from.image.range) }
      for command in stage.commands where command.origin == .image(image) {
        guard case .copy(let copy) = command.instruction.kind, let from = copy.from else { return command.annotation }
        return SourceAnnotation(command.file, from.range)
      }
    }
    return nil
  }

  /// - Throws: `PlanningError`, `DockerfileSyntaxError`; with the code `missing-image` when an image is not in `images`.
  public func plan(_ images: [ImageRequirement: BaseImage]) throws -> BuildPlan {
    var plan = BuildPlan(graph: BuildGraph(), images: [], diagnostics: [])
    for resolver in try resolvers {
      let (stages, missing) = try resolver.resolve(images)
      guard let target = stages.last, missing.isEmpty else {
        let names = missing.map(\.reference.familiarDescription).joined(separator: ", ")
        throw PlanningError("missing-image", "\(names) is not known", at: nil)
      }
      var session = PlanningSession(resolver, images: images, graph: plan.graph)
      for stage in stages { try session.add(stage) }
      guard session.errors.isEmpty else { throw PlanningError(session.errors) }
      session.warnAboutUnusedArguments()
      plan.graph = session.graph
      plan.images.append(session.image(of: target.index))
      // What is wrong for one platform is mostly wrong for all; it is told once.
      for warning in session.warnings where !plan.diagnostics.contains(warning) { plan.diagnostics.append(warning) }
    }
    return plan
  }

  private var resolvers: [StageResolver] {
    get throws { try options.platforms.map { try StageResolver(dockerfile, options, for: $0) } }
  }
}
