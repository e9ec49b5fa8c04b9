import Archive
import BuildPlanning
import Builder
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Registry
import RemoteSources
import Sandbox
import SystemPackage

/// `slipway build`: a Dockerfile and a context become an image.
public struct Build: Sendable {
  let request: BuildRequest
  let bench: Workbench
  /// One for the whole build: it remembers tokens, and how each registry is spoken to.
  let registry: RegistryClient
  private let ecr: ECRCredentials

  /// - Throws: `RegistryError` when what describes registries cannot be used; `SlipwayError` for what cannot be asked
  ///   for without a network.
  public init(_ request: BuildRequest, _ bench: Workbench) throws {
    self.request = try bench.isOffline ? request.offline() : request
    self.bench = bench
    ecr = bench.ecrCredentials()
    registry = try bench.registryClient(bench.credentials(ecr))
  }

  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> BuildOutcome {
    let settings = try BuildSettings(request, bench.environment)
    let argument = try ContextArgument(request.context)
    // Before anything is done in vain.
    if settings.opensShell { _ = try failureShell() }
    // What comes from elsewhere is fetched, and standard input read, by the process that builds.
    if request.call == .build, !argument.isFolder || request.dockerfile == "-",
      let code = try? await bench.enterUserNamespace(settings.isolation)
    {
      return .delegated(exitCode: code.rawValue)
    }
    // Answers write nothing, so they need no store that can be written to.
    let use = request.call == .build ? try await StoreUse(of: bench.store) : nil
    defer { use?.end() }
    return try await withContext(argument, settings) { context in
      let settings = try await settings.knowingEpoch { try await commitTime(of: context, settings) }
      let texts = try await BuildTexts(request.dockerfile, in: context, bench.input, remotes(settings))
      guard let use else { return .answered(try await answer(texts, settings)) }
      return try await run(texts, context, settings, use)
    }
  }

  private func run(
    _ texts: BuildTexts, _ context: OpenedContext, _ settings: BuildSettings, _ use: StoreUse
  ) async throws -> BuildOutcome {
    let inputs = try BuildInputs(texts)
    // Commands want more rights than a plain user has; whoever takes over begins anew, so it is asked before anything
    // is shown.
    if inputs.dockerfile.mentionsRun,
      let code = try await use.suspended({ try await bench.enterUserNamespace(settings.isolation) })
    {
      return .delegated(exitCode: code.rawValue)
    }
    bench.progress.begin("[internal] load build definition from \(texts.dockerfile.name)").finish()
    for diagnostic in inputs.diagnostics { bench.progress.report(diagnostic) }
    let planner = BuildPlanner(inputs.dockerfile, settings.options)
    let images = try await lookUpImages(of: planner, settings)
    try reportFindings(try check(texts, settings, planner, images.known))
    let plan = try planner.plan(images.known)
    for diagnostic in plan.diagnostics { bench.progress.report(diagnostic) }
    if plan.graph.runsCommands, !inputs.dockerfile.mentionsRun,
      let code = try await use.suspended({ try await bench.enterUserNamespace(settings.isolation) })
    {
      return .delegated(exitCode: code.rawValue)
    }
    if plan.graph.runsCommands, let warning = try await Blocking.run({ try bench.isolationWarning() }) {
      bench.progress.report(warning)
    }
    let local = context.local(ignoring: inputs.ignore, checkoutTime: settings.checkoutTime)
    try await settings.repositoryCreation?.make(settings.outputs.flatMap(\.registryNames), ecr, bench.progress)
    return .built(try await deliver(settings) { try await build(plan, images.resolved, local, settings, $0) })
  }

  private func failureShell() throws -> FailureShell {
    let kind = bench.environment.nonEmpty("TERM")
    guard let terminal = SandboxTerminal(input: bench.input, output: bench.output, kind: kind) else {
      throw SlipwayError(
        "no-terminal", "--on-error shell needs a terminal, and standard input or output is none",
        help: ["build in a terminal, without a pipe or a file in its place, or leave --on-error away"])
    }
    return FailureShell(terminal)
  }

