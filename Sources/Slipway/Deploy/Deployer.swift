import AWS
public import DeployPlugins
import Diagnostics
import HTTP
import HostOS
public import JSON
import Synchronization
public import SystemPackage

/// Asks plugins what they would do, and lets them do it. One for each run of a verb.
public struct Deployer: Sendable {
  let bench: Workbench
  /// In which plugins begin.
  public let source: FilePath
  public var search: PluginSearch
  public var surroundings: any DeploySurroundings = RealSurroundings()
  public var limits = PluginHost.Limits()
  /// Secrets beside those of the environment.
  public var secrets: [String] = []
  /// Gets every message of plugins and each answer, as JSON.
  public var record: @Sendable (JSONValue) -> Void = { _ in }
  /// Gets plans that are about to be carried out, for people.
  public var show: @Sendable (_ name: String, _ plan: DeploymentPlan) -> Void = { _, _ in }

  /// - Parameter source: the folder of what is deployed; no plugin is looked for in it.
  /// - Throws: `HostError`.
  public init(_ bench: Workbench, source: FilePath, executable: FilePath? = nil) throws {
    self.bench = bench
    self.source = try Files.realPath(source)
    let home = bench.environment.nonEmpty("HOME").flatMap { try? Files.realPath(FilePath($0)) }
    search = PluginSearch(
      builtIns: BuiltInPlugins.names, executable: try executable ?? Files.symbolicLinkTarget("/proc/self/exe"),
      environment: bench.environment, checkout: self.source == home || self.source == "/" ? nil : self.source)
  }

  /// What people may see of a text.
  public func masked(_ text: String) -> String { host(bench.environment).mask.masked(text) }

  private func host(_ environment: Environment) -> PluginHost {
    var host = PluginHost(environment: environment, folder: source)
    host.limits = limits
    host.secrets = secrets
    return host
  }

  // MARK: Before

  /// Finds a plugin and asks what it is.
  /// - Throws: `PluginError`, `SlipwayError`, `CancellationError`.
  func describe(_ target: DeployTarget) async throws -> (LocatedPlugin, PluginDescription) {
    do {
      let plugin = try search.find(target.plugin, pin: target.pin, from: source)
      return (plugin, try await host(bench.environment).describe(plugin))
    } catch let error as any DiagnosticError { throw SlipwayError(error, at: target.place) }
  }

  /// Fits a configuration to a plugin.
  /// - Parameter variables: what texts may name; those that are not there stay for later.
  /// - Throws: `SlipwayError` with all mistakes, each with its place.
  func configuration(
    _ target: DeployTarget, _ description: PluginDescription, _ request: DeployRequest, _ variables: [String: String]
  ) throws -> PluginConfiguration {
    let schema = JSONSchema(description.configSchema)
    var configuration = target.configuration
    configuration.fit(schema)
    configuration.expand(variables, schema)
    for setting in request.settings { try configuration.set(setting, schema) }
    let keys = schema.keys(at: .root)
    for (key, value) in [
      ("region", request.region), ("timeout", request.timeout), ("on-timeout", request.onTimeout),
      ("on-cancel", request.onCancel),
    ] {
      guard let value else { continue }
      if keys.contains(key) {
        try configuration.set(key, to: value, flag: "--\(key)")
      } else if key.hasPrefix("on-") {
        throw SlipwayError(
          "invalid-setting", "the plugin \(description.name) has no \(key)", help: ["leave --\(key) away"])
      }
    }
    if let timeout = request.timeout, Duration(text: timeout) == nil {
      throw SlipwayError("invalid-setting", "--timeout \(timeout) is no duration", help: ["write 30m, 90s or 1h30m"])
    }
    let problems = configuration.problems(schema)
    guard problems.isEmpty else { throw SlipwayError(problems, exitCode: .usage) }
    return configuration
  }

  /// - Throws: `SlipwayError` for variables that have no value.
  static func requireVariables(_ configuration: PluginConfiguration, _ variables: [String: String]) throws {
    let problems = configuration.unknownVariables(variables).map { name, pointer in
      configuration.diagnostic(
        .error, "invalid-configuration", "the variable \(name) is not set",
        help: [
          Suggestion.nearest(to: name, in: variables.keys.sorted()).map { "did you mean $\($0)?" }
            ?? "set it, or write $$ for a dollar"
        ], at: pointer)
    }
    guard problems.isEmpty else { throw SlipwayError(problems, exitCode: .usage) }
  }

