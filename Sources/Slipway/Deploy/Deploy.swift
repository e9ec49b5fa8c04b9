import Buildspec
public import DeployPlugins
import Diagnostics
import HostOS
public import JSON
import SystemPackage

/// The deploy verbs: what is asked for, prepared whole before anything is changed, and carried out one after the other.
public struct Deploy: Sendable {
  let deployer: Deployer
  let request: DeployRequest

  public init(_ request: DeployRequest, _ deployer: Deployer) {
    self.request = request
    self.deployer = deployer
  }

  // MARK: Verbs

  /// `plan`, `diff`: what would be done.
  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func plan() async throws -> [PlannedDeployment] {
    let prepared = try await prepare()
    return try await deployer.surroundings.with(prepared, deployer.bench.environment) { environment in
      try await plan(prepared, environment)
    }
  }

  /// `deploy`: plans, and carries the plans out; with `isDryRun` only the former.
  /// - Throws: as `plan`.
  public func run() async throws -> [DeploymentResult] {
    let prepared = try await prepare()
    return try await deployer.surroundings.with(prepared, deployer.bench.environment) { environment in
      try await run(prepared, environment)
    }
  }

  /// `status`, and with `waits` `wait`.
  /// - Throws: as `plan`.
  public func status(waits: Bool) async throws -> [DeploymentResult] {
    try await reports(.status) { $0.waits = waits }
  }

  /// What somebody says to a deployment that waits for approval.
  public enum Decision: String, Sendable { case approve, reject }

  /// `deploy approve` and `deploy reject`.
  /// - Parameter hook: what waits, where that is more than one thing.
  /// - Throws: as `plan`.
  public func decide(_ decision: Decision, hook: String?) async throws -> [DeploymentResult] {
    var value: JSONValue = ["action": .string(decision.rawValue)]
    if let hook { value["hook"] = .string(hook) }
    return try await reports(.status) { [value] request in request.decision = value }
  }

  /// `rollback`: back to the last deployment that succeeded.
  /// - Throws: as `plan`.
  public func rollback() async throws -> [DeploymentResult] { try await reports(.rollback) { _ in } }

  // MARK: Steps

  private func prepare() async throws -> [PreparedDeployment] {
    let (targets, variables) = try targets()
    if targets.count > 1, !request.settings.isEmpty {
      throw SlipwayError(
        "invalid-setting", "--set is for one deployment, and there are \(targets.count)",
        help: ["say which one: --name \(targets[0].name)"])
    }
    let resolver = DeployImages(bench: deployer.bench, resolves: request.resolvesTags)
    let named = try await resolver.images(request.images)
    var prepared: [PreparedDeployment] = []
    for target in targets {
      let images = try await self.images(of: target, named, resolver, variables)
      prepared.append(try await deployer.prepare(target, images, request, variables))
    }
    return prepared
  }

  private func targets() throws -> ([DeployTarget], [String: String]) {
    var variables = deployer.bench.environment.variables
    guard let plugin = request.plugin else {
      let file = try BuildspecFile.read(request.buildspec, in: deployer.source)
      let spec = try Buildspec.checked(file)
      for variable in spec.environment.variables where variables[variable.name.value] == nil {
        variables[variable.name.value] = variable.value.value
      }
      return (try DeployTarget.all(in: spec, named: request.name), variables)
    }
    let configuration = try request.configFile.map { try PluginConfiguration(file: $0) } ?? PluginConfiguration()
    return ([DeployTarget(plugin: plugin, pin: request.pin, configuration: configuration)], variables)
  }

  /// Those of the command line, else those that the deployment names, else CodePipeline's files.
  private func images(
    of target: DeployTarget, _ named: [String: PluginImage], _ resolver: DeployImages, _ variables: [String: String]
  ) async throws -> [String: PluginImage] {
    if request.plugin != nil || !named.isEmpty { return named }
    guard target.images.isEmpty else {
      return try await resolver.images(try target.imageArguments(variables))
    }
    return try await resolver.images(try DeployImages.written(in: deployer.source))
  }

