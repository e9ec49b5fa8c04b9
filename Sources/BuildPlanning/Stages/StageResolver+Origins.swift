import Diagnostics
import DockerfileSyntax
import OCI

/// What instructions read beside the tree that they change.
extension StageResolver {
  func command(
    _ instruction: Instruction, in file: SourceFile, _ escape: EscapeCharacter, _ stage: ResolvedStage,
    isTrigger: Bool = false
  ) throws -> ResolvedStage.Command {
    var command = ResolvedStage.Command(
      instruction: instruction, file: file, escape: escape, isTrigger: isTrigger,
      stagePlace: SourceAnnotation(stage.file, stage.from.range))
    var errors: [Diagnostic] = []
    for word in command.originWords {
      guard let word else {
        command.origins.append(nil)
        continue
      }
      let annotation = SourceAnnotation(file, word.range)
      do {
        if case .copy = instruction.kind {
          command.origins.append(try origin(ofCopy: word, annotation, stage))
        } else {
          command.origins.append(try origin(ofMount: word, annotation, stage))
        }
      } catch let error as PlanningError {
        errors += error.diagnostics
      }
    }
    guard errors.isEmpty else { throw PlanningError(errors) }
    return command
  }

  // MARK: Names

  /// What COPY --from means: an earlier stage by name, then by number, else a named context or an image.
  private func origin(
    ofCopy word: Word, _ annotation: SourceAnnotation, _ stage: ResolvedStage
  ) throws -> ResolvedStage.Origin {
    if let index = dockerfile.stages.index(named: word.text, before: stage.index) { return .stage(index) }
    if word.text == "scratch" { return .scratch }
    if let index = dockerfile.stages.index(named: word.text, from: stage.index) ?? Int(word.text), index >= 0 {
      return try origin(stage: index, word, annotation, stage)
    }
    if word.mayExpand {
      throw PlanningError(
        "variable-in-copy-from", "variables are not expanded in COPY --from", at: annotation,
        help: ["name a stage for it, FROM \(word.text) AS NAME, and copy with --from=NAME"])
    }
    return try image(word, annotation, stage)
  }

  /// What `from` of a mount means: an earlier stage by name, else a named context or an image. Numbers are no stages
  /// here.
  private func origin(
    ofMount word: Word, _ annotation: SourceAnnotation, _ stage: ResolvedStage
  ) throws -> ResolvedStage.Origin {
    if let index = dockerfile.stages.index(named: word.text, before: stage.index) { return .stage(index) }
    if word.text == "scratch" { return .scratch }
    if let index = dockerfile.stages.index(named: word.text, from: stage.index) {
      guard index != stage.index else {
        throw PlanningError(
          "mount-from-itself", "a stage cannot mount its own files", at: annotation,
          help: ["name an earlier stage or an image; what the stage has already, the command sees"])
      }
      throw PlanningError(
        "mount-from-later-stage",
        "stage \(word.text) is not built yet: files of earlier stages can be mounted only", at: annotation,
        notes: [
          .init("the stage begins here", at: SourceAnnotation(dockerfile.file, dockerfile.stages[index].from.range))
        ],
        help: ["move the stage above this one"])
    }
    return try image(word, annotation, stage)
  }

  private func origin(
    stage index: Int, _ word: Word, _ annotation: SourceAnnotation, _ stage: ResolvedStage
  ) throws -> ResolvedStage.Origin {
    let stages = dockerfile.stages
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

  /// What is no stage. It is taken for the target's platform, whatever the stage is for.
  private func image(
    _ word: Word, _ annotation: SourceAnnotation, _ stage: ResolvedStage
  ) throws -> ResolvedStage.Origin {
    do {
      let reference = try reference(word.text, annotation)
      return context(ContextName(reference, for: nil), for: platform)
        ?? .image(ImageRequirement(reference, for: platform))
    } catch var error as PlanningError {
      let names = dockerfile.stages[..<stage.index].compactMap(\.name)
      if let nearest = Suggestion.nearest(to: word.text, in: names) {
        error.diagnostics[0].help.insert("did you mean the stage \(nearest)?", at: 0)
      }
      throw error
    }
  }

  // MARK: ONBUILD

  /// What ONBUILD of the base wants to be done first.
  func triggers(of stage: ResolvedStage, _ known: [ImageRequirement: BaseImage]) throws -> [ResolvedStage.Command] {
    switch stage.base {
    case .scratch, .context: return []
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

extension [Stage] {
  /// Of several stages of a name, the last one before `end`.
  fileprivate func index(named name: String, before end: Int) -> Int? {
    self[..<end].lastIndex { $0.name == name.lowercased() }
  }

  fileprivate func index(named name: String, from start: Int) -> Int? {
    self[start...].firstIndex { $0.name == name.lowercased() }
  }
}
