import DeployPlugins
import ECSDeployment
import HostOS
import JSON

/// What both engines read of `with:`, and what they work with.
struct BlueGreenSettings: Sendable {
  enum InProgress: String, CaseIterable { case wait, stop, refuse }
  enum Approval: String, CaseIterable { case manual, verify }

  let config: DeployConfig
  let address: ServiceAddress
  let timeout: Duration?
  let onTimeout: FailureAction
  let onCancel: CancelAction
  let ifInProgress: InProgress
  /// Failed tasks that are a crash loop; 0 is never.
  let failureThreshold: Int?
  let forcesNewDeployment: Bool
  let migrates: Bool
  let approval: Approval

  /// - Throws: `PluginFailure` of the category `config`.
  init(_ json: JSONValue) throws(PluginFailure) {
    config = DeployConfig(json)
    guard let service = try config.string("service") else {
      throw config.failure("", "service is missing", hint: "name the service: service: NAME")
    }
    address = ServiceAddress(cluster: try config.string("cluster"), service: service)
    timeout = try config.duration("timeout")
    onTimeout = try config.choice("on-timeout", FailureAction.self) ?? .fail
    onCancel = try config.choice("on-cancel", CancelAction.self) ?? .leave
    ifInProgress = try config.choice("if-in-progress", InProgress.self) ?? .wait
    failureThreshold = try config.int("failure-threshold")
    forcesNewDeployment = try config.bool("force-new-deployment") ?? false
    migrates = try config.bool("migrate") ?? false
    approval = try config.choice("approve", Approval.self) ?? .manual
  }

  /// As ECS counts for its circuit breaker: half of the tasks, at least three.
  func crashLimit(_ desired: Int) -> Int {
    failureThreshold ?? min(max((desired + 1) / 2, 3), 200)
  }
}

/// A service with who asks for it.
struct BlueGreenScene: Sendable {
  let settings: BlueGreenSettings
  let client: ECSClient
  let service: ECSService
  let request: PluginRequest
  let context: PluginContext
  let verification: Verification

  init(_ request: PluginRequest, _ context: PluginContext) async throws {
    settings = try BlueGreenSettings(request.config)
    verification = try Verification(settings.config, request: request, context: context)
    let region = try settings.config.string("region") ?? request.region
    client = try ECSClient(
      environment: context.environment, region: region,
      pace: try Pace(settings.config, environment: context.environment))
    guard let service = try await client.service(settings.address), service.status != "INACTIVE" else {
      throw settings.address.missing
    }
    self.service = service
    self.request = request
    self.context = context
  }
}
