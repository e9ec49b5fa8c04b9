public import JSON

/// A deployment of one revision to one service, from before its change on.
public struct Rollout: Sendable, Hashable {
  public let address: ServiceAddress
  /// What is deployed: an ARN.
  public let taskDefinition: String
  /// What was there before; nil when the service was not.
  public let previous: String?
  /// Of `deployments[]`, as far as it is known.
  public var deploymentID: String?
  /// The service deployments that were there before.
  public var knownDeployments: Set<String>
  /// Events that were there before.
  public var knownEvents: Set<String>

  public init(
    _ address: ServiceAddress, taskDefinition: String, previous: String?, deploymentID: String? = nil,
    knownDeployments: Set<String> = [], knownEvents: Set<String> = []
  ) {
    self.address = address
    self.taskDefinition = taskDefinition
    self.previous = previous
    self.deploymentID = deploymentID
    self.knownDeployments = knownDeployments
    self.knownEvents = knownEvents
  }

  /// Our deployment in the answer of `UpdateService` or `CreateService`.
  public mutating func take(_ answer: JSONValue, before: ECSService?) {
    let old = Set(before?.deployments.compactMap(\.id) ?? [])
    let entries = (answer["service"].map { ECSService($0) }?.deployments ?? []).filter {
      $0.status == "PRIMARY" && TaskDefinitionName.areSame($0.taskDefinition, taskDefinition)
    }
    if let id = entries.first?.id, !old.contains(id) { deploymentID = id }
  }
}
