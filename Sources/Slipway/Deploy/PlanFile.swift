import DeployPlugins
import Diagnostics
import HostOS
import JSON
public import SystemPackage

/// Plans on their way from `slipway plan --plan-out` to `slipway apply --plan`: what was asked for, who planned it, and
/// the plan verbatim.
public struct PlanFile: Sendable {
  /// One of several deployments.
  struct Entry: Sendable {
    var name: String
    var plugin: String
    var version: String
    /// Of the plugin's file.
    var digest: String
    var request: JSONValue
    var limit: String?
    var plan: JSONValue
  }

  var entries: [Entry]

  /// - Throws: `HostError` when a plugin's file cannot be read any more.
  public init(_ planned: [PlannedDeployment]) throws {
    entries = try planned.map { item in
      Entry(
        name: item.deployment.name,
        plugin: item.deployment.plugin.isBuiltIn ? item.deployment.plugin.name : item.deployment.plugin.path.string,
        version: item.deployment.description.version, digest: try item.deployment.plugin.digest(),
        request: item.deployment.request.json, limit: item.deployment.limit?.text, plan: item.json)
    }
  }

  // MARK: Text

  /// - Throws: `HostError`.
  public func write(to path: FilePath) throws {
    let deployments = entries.map { entry in
      var value: JSONValue = [
        "name": .string(entry.name), "plugin": .string(entry.plugin), "version": .string(entry.version),
        "sha256": .string(entry.digest), "request": entry.request,
      ]
      value["limit"] = entry.limit.map { .string($0) }
      value["plan"] = entry.plan
      return value
    }
    let document: JSONValue = ["slipway-plan": 1, "deployments": .array(deployments)]
    try Files.writeAnswer(Array((document.prettyText + "\n").utf8), to: path)
  }

  /// - Throws: `SlipwayError` with the code `invalid-plan`; `HostError`.
  public init(reading path: FilePath) throws {
    func invalid(_ reason: String) -> SlipwayError {
      SlipwayError(
        "invalid-plan", "\(path) is no plan of slipway: \(reason)", help: ["make one: slipway plan --plan-out \(path)"])
    }
    let bytes = try Files.read(path, limit: 64 << 20)
    let document: JSONValue
    do { document = try JSONValue(parsing: bytes) } catch { throw invalid("\(error)") }
    guard document["slipway-plan"]?.int == 1, let list = document["deployments"]?.array else {
      throw invalid(document["slipway-plan"] == nil ? "it has no member slipway-plan" : "its version is another one")
    }
    entries = try list.map { value in
      guard let plugin = value["plugin"]?.string, let version = value["version"]?.string,
        let digest = value["sha256"]?.string, let request = value["request"], let plan = value["plan"],
        (try? PluginRequest(json: request)) != nil, DeploymentPlan(json: plan) != nil
      else { throw invalid("a deployment in it is damaged") }
      return Entry(
        name: value["name"]?.string ?? plugin, plugin: plugin, version: version, digest: digest, request: request,
        limit: value["limit"]?.string, plan: plan)
    }
  }
}

/// `apply --plan`: carries plans out as they were made.
public struct ApplyPlan: Sendable {
  private let file: PlanFile
  private let deployer: Deployer

  public init(_ file: PlanFile, _ deployer: Deployer) {
    self.file = file
    self.deployer = deployer
  }

  /// - Throws: errors that are `DiagnosticError`s, `CancellationError`.
  public func run() async throws -> [DeploymentResult] {
    var prepared: [(PreparedDeployment, JSONValue)] = []
    for entry in file.entries { prepared.append((try await prepare(entry), entry.plan)) }
    let all = prepared
    return try await deployer.surroundings.with(all.map(\.0), deployer.bench.environment) { environment in
      var results: [DeploymentResult] = []
      for (deployment, plan) in all {
        var result = DeploymentResult(deployment)
        result.plan = DeploymentPlan(json: plan)
        if let shown = result.plan { deployer.show(deployment.name, shown) }
        let report = try await deployer.apply(plan, deployment, environment)
        result.report = report
        try result.check()
        results.append(result)
      }
      return results
    }
  }

  /// - Throws: `SlipwayError` with the code `other-plugin` when it is not the plugin that made the plan.
  private func prepare(_ entry: PlanFile.Entry) async throws -> PreparedDeployment {
    let target = DeployTarget(plugin: entry.plugin, pin: nil, configuration: PluginConfiguration())
    let (plugin, description) = try await deployer.describe(target)
    guard description.version == entry.version else {
      throw Self.other(entry, "it was made by version \(entry.version), and this is \(description.version)")
    }
    let digest = try plugin.digest()
    guard digest == entry.digest else {
      throw Self.other(entry, "\(plugin.path) has changed since: \(digest)")
    }
    var prepared = PreparedDeployment(
      name: entry.name, plugin: plugin, description: description, configuration: PluginConfiguration(),
      request: try PluginRequest(json: entry.request))
    prepared.limit = entry.limit.flatMap { Duration(text: $0) }
    return prepared
  }

  private static func other(_ entry: PlanFile.Entry, _ reason: String) -> SlipwayError {
    SlipwayError(
      "other-plugin", "the plan of \(entry.name) was made by another plugin", notes: [.init(reason)],
      help: ["plan again with the plugin that is here: slipway plan --plan-out …"])
  }
}
