import Buildspec
import DeployPlugins
import Diagnostics
import HostOS
import Synchronization
import SystemPackage

/// The deployments of a buildspec, which plugins carry out behind the artifacts.
struct PipelineDeployments: Sendable {
  private let deployer: Deployer
  private let spec: Buildspec
  private let targets: [DeployTarget]
  private let request: DeployRequest

  /// - Throws: `HostError`.
  init(_ spec: Buildspec, source: FilePath, _ pipeline: PipelineRequest, _ bench: Workbench, _ log: RunLog) throws {
    var deployer = try Deployer(bench, source: source)
    deployer.show = { name, plan in log.say("\n" + PlanText().text(name, plan)) }
    deployer.surroundings = pipeline.surroundings
    self.deployer = deployer
    var request = DeployRequest()
    request.timeout = pipeline.deployTimeout
    self.request = request
    self.spec = spec
    targets = spec.section.deployments.map { DeployTarget($0, in: spec) }
  }

  /// Whether there is a plugin that can carry it out.
  func isAvailable(_ deployment: SlipwaySection.Deployment) -> Bool {
    (try? deployer.search.find(deployment.plugin.value, from: deployer.source)) != nil
  }

  /// Looks at all that can be known to be wrong before the first phase: plugins, configurations, credentials.
  /// - Parameter variables: those that the first command will have.
  /// - Throws: `SlipwayError`, `PluginError`, `AWSError`; `CancellationError`.
  func check(_ variables: [String: String]) async throws {
    var descriptions: [PluginDescription] = []
    var problems: [Diagnostic] = []
    for target in targets {
      let (_, description) = try await deployer.describe(target)
      descriptions.append(description)
      do { _ = try deployer.configuration(target, description, request, variables) } catch let error
        as SlipwayError
      { problems += error.diagnostics }
    }
    guard problems.isEmpty else { throw SlipwayError(problems, exitCode: .usage) }
    try await deployer.checkCredentials(descriptions)
  }

  /// Carries them out, one after the other; the first failure ends it.
  /// - Parameters:
  ///   - built: the images of the section.
  ///   - variables: those that the last command left.
  /// - Throws: `PluginError`, `SlipwayError`; `CancellationError`.
  func run(
    _ built: [String: PipelineResult.Image], _ variables: [String: String],
    _ finished: (DeploymentResult) -> Void
  ) async throws {
    let resolver = DeployImages(bench: deployer.bench, resolves: true)
    var prepared: [PreparedDeployment] = []
    for target in targets {
      let images = try await images(of: target, built, resolver, variables)
      prepared.append(try await deployer.prepare(target, images, request, variables))
    }
    // Credentials that commands have got are those of the deployment.
    var environment = deployer.bench.environment
    environment.variables.merge(variables.filter { $0.key.hasPrefix("AWS_") }) { $1 }
    let results = Mutex<[DeploymentResult]>([])
    defer { for result in results.withLock({ $0 }) { finished(result) } }
    try await deployer.surroundings.with(prepared, environment) { [prepared] environment in
      for deployment in prepared {
        let result = try await deployer.carryOut(deployment, environment, isDryRun: false)
        results.withLock { $0.append(result) }
      }
    }
  }

  private func images(
    of target: DeployTarget, _ built: [String: PipelineResult.Image], _ resolver: DeployImages,
    _ variables: [String: String]
  ) async throws -> [String: PluginImage] {
    if !target.images.isEmpty { return try await resolver.images(try target.imageArguments(variables)) }
    if built.isEmpty { return try await resolver.images(try DeployImages.written(in: deployer.source)) }
    let platforms = Dictionary(spec.section.images.map { ($0.name.value, $0.platforms.map(\.value)) }) { $1 }
    return built.reduce(into: [:]) { images, entry in
      let (name, image) = entry
      images[name] = PluginImage(
        reference: image.reference, digest: image.digest,
        tag: image.tags.first?.split(separator: ":").last.map(String.init),
        platforms: (platforms[name] ?? []).filter { !$0.contains("$") })
    }
  }
}

extension PipelineRun {
  /// The phase DEPLOY, behind everything else; nothing of it happens behind a failure.
  func deploy(_ state: RunState, _ runner: PhaseRunner, _ result: inout PipelineResult) async throws {
    guard !spec.section.deployments.isEmpty, result.succeeded else { return }
    let start = ContinuousClock.now
    log.line("Entering phase DEPLOY")
    var variables = try await Blocking.run { try state.session.allValues() }
    variables.merge(bench.environment.variables) { own, _ in own }
    var failure: Diagnostic?
    do {
      let deployments = try PipelineDeployments(spec, source: source, request, bench, log)
      try await deployments.run(result.images, variables) { result.deployments.append($0) }
    } catch let error as any DiagnosticError {
      failure = error.diagnostics.first
      result.problems += error.diagnostics
      result.deploymentFailure = error.exitCode
    }
    let outcome = PhaseOutcome(
      "DEPLOY", succeeded: failure == nil, statusCode: failure == nil ? "" : "DEPLOYMENT_ERROR",
      message: failure?.message ?? "", duration: ContinuousClock.now - start)
    runner.tell(outcome)
    result.phases.append(outcome)
  }
}
