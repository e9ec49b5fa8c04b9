import DeployPlugins
import Diagnostics
public import HostOS
import JSON
import SimulatedAWS

/// Amazon ECS and what stands around it, simulated inside this process: deployments go nowhere else.
public struct RehearsalSurroundings: DeploySurroundings {
  private let failure: RehearsalFailure?

  /// - Parameter failure: the name of what goes wrong, one of `failures`; nil lets all go well.
  /// - Throws: `SlipwayError` with the code `unknown-failure`.
  public init(failure name: String?) throws {
    failure = name.flatMap { RehearsalFailure(rawValue: $0) }
    guard let name, failure == nil else { return }
    let names = Self.failures.map(\.name)
    throw SlipwayError(
      "unknown-failure", "no rehearsal fails by \(name)",
      help: [
        Suggestion.nearest(to: name, in: names).map { "did you mean --fail \($0)?" }
          ?? "it is one of \(names.joined(separator: ", "))"
      ], exitCode: .usage)
  }

  /// What may go wrong, with a sentence for each.
  public static var failures: [(name: String, summary: String)] {
    RehearsalFailure.allCases.map { ($0.rawValue, $0.summary) }
  }

  public var isRehearsal: Bool { true }

  /// How long a deployment may take that nothing else would end; nil when something does.
  public var timeout: String? { failure?.needsTimeout == true ? "20s" : nil }

  public func with<Result: Sendable>(
    _ deployments: [PreparedDeployment], _ environment: Environment,
    _ body: @Sendable (Environment) async throws -> Result
  ) async throws -> Result {
    let rehearsals = deployments.map { deployment in
      Rehearsal(
        plugin: deployment.description.name, configuration: deployment.request.config,
        images: deployment.request.images.mapValues(\.reference))
    }
    let scene = Scene(
      rehearsing: rehearsals, region: deployments.first?.request.region ?? "eu-central-1", failure: failure)
    return try await SimulatedAWS.serve(scene: scene) { server in
      try await body(Self.environment(environment, server.environment))
    }
  }

  /// Nothing of the person's own AWS is left in it.
  private static func environment(_ environment: Environment, _ simulated: [String: String]) -> Environment {
    var variables = environment.variables.filter { !$0.key.hasPrefix("AWS_") }
    variables.merge(simulated) { $1 }
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] { variables[name] = "/dev/null" }
    for name in ["NO_PROXY", "no_proxy"] {
      variables[name] = [variables[name], "127.0.0.1"].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ",")
    }
    if variables["SLIPWAY_POLL_INTERVAL"] == nil { variables["SLIPWAY_POLL_INTERVAL"] = "0.3s" }
    return Environment(variables)
  }
}
