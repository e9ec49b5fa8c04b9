import DeployPlugins
import JSON
import SimulatedAWS
import Testing

/// A deployment in a simulated world, and how it has to end.
struct RollingScenario: Sendable, CustomTestStringConvertible {
  enum End: Sendable {
    case report(DeploymentState)
    case failure(String, PluginFailure.Category? = nil, DeploymentState? = nil)
  }

  /// What is asked for, one after the other; the last one's end counts.
  enum Step: Sendable {
    /// A plan, and its application.
    case deploy
    case plan
    /// The plan that was made last, again.
    case apply
    case dryRun
    case status
    case wait
    case rollback
    /// Somebody else does something.
    case meanwhile(@Sendable (isolated World) throws -> Void)
    /// A deployment that is cancelled once so many calls of an operation were answered.
    case cancelled(after: String, count: Int)
  }

  var name: String
  var scene: Scene
  /// Beside cluster `prod` and service `web`; null takes a member away.
  var config: JSONValue
  var images: [String: PluginImage]
  var steps: [Step]
  var end: End
  /// Calls that change something, in order, with the status of those that were refused.
  var calls: [String]
  /// The revision that the service has in the end.
  var runs: String?
  /// Parts of the causes and the message of the failure, or of the report's summary.
  var says: [String]
  /// A part of the hint.
  var hint: String?
  /// Codes of warnings.
  var warnings: [String]
  /// Parts of what was told while it went on.
  var tells: [String]
  /// Whether the credentials can be renewed.
  var renews: Bool
  var check: (@Sendable (SimulatedAWS) async throws -> Void)?

  var testDescription: String { name }

  init(
    _ name: String, _ scene: Scene, _ config: JSONValue,
    images: [String: PluginImage] = ["web": .built("web")], steps: [Step] = [.deploy], _ end: End,
    calls: [String] = ["RegisterTaskDefinition", "UpdateService"], runs: String? = "web:2", says: [String] = [],
    hint: String? = nil, warnings: [String] = [], tells: [String] = [], renews: Bool = false,
    check: (@Sendable (SimulatedAWS) async throws -> Void)? = nil
  ) {
    self.name = name
    self.scene = scene
    self.config = config
    self.images = images
    self.steps = steps
    self.end = end
    self.calls = calls
    self.runs = runs
    self.says = says
    self.hint = hint
    self.warnings = warnings
    self.tells = tells
    self.renews = renews
    self.check = check
  }

  init(
    _ name: String, _ scene: Scene,
    images: [String: PluginImage] = ["web": .built("web")], steps: [Step] = [.deploy], _ end: End,
    calls: [String] = ["RegisterTaskDefinition", "UpdateService"], runs: String? = "web:2", says: [String] = [],
    hint: String? = nil, warnings: [String] = [], tells: [String] = [], renews: Bool = false,
    check: (@Sendable (SimulatedAWS) async throws -> Void)? = nil
  ) {
    self.init(
      name, scene, [:], images: images, steps: steps, end, calls: calls, runs: runs, says: says, hint: hint,
      warnings: warnings, tells: tells, renews: renews, check: check)
  }

  init(
    _ name: String,
    images: [String: PluginImage] = ["web": .built("web")], steps: [Step] = [.deploy], _ end: End,
    calls: [String] = ["RegisterTaskDefinition", "UpdateService"], runs: String? = "web:2", says: [String] = [],
    hint: String? = nil, warnings: [String] = [], tells: [String] = [], renews: Bool = false,
    check: (@Sendable (SimulatedAWS) async throws -> Void)? = nil
  ) {
    self.init(
      name, .web(), [:], images: images, steps: steps, end, calls: calls, runs: runs, says: says, hint: hint,
      warnings: warnings, tells: tells, renews: renews, check: check)
  }

  var request: JSONValue {
    var value: JSONValue = ["cluster": "prod", "service": "web", "timeout": "60s"]
    for (name, member) in config.object?.members ?? [] { value[name] = member.isNull ? Optional.none : member }
    return value
  }
}

extension PluginImage {
  static let digest = PluginImageDigest.value

  /// An image that was just pushed.
  static func built(_ name: String, platforms: [String] = []) -> PluginImage {
    PluginImage(
      reference: "123456789012.dkr.ecr.eu-central-1.amazonaws.com/\(name)@\(digest)", digest: digest, tag: "v2",
      platforms: platforms)
  }
}

extension Scene {
  func with(_ change: (inout Scene) -> Void) -> Scene {
    var copy = self
    change(&copy)
    return copy
  }

  /// The service `web`, whose deployments meet fates.
  static func fated(_ fates: Fate..., service change: (inout JSONValue) -> Void = { _ in }) -> Scene {
    Scene.web(change: change).with { $0.deployments["web"] = fates }
  }

  static func guarded(_ fates: Fate..., rollback: Bool = true) -> Scene {
    Scene.web {
      $0["deploymentConfiguration"] = ["deploymentCircuitBreaker": ["enable": true, "rollback": .bool(rollback)]]
    }.with { $0.deployments["web"] = fates }
  }

  /// Without the service deployments API.
  func withoutServiceDeployments() -> Scene {
    with { scene in
      for operation in ["ListServiceDeployments", "DescribeServiceDeployments", "StopServiceDeployment"] {
        scene.faults.append(.fault(operation, times: 1000, .accessDenied))
      }
    }
  }

  func fault(_ operation: String, times: Int = 1, after: Int = 0, _ kind: Fault.Kind) -> Scene {
    with { $0.faults.append(.fault(operation, times: times, after: after, kind)) }
  }
}
