import Buildspec
import Diagnostics
import HostOS
import OCI
import SystemPackage

extension PipelineRun {
  /// Builds the images of the section side by side, and pushes them. What fails fails the phase `build`.
  func buildImages(
    _ state: RunState, _ outcome: inout PhaseOutcome, _ result: inout PipelineResult
  ) async throws {
    let images = spec.section.images
    guard !images.isEmpty else { return }
    let start = ContinuousClock.now
    do {
      let requests = try await requests(for: images, state)
      for image in images { log.line("Building image \(image.name.value)") }
      let results = try await requests.mapSideBySide(limit: request.jobs ?? 4) { request in try await build(request) }
      for (image, built) in zip(images, results) {
        let answer = PipelineResult.Image(
          reference: built.answer, tags: built.names.map(\.familiarDescription),
          digest: built.descriptor.digest.description,
          pushed: image.isPushed)
        result.images[image.name.value] = answer
        state.session.set(image.variable, answer.reference)
        log.line("Built image \(image.name.value): \(answer.reference)")
      }
      try writeOutputs(result)
    } catch let error as any DiagnosticError {
      result.problems += error.diagnostics
      outcome = PhaseOutcome(
        outcome.name, succeeded: false, statusCode: "IMAGE_BUILD_ERROR",
        message: error.diagnostics.first?.message ?? "", duration: outcome.duration + (ContinuousClock.now - start))
    }
  }

  private func build(_ request: BuildRequest) async throws -> BuildResult {
    switch try await Build(request, bench).run() {
    case .built(let result): return result
    case .answered, .delegated:
      throw SlipwayError(
        "image-not-built", "the image of \(request.context) was not built",
        help: ["this is a defect of Slipway: please report it"], exitCode: .defect)
    }
  }

  // MARK: Requests

  /// With the variables that the commands left.
  private func requests(for images: [SlipwaySection.Image], _ state: RunState) async throws -> [BuildRequest] {
    let environment = Environment(
      try await Blocking.run { try state.session.allValues() }.merging(bench.environment.variables) { own, _ in own })
    return try await images.mapSideBySide(limit: 1) { image in
      try await self.request(for: image, SectionExpansion(spec: spec, session: state.session, environment: environment))
    }
  }

  private func request(for image: SlipwaySection.Image, _ expansion: SectionExpansion) async throws -> BuildRequest {
    let context = try await expansion.text(image.context) ?? "."
    var made = BuildRequest(context: isLocal(context) ? source.pushing(FilePath(context)).string : context)
    if let file = try await expansion.text(image.dockerfile) {
      made.dockerfile = isLocal(file) ? dockerfile(file, made.context) : file
    }
    made.target = try await expansion.text(image.target)
    made.tags = try await expansion.texts(image.tags)
    made.platforms = try await expansion.texts(image.platforms)
    made.buildArguments = try await expansion.pairs(image.arguments)
    made.labels = try await expansion.pairs(image.labels)
    made.annotations = try await expansion.pairs(image.annotations)
    made.buildContexts = try await expansion.pairs(image.buildContexts)
    made.secrets = try await expansion.texts(image.secrets)
    made.cacheImports = try await expansion.texts(image.cacheFrom)
    made.cacheExports = try await expansion.texts(image.cacheTo)
    if let network = try await expansion.text(image.network) { made.network = network }
    made.repositoryCreation = try await expansion.text(image.ecrCreate)
    made.pushes = image.isPushed
    made.jobs = request.jobs
    // The time that the commands were told, so that both agree.
    made.timestamp = expansion.environment.nonEmpty(BuildEpoch.name)
    return made
  }

  private func isLocal(_ text: String) -> Bool { !text.contains("://") && !text.hasPrefix("git@") && text != "-" }

  /// As compose and buildx have it: in the context; else in the source.
  private func dockerfile(_ file: String, _ context: String) -> String {
    let inContext = FilePath(context).pushing(FilePath(file))
    if (try? FileStatus(following: inContext)) != nil { return inContext.string }
    return source.pushing(FilePath(file)).string
  }

  // MARK: Files

  /// `imagedefinitions.json` and `imageDetail.json`, for CodePipeline.
  private func writeOutputs(_ result: PipelineResult) throws {
    for output in spec.section.outputs {
      let containers =
        output.containers.isEmpty
        ? result.images.keys.sorted().map { ($0, $0) } : output.containers.map { ($0.name.value, $0.value.value) }
      let path = source.pushing(FilePath(output.path?.value ?? output.kind.value.rawValue))
      let bytes: [UInt8]
      switch output.kind.value {
      case .imageDefinitions:
        bytes = try JSONDocument.encode(
          containers.map { ["name": $0.0, "imageUri": result.images[$0.1]?.reference ?? ""] }, pretty: true)
      case .imageDetail:
        bytes = try JSONDocument.encode(
          ["ImageURI": containers.first.flatMap { result.images[$0.1]?.reference } ?? ""], pretty: true)
      }
      try Files.writeAtomically(bytes, to: path)
    }
  }
}

/// Puts variables into the texts of the section.
struct SectionExpansion: Sendable {
  let spec: Buildspec
  let session: ShellSession
  let environment: Environment

  func text(_ written: WrittenText?) async throws -> String? {
    guard let written else { return nil }
    return try await texts([written]).first
  }

  /// - Throws: `SlipwayError` for variables that are not set.
  func texts(_ written: [WrittenText]) async throws -> [String] {
    for text in written { try check(text) }
    guard written.contains(where: { $0.value.contains("$") || $0.value.contains("`") }) else {
      return written.map(\.value)
    }
    let session = session
    guard let values = try await Blocking.run({ try session.evaluate(written.map(\.value)) { _ in } }) else {
      throw SlipwayError(
        [
          .error(
            .buildspecValue, "the shell cannot make a value of this",
            at: written.first.map { spec.annotation($0.range) },
            help: ["correct the variables and substitutions in it"])
        ], exitCode: .failure)
    }
    return values
  }

  func pairs(_ variables: [EnvironmentSection.Variable]) async throws -> [String] {
    let values = try await texts(variables.map(\.value))
    return zip(variables, values).map { "\($0.name.value)=\($1)" }
  }

  private func check(_ text: WrittenText) throws {
    for match in text.value.matches(of: #/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/#) {
      let name = String(match.1 ?? match.2 ?? "")
      guard environment[name] == nil else { continue }
      throw SlipwayError(
        [
          .error(
            .buildspecValue, "the variable \(name) is not set", at: spec.annotation(text.range),
            help: [
              Suggestion.nearest(to: name, in: environment.variables.keys.sorted()).map { "did you mean $\($0)?" }
                ?? "set it in env/variables or in a command, or write ${\(name):-default}"
            ])
        ], exitCode: .failure)
    }
  }
}
