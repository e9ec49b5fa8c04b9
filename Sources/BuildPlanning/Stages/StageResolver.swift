import Diagnostics
import DockerfileSyntax
import OCI

/// Finds out what the stages of a Dockerfile are built on and copy from, and which of them the target needs.
struct StageResolver {
  let dockerfile: Dockerfile
  let options: BuildOptions
  /// What the image is to run on.
  let platform: Platform
  let globals: GlobalArguments

  init(_ dockerfile: Dockerfile, _ options: BuildOptions, for platform: Platform) throws {
    self.dockerfile = dockerfile
    self.options = options
    self.platform = platform
    globals = try GlobalArguments(dockerfile, options, platform)
  }

  /// What is known of the stages that the target needs.
  struct Resolution {
    /// The target is the last.
    var stages: [ResolvedStage]
    /// The images that are still unknown.
    var missing: [ImageRequirement] = []
    var errors: PlacedErrors
  }

  func resolve(_ known: [ImageRequirement: BaseImage]) throws -> Resolution {
    var resolved: [Int: ResolvedStage] = [:]
    var resolution = Resolution(stages: [], errors: PlacedErrors(dockerfile.file))
    var queue = [try targetIndex()]
    while let index = queue.popLast() {
      guard resolved[index] == nil else { continue }
      let stage = try resolve(stage: index, known, &resolution.errors)
      resolved[index] = stage
      for dependency in stage.dependencies {
        switch dependency {
        case .scratch, .context: break
        case .stage(let other): queue.append(other)
        case .image(let image):
          if known[image] == nil, !resolution.missing.contains(image) { resolution.missing.append(image) }
        }
      }
    }
    resolution.stages = resolved.values.sorted { $0.index < $1.index }
    return resolution
  }

  // MARK: Target

  private func targetIndex() throws -> Int {
    let stages = dockerfile.stages
    guard let target = options.target, !target.isEmpty else { return stages.count - 1 }
    if let index = stages.lastIndex(where: { $0.name == target.lowercased() }) { return index }
    if let index = Int(target), stages.indices.contains(index) { return index }
    let names = stages.compactMap(\.name)
    let nearest = Suggestion.nearest(to: target, in: names)
    throw PlanningError(
      "unknown-target", "there is no stage \"\(target)\"", at: nil,
      help: [
        nearest.map { "did you mean --target \($0)?" }
          ?? (names.isEmpty
            ? "no stage has a name: give it one with FROM … AS \(target)"
            : "the stages are \(names.joined(separator: ", "))")
      ])
  }

  // MARK: One stage

  /// Mistakes are added to `errors`, so that all are found; instructions that have them are left out.
  private func resolve(
    stage index: Int, _ known: [ImageRequirement: BaseImage], _ errors: inout PlacedErrors
  ) throws -> ResolvedStage {
    let stage = dockerfile.stages[index]
    let place = SourceAnnotation(dockerfile.file, stage.from.range)
    var resolved = ResolvedStage(
      index: index, title: title(of: index), platform: platform, base: .scratch, from: stage.from,
      file: dockerfile.file, commands: [])
    let ground = try errors.collect(near: place) { try self.ground(of: stage, index) }
    guard let ground else {
      resolved.isBroken = true
      try addCommands(of: stage, to: &resolved, &errors)
      return resolved
    }
    (resolved.platform, resolved.base, resolved.isReplaced) = (ground.platform, ground.base, ground.isReplaced)
    guard !ground.isReplaced else { return resolved }
    if let triggers = try errors.collect(near: place, { try triggers(of: resolved, known) }) {
      resolved.commands = triggers
    } else {
      resolved.isBroken = true
    }
    try addCommands(of: stage, to: &resolved, &errors)
    return resolved
  }