  private func plan(
    _ prepared: [PreparedDeployment], _ environment: Environment
  ) async throws -> [PlannedDeployment] {
    var planned: [PlannedDeployment] = []
    for deployment in prepared {
      planned.append(PlannedDeployment(deployment, try await deployer.plan(deployment, environment)))
    }
    return planned
  }

  private func run(_ prepared: [PreparedDeployment], _ environment: Environment) async throws -> [DeploymentResult] {
    var results: [DeploymentResult] = []
    for deployment in prepared {
      results.append(try await deployer.carryOut(deployment, environment, isDryRun: request.isDryRun))
    }
    return results
  }

  private func reports(
    _ operation: PluginOperation, _ change: @escaping @Sendable (inout PluginRequest) -> Void
  ) async throws -> [DeploymentResult] {
    let prepared = try await prepare()
    return try await deployer.surroundings.with(prepared, deployer.bench.environment) { environment in
      var results: [DeploymentResult] = []
      for var deployment in prepared {
        change(&deployment.request)
        var result = DeploymentResult(deployment)
        if operation == .rollback {
          deployment.request.previous = deployer.previous(of: deployment)
          result.report = try await deployer.recorded(.rollback, deployment, nil) { [deployment] in
            try Deployer.report(try await deployer.run(.rollback, deployment, environment))
          }
        } else {
          result.report = try Deployer.report(try await deployer.run(operation, deployment, environment))
        }
        results.append(result)
      }
      return results
    }
  }
}

extension Deployer {
  /// Plans a deployment, shows the plan, and carries it out.
  func carryOut(
    _ deployment: PreparedDeployment, _ environment: Environment, isDryRun: Bool
  ) async throws -> DeploymentResult {
    let planned = PlannedDeployment(deployment, try await plan(deployment, environment))
    show(deployment.name, planned.plan)
    var result = DeploymentResult(deployment)
    result.plan = planned.plan
    if isDryRun { return result }
    let report = try await apply(planned.json, deployment, environment)
    result.report = report
    try result.check()
    return result
  }
}

extension DeploymentResult {
  init(_ deployment: PreparedDeployment) {
    self.init(
      name: deployment.name, plugin: deployment.description.name, version: deployment.description.version,
      images: deployment.request.images)
  }

  /// - Throws: `SlipwayError` for a report of what did not succeed, with the exit code of its state.
  public func check() throws {
    guard let report, report.exitCode != .success else { return }
    throw SlipwayError(
      DiagnosticCode(rawValue: "deployment-\(report.state.rawValue)"),
      report.summary.isEmpty ? "the deployment \(name) is \(report.state.rawValue)" : report.summary,
      help: ["look how things are: slipway status"], exitCode: report.exitCode)
  }
}

/// A deployment with its plan.
public struct PlannedDeployment: Sendable {
  public let deployment: PreparedDeployment
  public let plan: DeploymentPlan
  /// As the plugin made it.
  public let json: JSONValue

  init(_ deployment: PreparedDeployment, _ json: JSONValue) {
    self.deployment = deployment
    self.json = json
    plan = DeploymentPlan(json: json) ?? DeploymentPlan(summary: "")
  }

  /// For programs.
  public var document: JSONValue {
    var result = DeploymentResult(deployment)
    result.plan = plan
    return result.json
  }
}

extension DeployTarget {
  /// The images that it names, as `--image` has them.
  /// - Throws: `SlipwayError` for variables that have no value.
  func imageArguments(_ variables: [String: String]) throws -> [String] {
    try images.map { name, written in
      var value = PluginConfiguration(text: written.value)
      value.expand(variables, JSONSchema(true))
      guard let unknown = value.unknownVariables(variables).first?.name else {
        return "\(name)=\(value.value.string ?? written.value)"
      }
      throw SlipwayError(
        [
          .error(
            "invalid-configuration", "the variable \(unknown) is not set",
            at: place.map { SourceAnnotation($0.file, written.range) }, help: ["set it before the deployment"])
        ], exitCode: .usage)
    }
  }
}