  // MARK: Context

  /// What has to be unpacked for a context is removed after the body.
  private func withContext<Result: Sendable>(
    _ argument: ContextArgument, _ settings: BuildSettings, _ body: (OpenedContext) async throws -> Result
  ) async throws -> Result {
    if case .folder(let path) = argument { return try await body(OpenedContext(folder: path, isLocal: true)) }
    if argument == .standardInput, request.dockerfile == "-" {
      throw SlipwayError(
        "input-used-twice", "context and Dockerfile cannot both come from standard input",
        help: ["give the context as a folder, or leave --file - away: a Dockerfile may stand in the place of a context"]
      )
    }
    let work = try bench.store.makeWorkFolder()
    defer { try? Files.removeTree(work) }
    var opener = ContextOpener(
      standardInput: bench.input, remotes: remotes(settings), work: work, progress: bench.progress)
    opener.keepsGitFolder = ["1", "true"].contains(settings.options.arguments["BUILDKIT_CONTEXT_KEEP_GIT_DIR"])
    opener.takesTimeOfCommit = settings.timing != .none
    return try await body(try await opener.open(argument))
  }

  /// - Throws: `SlipwayError` with the code `no-commit`.
  private func commitTime(of context: OpenedContext, _ settings: BuildSettings) async throws -> Timestamp {
    do {
      return try await remotes(settings).time(ofCommit: context.commit, in: context.repository ?? context.folder)
    } catch let error as RemoteSourceError {
      throw SlipwayError(
        "no-commit", "--reproducible takes the time of a commit, and the context \(request.context) has none",
        notes: error.diagnostics.flatMap { [.init($0.message)] + $0.notes },
        help: ["build a git checkout, set SOURCE_DATE_EPOCH, or write --timestamp 0 in the place of --reproducible"])
    }
  }

  private func remotes(_ settings: BuildSettings) -> RemoteFetcher {
    let secrets = settings.secrets
    return bench.remoteFetcher(RemoteSecrets { try secrets[$0]?.read() })
  }

  // MARK: Look up

  /// What is known of the images that a Dockerfile needs: for the plan, and for carrying it out.
  struct KnownImages: Sendable {
    var known: [ImageRequirement: BaseImage] = [:]
    /// By pinned references.
    var resolved: [ImageRequirement: ResolvedImage] = [:]
  }

  func lookUpImages(of planner: BuildPlanner, _ settings: BuildSettings) async throws -> KnownImages {
    var images = KnownImages()
    while true {
      let missing = try planner.missingImages(images.known)
      if missing.isEmpty { return images }
      let bases = BaseImages(
        store: bench.store.content, registry: registry, layouts: settings.layouts(in: bench.store.content),
        pullsAlways: request.pullsAlways, isOffline: bench.isOffline,
        place: { [known = images.known] in planner.place(of: $0, known) }, progress: bench.progress)
      for (requirement, image) in try await bases.resolve(missing) {
        images.known[requirement] = BaseImage(pinned: image.reference, config: image.config)
        images.resolved[ImageRequirement(image.reference, for: requirement.platform)] = image
      }
    }
  }

  // MARK: Check

  /// What the checks find, knowing the base images.
  func check(
    _ texts: BuildTexts, _ settings: BuildSettings, _ planner: BuildPlanner, _ known: [ImageRequirement: BaseImage]
  ) throws -> CheckReport {
    var context = try CheckContext(settings, ignoreFile: texts.ignore)
    let (stages, bases) = try planner.bases(known)
    context.builtStages = stages
    context.know(bases)
    return Dockerfile.parse(texts.dockerfile).check(context)
  }

  /// Findings are told in short; the build ends here when it permits none (`# check=error=true`).
  private func reportFindings(_ report: CheckReport) throws {
    if let violation = report.violation { throw SlipwayError(report.findings + [violation], exitCode: .findings) }
    if let summary = report.summary { bench.progress.report(summary) }
  }

  // MARK: Build