  private func addCommands(
    of stage: Stage, to resolved: inout ResolvedStage, _ errors: inout PlacedErrors
  ) throws {
    for instruction in stage.instructions {
      let command = try errors.collect(near: SourceAnnotation(dockerfile.file, instruction.range)) {
        try self.command(instruction, in: dockerfile.file, dockerfile.escape, resolved)
      }
      if let command { resolved.commands.append(command) }
    }
  }

  /// What a stage is built on, for what it is built, and whether that is all there is to do for it.
  private func ground(of stage: Stage, _ index: Int) throws -> (
    platform: Platform, base: ResolvedStage.Origin, isReplaced: Bool
  ) {
    let platform = try platform(of: stage.from)
    if let name = stage.name, let context = context(named: name, for: platform) { return (platform, context, true) }
    let base = try base(of: stage.from, index, platform)
    // The empty image is for whatever the target is for.
    return (base == .scratch ? self.platform : platform, base, false)
  }

  /// What progress calls a stage, where there are several.
  private func title(of index: Int) -> String {
    dockerfile.stages.count == 1 ? "" : dockerfile.stages[index].name ?? "stage-\(index)"
  }

  private func platform(of from: FromInstruction) throws -> Platform {
    guard let word = from.platform else { return platform }
    let text = try dockerfile.expansion.expand(word, in: globals).text
    do { return try Platform(parsing: text) } catch let error as OCIError {
      throw PlanningError(error.diagnostics.map { $0.located(at: SourceAnnotation(dockerfile.file, word.range)) })
    }
  }

  private func base(of from: FromInstruction, _ index: Int, _ platform: Platform) throws -> ResolvedStage.Origin {
    let expanded = try dockerfile.expansion.expand(from.image, in: globals)
    let annotation = SourceAnnotation(dockerfile.file, from.image.range)
    guard !expanded.text.isEmpty else {
      throw PlanningError(
        "empty-base-image", "the name of the base image is empty: \(from.image.text)", at: annotation,
        help: expanded.unsetVariables.sorted().map(self.help(forUnset:)))
    }
    let name = expanded.text.lowercased()
    if let earlier = dockerfile.stages[..<index].lastIndex(where: { $0.name == name }) { return .stage(earlier) }
    if expanded.text == "scratch" { return .scratch }
    let reference = try reference(expanded.text, annotation)
    return context(ContextName(reference, for: nil), for: platform)
      ?? .image(ImageRequirement(reference, for: platform))
  }

  private func help(forUnset name: String) -> String {
    globals.declared.contains(name)
      ? "give it a value: --build-arg \(name)=…, or a default: ARG \(name)=…"
      : "declare it before the first FROM: ARG \(name)=…"
  }

  func reference(_ text: String, _ annotation: SourceAnnotation) throws -> ImageReference {
    do { return try ImageReference(parsing: text).withDefaultTag } catch let error as OCIError {
      throw PlanningError(error.diagnostics.map { $0.located(at: annotation) })
    }
  }

  // MARK: Named contexts

  private func context(named name: String, for platform: Platform) -> ResolvedStage.Origin? {
    guard let name = try? ImageReference(parsing: name) else { return nil }
    return context(ContextName(name, for: nil), for: platform)
  }

  /// What a name stands for instead of a stage or an image; nil when it is no named context.
  func context(_ name: ContextName, for platform: Platform) -> ResolvedStage.Origin? {
    let keys = [name.on(platform).description, name.description]
    // These two are never looked for (BuildKit, `namedContextFunc`).
    guard !["scratch", "context"].contains(name.name), let key = keys.first(where: { options.contexts[$0] != nil })
    else { return nil }
    switch options.contexts[key] {
    case nil: return nil
    case .folder?, .git?, .http?: return .context(key)
    case .image(let reference)?:
      if reference.familiarName == "scratch" { return .scratch }
      return .image(ImageRequirement(reference.withDefaultTag, for: platform))
    case .layout(let reference)?: return .image(ImageRequirement(reference, for: platform, layout: key))
    }
  }
}
