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
    try StageResolver(dockerfile, options).resolve(known).missing
  }

  /// Where the Dockerfile first asks for an image; nil when it does not.
  public func place(of image: ImageRequirement, _ known: [ImageRequirement: BaseImage]) -> SourceAnnotation? {
    guard let stages = try? StageResolver(dockerfile, options).resolve(known).stages else { return nil }
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
    let resolver = try StageResolver(dockerfile, options)
    let (stages, missing) = try resolver.resolve(images)
    guard let target = stages.last, missing.isEmpty else {
      throw PlanningError(
        "missing-image", "\(missing.map(\.reference.familiarDescription).joined(separator: ", ")) is not known", at: nil
      )
    }
    var session = PlanningSession(options: options, globals: resolver.globals, images: images)
    for stage in stages { try session.add(stage) }
    guard session.errors.isEmpty else { throw PlanningError(session.errors) }
    session.warnAboutUnusedArguments()
    return session.plan(of: target.index)
  }
}
