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

  /// The stages that the target needs, the target last, and the images that are still unknown.
  /// - Throws: `PlanningError` with the mistakes of all these stages.
  func resolve(_ known: [ImageRequirement: BaseImage]) throws -> (stages: [ResolvedStage], missing: [ImageRequirement])
  {
    var resolved: [Int: ResolvedStage] = [:]
    var missing: [ImageRequirement] = []
    var seen: Set<Int> = []
    var errors: [Diagnostic] = []
    var queue = [try targetIndex()]
    while let index = queue.popLast() {
      guard seen.insert(index).inserted else { continue }
      let stage = try resolve(stage: index, known, &errors)
      resolved[index] = stage
      for dependency in stage.dependencies {
        switch dependency {
        case .scratch: break
        case .stage(let other): queue.append(other)
        case .image(let image): if known[image] == nil, !missing.contains(image) { missing.append(image) }
        }
      }
    }
    guard errors.isEmpty else {
      throw PlanningError(errors.sorted { $0.offset < $1.offset })
    }
    return (resolved.values.sorted { $0.index < $1.index }, missing)
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

  /// Mistakes are added to `errors`, so that all are found; what has them is left out.
  private func resolve(
    stage index: Int, _ known: [ImageRequirement: BaseImage], _ errors: inout [Diagnostic]
  ) throws -> ResolvedStage {
    let stage = dockerfile.stages[index]
    let platform = try collect(&errors) { try self.platform(of: stage.from) } ?? self.platform
    let base = try collect(&errors) { try self.base(of: stage.from, index, platform) } ?? .scratch
    var resolved = ResolvedStage(
      index: index, title: title(of: index), platform: platform, base: base, from: stage.from, file: dockerfile.file,
      commands: [])
    resolved.commands = try collect(&errors) { try triggers(of: resolved, known) } ?? []
    for instruction in stage.instructions {
      let placed = try collect(&errors) { try command(instruction, in: dockerfile.file, dockerfile.escape, resolved) }
      if let placed { resolved.commands.append(placed) }
    }
    return resolved
  }

  /// What progress calls a stage: its platform and name, where there are several.
  private func title(of index: Int) -> String {
    let platform = options.platforms.count == 1 ? nil : self.platform.description
    let name = dockerfile.stages.count == 1 ? nil : dockerfile.stages[index].name ?? "stage-\(index)"
    return [platform, name].compactMap { $0 }.joined(separator: " ")
  }

  /// Nil when the body throws diagnostics, which are kept.
  private func collect<Result>(_ errors: inout [Diagnostic], _ body: () throws -> Result) throws -> Result? {
    do { return try body() } catch let error as any DiagnosticError {
      errors += error.diagnostics
      return nil
    }
  }

  private func platform(of from: FromInstruction) throws -> Platform {
    guard let word = from.platform else { return platform }
    let text = try dockerfile.expansion.expand(word, in: globals).text
    do { return try Platform(parsing: text) } catch let error as OCIError {
      throw PlanningError(error.diagnostics.map { $0.located(at: SourceAnnotation(dockerfile.file, word.range)) })
    }
  }

  private func base(of from: FromInstruction, _ index: Int, _ platform: Platform) throws -> ResolvedStage.Base {
    let expanded = try dockerfile.expansion.expand(from.image, in: globals)
    let annotation = SourceAnnotation(dockerfile.file, from.image.range)
    guard !expanded.text.isEmpty else {
      throw PlanningError(
        "empty-base-image", "the name of the base image is empty: \(from.image.text)", at: annotation,
        help: expanded.unsetVariables.sorted().map(self.help(forUnset:)))
    }
    if expanded.text == "scratch" { return .scratch }
    let name = expanded.text.lowercased()
    if let earlier = dockerfile.stages[..<index].lastIndex(where: { $0.name == name }) { return .stage(earlier) }
    return .image(ImageRequirement(try reference(expanded.text, annotation), for: platform))
  }

  private func help(forUnset name: String) -> String {
    globals.declared.contains(name)
      ? "give it a value: --build-arg \(name)=…, or a default: ARG \(name)=…"
      : "declare it before the first FROM: ARG \(name)=…"
  }

  private func reference(_ text: String, _ annotation: SourceAnnotation) throws -> ImageReference {
    do { return try ImageReference(parsing: text).withDefaultTag } catch let error as OCIError {
      throw PlanningError(error.diagnostics.map { $0.located(at: annotation) })
    }
  }

  // MARK: Instructions

  private func command(
    _ instruction: Instruction, in file: SourceFile, _ escape: EscapeCharacter, _ stage: ResolvedStage,
    isTrigger: Bool = false
  ) throws -> ResolvedStage.Command {
    var command = ResolvedStage.Command(
      instruction: instruction, file: file, escape: escape, isTrigger: isTrigger, origin: nil)
    if case .copy(let copy) = instruction.kind, let from = copy.from {
      command.origin = try origin(from, SourceAnnotation(file, from.range), stage)
    }
    return command
  }

  /// What COPY --from means: an earlier stage by name, then by number, else an image.
  private func origin(_ word: Word, _ annotation: SourceAnnotation, _ stage: ResolvedStage) throws -> ResolvedStage.Base
  {
    if word.text == "scratch" { return .scratch }
    let name = word.text.lowercased()
    let stages = dockerfile.stages
    if let index = stages[..<stage.index].lastIndex(where: { $0.name == name }) { return .stage(index) }
    let later = stages.indices.first { $0 >= stage.index && stages[$0].name == name }
    if let index = later ?? Int(word.text), index >= 0 {
      guard index < stages.count else {
        throw PlanningError(
          "unknown-stage", "there is no stage \(index)", at: annotation,
          help: [
            stage.index == 0
              ? "this is the first stage, so there is none to copy from"
              : "stages count from 0; the last one before this is \(stage.index - 1)"
          ])
      }
      guard index != stage.index else {
        throw PlanningError(
          "copy-from-itself", "a stage cannot copy from itself", at: annotation,
          help: ["name an earlier stage or an image; what the stage has already, RUN cp copies"])
      }
      guard index < stage.index else {
        throw PlanningError(
          "copy-from-later-stage", "stage \(word.text) is not built yet: files can be copied from earlier stages only",
          at: annotation,
          notes: [.init("the stage begins here", at: SourceAnnotation(dockerfile.file, stages[index].from.range))],
          help: ["move the stage above this one"])
      }
      return .stage(index)
    }
    if word.mayExpand {
      throw PlanningError(
        "variable-in-copy-from", "variables are not expanded in COPY --from", at: annotation,
        help: ["name a stage for it, FROM \(word.text) AS NAME, and copy with --from=NAME"])
    }
    do {
      return .image(ImageRequirement(try reference(word.text, annotation), for: stage.platform))
    } catch var error as PlanningError {
      let names = stages[..<stage.index].compactMap(\.name)
      if let nearest = Suggestion.nearest(to: word.text, in: names) {
        error.diagnostics[0].help.insert("did you mean the stage \(nearest)?", at: 0)
      }
      throw error
    }
  }

  // MARK: ONBUILD

  /// What ONBUILD of the base wants to be done first.
  private func triggers(of stage: ResolvedStage, _ known: [ImageRequirement: BaseImage]) throws -> [ResolvedStage
    .Command]
  {
    switch stage.base {
    case .scratch: return []
    case .stage(let index):
      return try dockerfile.stages[index].instructions.compactMap { instruction in
        guard case .onbuild(let onbuild) = instruction.kind else { return nil }
        return try command(onbuild.trigger, in: dockerfile.file, dockerfile.escape, stage, isTrigger: true)
      }
    case .image(let requirement):
      guard let image = known[requirement] else { return [] }
      return try (image.config.config?.onBuild ?? []).map { expression in
        try command(ofTrigger: expression, from: requirement, stage)
      }
    }
  }

  private func command(
    ofTrigger expression: String, from image: ImageRequirement, _ stage: ResolvedStage
  ) throws -> ResolvedStage.Command {
    let file = SourceFile(name: "<ONBUILD of \(image.reference.familiarDescription)>", text: expression)
    let parsed = Instruction.parse(file)
    guard let instruction = parsed.value else {
      throw PlanningError(
        parsed.diagnostics + [
          .error(
            "invalid-trigger",
            "the base image \(image.reference.familiarDescription) has an ONBUILD that cannot be read",
            at: SourceAnnotation(dockerfile.file, stage.from.range))
        ])
    }
    return try command(instruction, in: file, .backslash, stage, isTrigger: true)
  }
}

extension Diagnostic {
  /// Where it points to, in its file.
  fileprivate var offset: Int { annotation?.range.lowerBound ?? 0 }
}
