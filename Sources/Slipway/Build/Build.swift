import Archive
import BuildPlanning
import Builder
import Diagnostics
import DockerfileSyntax
import HostOS
import OCI
import Registry
import SystemPackage

/// `slipway build`: a Dockerfile and a context become an image.
public struct Build: Sendable {
  let request: BuildRequest
  let bench: Workbench
  /// One for the whole build: it remembers tokens, and how each registry is spoken to.
  private let registry: RegistryClient

  public init(_ request: BuildRequest, _ bench: Workbench) {
    self.request = request
    self.bench = bench
    registry = bench.registryClient()
  }

  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> BuildOutcome {
    let settings = try BuildSettings(request, bench.environment)
    let inputs = try BuildInputs(request)
    // Commands want more rights than a plain user has; whoever takes over begins anew, so it is asked before anything
    // is shown.
    if inputs.dockerfile.mentionsRun, let code = try await bench.enterUserNamespace() {
      return .delegated(exitCode: code.rawValue)
    }
    bench.progress.begin("[internal] load build definition from \(dockerfileName)").finish()
    for diagnostic in inputs.diagnostics { bench.progress.report(diagnostic) }
    let (plan, images) = try await plan(inputs, settings)
    for diagnostic in plan.diagnostics { bench.progress.report(diagnostic) }
    if plan.graph.runsCommands, let code = try await bench.enterUserNamespace() {
      return .delegated(exitCode: code.rawValue)
    }
    if plan.graph.runsCommands, let warning = bench.isolationWarning { bench.progress.report(warning) }
    var options = Builder.Options(epoch: settings.epoch)
    options.ignoresCache = request.ignoresCache
    options.annotations = settings.annotations
    let registry = registry
    let product = try await Builder(store: bench.store, options: options, progress: bench.progress).build(
      plan,
      .init(images: images, context: LocalContext(request.context, ignore: inputs.ignore)) { registry.blobs(of: $0) })
    return .built(try await deliver(product, settings))
  }

  private var dockerfileName: String { request.dockerfile?.lastComponent?.string ?? "Dockerfile" }

  // MARK: Plan

  private func plan(
    _ inputs: BuildInputs, _ settings: BuildSettings
  ) async throws -> (BuildPlan, [ImageRequirement: ResolvedImage]) {
    let planner = BuildPlanner(inputs.dockerfile, settings.options)
    var known: [ImageRequirement: BaseImage] = [:]
    var images: [ImageRequirement: ResolvedImage] = [:]
    while true {
      let missing = try planner.missingImages(known)
      if missing.isEmpty { break }
      let bases = BaseImages(
        store: bench.store.content, registry: registry, pullsAlways: request.pullsAlways,
        place: { [known] in planner.place(of: $0, known) }, progress: bench.progress)
      for (requirement, image) in try await bases.resolve(missing) {
        known[requirement] = BaseImage(pinned: image.reference, config: image.config)
        images[ImageRequirement(image.reference, for: requirement.platform)] = image
      }
    }
    return (try planner.plan(known), images)
  }

  // MARK: Deliver

  private func deliver(_ product: BuildProduct, _ settings: BuildSettings) async throws -> BuildResult {
    let delivery = BuildDelivery(product: product, names: settings.names, bench: bench, registry: registry)
    try delivery.name()
    var usedStandardOutput = false
    for output in settings.outputs {
      try await delivery.deliver(output)
      usedStandardOutput = usedStandardOutput || output.destination == .standardOutput
    }
    return BuildResult(
      names: settings.names, descriptor: product.descriptor, configDigest: product.onlyImage?.configDescriptor.digest,
      usedStandardOutput: usedStandardOutput)
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
