public import DeployPlugins
import Diagnostics
import HostOS
import JSON
public import SystemPackage

/// `slipway plugin`: what a plugin is, and whether it does what it has to.
public struct PluginLookup: Sendable {
  private let name: String
  private let deployer: Deployer

  public init(_ name: String, _ deployer: Deployer) {
    self.name = name
    self.deployer = deployer
  }

  /// - Throws: `PluginError`, `SlipwayError`, `CancellationError`.
  public func description() async throws -> PluginDescription { try await deployer.describe(target).1 }

  /// Runs the conformance kit.
  /// - Throws: `PluginError` when there is no such plugin; `SlipwayError` for what it is to be tried with.
  public func check(config: FilePath?, settings: [String], images: [String]) async throws -> ConformanceReport {
    let plugin = try deployer.search.find(name, from: deployer.source)
    var trial: ConformanceKit.Trial?
    if config != nil || !settings.isEmpty {
      var target = target
      if let config { target.configuration = try PluginConfiguration(file: config) }
      let (_, description) = try await deployer.describe(target)
      var request = DeployRequest()
      request.settings = settings
      let variables = deployer.bench.environment.variables
      let configuration = try deployer.configuration(target, description, request, variables)
      let resolver = DeployImages(bench: deployer.bench, resolves: false)
      trial = ConformanceKit.Trial(configuration: configuration, images: try await resolver.images(images))
    }
    let kit = ConformanceKit(plugin, environment: deployer.bench.environment, folder: deployer.source)
    return try await kit.run(trial)
  }

  private var target: DeployTarget { DeployTarget(plugin: name, pin: nil, configuration: PluginConfiguration()) }
}