  private func build(
    _ plan: BuildPlan, _ images: [ImageRequirement: ResolvedImage], _ context: LocalContext, _ settings: BuildSettings,
    _ pushes: [RegistryPush]
  ) async throws -> BuildProduct {
    var options = Builder.Options(epoch: settings.epoch)
    options.ignoresCache = request.ignoresCache
    options.annotations = settings.annotations
    options.compression = settings.compression
    options.isolation = settings.isolation
    options.runTimeout = settings.runTimeout
    if settings.opensShell { options.failureShell = try failureShell() }
    if let jobs = request.jobs { options.jobs = jobs }
    options.embedsCache = settings.embedsCache
    options.keepsBase = settings.keepsBase
    options.waitsForDisk = !settings.isPushedAlone
    options.onWork = {
      for push in pushes { push.expectWork() }
    }
    options.onLayers = { layers in
      for push in pushes { push.add(layers) }
    }
    options.onGrowth = { blob in pushes.first(where: \.takesGrowingLayers)?.add(blob) }
    let registry = registry
    var inputs = Builder.Inputs(images: images, context: context) { registry.blobs(of: $0) }
    inputs.namedContexts = try settings.namedContexts
    inputs.remotes = remotes(settings)
    inputs.secrets = settings.secrets
    inputs.agents = settings.agents
    inputs.caches = settings.caches(in: registry)
    return try await Builder(store: bench.store, options: options, progress: bench.progress).build(plan, inputs)
  }

  // MARK: Deliver

  /// Brings what `build` makes to where it is wanted. Pushes begin with the build, and either ends with the other's
  /// failure.
  private func deliver(
    _ settings: BuildSettings, _ build: @escaping @Sendable ([RegistryPush]) async throws -> BuildProduct
  ) async throws -> BuildResult {
    let pushes = RegistryPush.pushes(settings.outputs, bench: bench, registry: registry)
    let made = try await withThrowingTaskGroup(of: (BuildProduct, named: BuildProduct)?.self) { group in
      for push in pushes {
        group.addTask {
          try await push.run()
          return nil
        }
      }
      group.addTask {
        let product = try await build(pushes)
        for push in pushes { push.finish(product) }
        // Names stand for the image as the first output has it.
        let compression = settings.outputs.first?.compression ?? .usual
        let named = try await product.converted(by: compression.conversion(bench))
        for name in settings.names { try bench.store.content.tag(named.descriptor, as: name) }
        let delivery = BuildDelivery(product: product, names: settings.names, bench: bench)
        for output in settings.outputs { try await delivery.deliver(output) }
        return (product, named)
      }
      return try await group.reduce(nil) { $0 ?? $1 }
    }
    guard let (product, named) = made else { throw CancellationError() }
    for export in settings.cacheExports {
      try await CacheDelivery(product: product, settings: settings, bench: bench, registry: registry).deliver(export)
    }
    return BuildResult(
      names: settings.names, descriptor: named.descriptor, configDigest: named.onlyImage?.configDescriptor.digest,
      usedStandardOutput: settings.outputs.contains { $0.destination == .standardOutput })
  }
}

extension CheckReport {
  /// All findings as one warning, a line each; nil when there are none.
  fileprivate var summary: Diagnostic? {
    guard let first = findings.first?.annotation else { return nil }
    let count = findings.count == 1 ? "1 thing" : "\(findings.count) things"
    return .warning(
      "checks", "the checks found \(count) in \(first.file.name)",
      notes: findings.map { finding in
        let line = finding.annotation.map { "line \($0.file.location(at: $0.range.lowerBound).line): " } ?? ""
        return .init("\(line)\(finding.code.rawValue): \(finding.message)")
      },
      help: ["slipway check \(first.file.name) shows the places, and each rule has a page in docs/checks"])
  }
}

extension Dockerfile {
  /// Whether any stage runs a command, or leaves one to its children.
  fileprivate var mentionsRun: Bool {
    stages.contains { $0.instructions.contains(where: \.isRun) }
  }
}

extension Instruction {
  fileprivate var isRun: Bool {
    switch kind {
    case .run: true
    case .onbuild(let onbuild): onbuild.trigger.isRun
    default: false
    }
  }
}
