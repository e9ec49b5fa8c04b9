public import DeployPlugins
import Diagnostics
public import HostOS
public import JSON

/// A deployment whose plugin is found, whose configuration fits, and whose images are known.
public struct PreparedDeployment: Sendable {
  public let name: String
  public let plugin: LocatedPlugin
  public let description: PluginDescription
  public let configuration: PluginConfiguration
  /// That of `plan`, without a deadline.
  public var request: PluginRequest
  /// How long an operation that changes something may take; nil is the usual.
  public var limit: Duration?

  /// The request for another operation of the same deployment.
  func request(_ operation: PluginOperation, limit: Duration?) -> PluginRequest {
    var made = request
    made.operation = operation
    if let limit { made.deadline = Double(Timestamp.now.seconds + limit.components.seconds) }
    return made
  }
}

/// The surroundings in which plugins work: the real ones, or a rehearsal.
public protocol DeploySurroundings: Sendable {
  /// Whether nothing outside of this process is changed: no credentials are needed then, and nothing is recorded.
  var isRehearsal: Bool { get }

  /// Runs `body` with the environment that the host takes the plugins' from.
  /// - Parameters:
  ///   - deployments: those that are about to be carried out, with their configurations.
  ///   - environment: of this process.
  func with<Result: Sendable>(
    _ deployments: [PreparedDeployment], _ environment: Environment,
    _ body: @Sendable (Environment) async throws -> Result
  ) async throws -> Result
}

/// The world as it is.
public struct RealSurroundings: DeploySurroundings {
  public init() {}

  public var isRehearsal: Bool { false }

  public func with<Result: Sendable>(
    _ deployments: [PreparedDeployment], _ environment: Environment,
    _ body: @Sendable (Environment) async throws -> Result
  ) async throws -> Result { try await body(environment) }
}

/// What became of a deployment.
public struct DeploymentResult: Sendable {
  public var name: String
  public var plugin: String
  public var version: String
  public var images: [String: PluginImage]
  public var plan: DeploymentPlan?
  public var report: DeploymentReport?

  /// For programs.
  public var json: JSONValue {
    var value: JSONValue = ["name": .string(name), "plugin": .string(plugin), "version": .string(version)]
    value["images"] = .members(images.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.reference)) })
    if let plan {
      value["plan"] = .members([("summary", .string(plan.summary)), ("changes", plan.json["changes"] ?? [])])
    }
    value["state"] = report?.json["state"]
    value["summary"] = report.map { .string($0.summary) }
    value["changes"] = report?.json["changes"]
    value["outputs"] = report?.outputs
    return value
  }

  /// For people: the summary, and the outputs as `name: value`.
  public var text: String {
    guard let report else { return "" }
    let outputs = (report.outputs.object?.members ?? []).map { "\($0.name): \($0.value.string ?? $0.value.text)\n" }
    return "\(report.summary.isEmpty ? report.state.rawValue : report.summary)\n" + outputs.joined()
  }
}
