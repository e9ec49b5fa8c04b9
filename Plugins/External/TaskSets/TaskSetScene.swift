import AWS
import DeployPlugins
import ECSDeployment
import HostOS
import JSON

/// A service with controller EXTERNAL, and who asks for it.
struct TaskSetScene: Sendable {
  let settings: TaskSetSettings
  let client: ECSClient
  let service: ECSService
  let sets: [TaskSet]
  let request: PluginRequest
  let context: PluginContext
  let verification: Verification

  init(_ request: PluginRequest, _ context: PluginContext) async throws {
    settings = try TaskSetSettings(request.config)
    verification = try Verification(settings.config, request: request, context: context)
    client = try ECSClient(
      environment: context.environment, region: try settings.config.string("region") ?? request.region,
      pace: try Pace(settings.config, environment: context.environment))
    guard let service = try await client.service(settings.address), service.status != "INACTIVE" else {
      throw settings.address.missing
    }
    guard service.controller == "EXTERNAL" else {
      throw settings.config.failure(
        "service", "\(service.name) has the deployment controller \(service.controller), and no task sets of ours",
        hint: "deploy it with the plugin \(service.controller == "ECS" ? "rolling or blue-green" : "blue-green")")
    }
    self.service = service
    sets = try await client.taskSets(settings.address)
    self.request = request
    self.context = context
  }

  var primary: TaskSet? { sets.first(where: \.isPrimary) }
  var step: String { "deploy \(service.name)" }
  /// Of calls for this service.
  var place: JSONValue {
    ["cluster": .string(settings.address.cluster), "service": .string(settings.address.service)]
  }

  /// What a re-run finds its own task set by: the same for the same task definition.
  func externalID(_ draft: TaskDefinitionDraft) -> String {
    let text = "\(settings.address.clusterName)/\(service.name)\n\(draft.normalised.text)"
    return "slipway-" + SHA256Hasher.hex(of: text.utf8).prefix(20)
  }

  /// The target group that the primary task set has not.
  var freeGroup: String? {
    guard settings.targetGroups.count == 2 else { return primary?.targetGroup }
    return settings.targetGroups.first { $0 != primary?.targetGroup }
  }

  func trafficRule() async throws -> TrafficRule? {
    guard let arn = settings.listener else { return nil }
    do {
      if let rule = try await client.trafficRule(arn) { return rule }
    } catch let error as AWSError where error.code == .awsRefused {}
    throw settings.config.failure("listener", "there is no listener or rule \(arn)")
  }
}