  /// - Throws: `PluginError`, `SlipwayError`, `CancellationError`.
  func prepare(
    _ target: DeployTarget, _ images: [String: PluginImage], _ request: DeployRequest, _ variables: [String: String]
  ) async throws -> PreparedDeployment {
    let (plugin, description) = try await describe(target)
    let configuration = try configuration(target, description, request, variables)
    try Self.requireVariables(configuration, variables)
    var made = PluginRequest(
      .plan, id: UUIDText.random(), project: BuildVariables.project(of: source), images: images,
      config: configuration.value, isDryRun: request.isDryRun)
    made.region =
      request.region ?? configuration.value["region"]?.string ?? bench.environment.nonEmpty("AWS_REGION")
      ?? bench.environment.nonEmpty("AWS_DEFAULT_REGION")
    var prepared = PreparedDeployment(
      name: target.name.contains("/") ? description.name : target.name, plugin: plugin, description: description,
      configuration: configuration, request: made)
    if let timeout = request.timeout.flatMap({ Duration(text: $0) }) {
      // A plugin that knows of it ends by itself, and may go back before that, which takes its time, too.
      let isKnown = JSONSchema(description.configSchema).keys(at: .root).contains("timeout")
      prepared.limit = isKnown ? timeout * 2 + .seconds(600) : timeout
    }
    return prepared
  }

  /// Whether the credentials that plugins need are there: before anything is begun.
  /// - Throws: `AWSError`, `CancellationError`.
  func checkCredentials(_ descriptions: [PluginDescription]) async throws {
    guard !surroundings.isRehearsal, descriptions.contains(where: { $0.credentials.contains(.aws) }) else { return }
    _ = try await bench.ecrCredentials().client().credentials()
  }

  // MARK: Operations

  /// What deployments would do.
  /// - Throws: `PluginError`, `HostError`, `CancellationError`.
  func plan(_ deployment: PreparedDeployment, _ environment: Environment) async throws -> JSONValue {
    try await run(.plan, deployment, environment)
  }

  /// Carries out a plan.
  /// - Throws: `PluginError`, `HostError`, `CancellationError`.
  func apply(
    _ plan: JSONValue, _ deployment: PreparedDeployment, _ environment: Environment
  ) async throws -> DeploymentReport {
    var deployment = deployment
    deployment.request.plan = plan
    return try await recorded(.apply, deployment, DeploymentPlan(json: plan)) { [deployment] in
      try Self.report(try await run(.apply, deployment, environment))
    }
  }

  static func report(_ json: JSONValue) throws -> DeploymentReport {
    // The host has looked at it.
    guard let report = DeploymentReport(json: json) else {
      throw SlipwayError("defect", "a report that was checked is none", exitCode: .defect)
    }
    return report
  }

  func run(
    _ operation: PluginOperation, _ deployment: PreparedDeployment, _ environment: Environment
  ) async throws -> JSONValue {
    let display = PluginProgressDisplay(bench.progress, deployment.configuration, title: deployment.name)
    let limit = operation == .plan ? limits.plan : deployment.limit ?? limits.other
    let host = host(environment)
    let tell = { @Sendable (value: JSONValue) in record(Self.marked(value, operation, deployment)) }
    do {
      let result = try await host.run(
        deployment.request(operation, limit: operation == .plan ? nil : deployment.limit), deployment.plugin,
        deployment.description, deployment.configuration, limit: limit
      ) { event in
        if case .message(let message) = event, let json = try? message.json { tell(json) }
        if case .errorLine(let line) = event { tell(["type": "log", "stream": "stderr", "text": .string(line)]) }
        display.show(event)
      }
      display.end()
      tell(["type": "result", "result": result])
      return result
    } catch {
      display.end(error)
      tell(["type": "error", "error": Self.json(error)])
      throw error
    }
  }

  private static func marked(
    _ value: JSONValue, _ operation: PluginOperation, _ deployment: PreparedDeployment
  ) -> JSONValue {
    var value = value
    value["deployment"] = .string(deployment.name)
    value["operation"] = .string(operation.rawValue)
    value["at"] = .string(Timestamp.now.rfc3339)
    return value
  }

  private static func json(_ error: any Error) -> JSONValue {
    if let failure = (error as? PluginError)?.failure, let json = try? JSONValue(encoding: failure) { return json }
    let diagnostic = (error as? any DiagnosticError)?.diagnostics.first
    return [
      "code": .string(diagnostic?.code.rawValue ?? "cancelled"),
      "message": .string(diagnostic?.message ?? "it was told to stop"),
    ]
  }
}
