/// Tells from what ECS answers how a deployment ended. A value: what it needs to remember of earlier answers is in it.
public struct RolloutJudge: Sendable, Hashable {
  /// What is deployed.
  public let taskDefinition: String
  /// What was there before.
  public let previous: String?
  /// Of `deployments[]`; nil when ECS gives none.
  public var deploymentID: String?

  private var hasBeenSeen = false
  private var hasFailed = false
  private var missedRounds = 0
  private var failedRounds = 0
  private var stoppedRounds = 0

  /// Answers may be older than the change; how many without our deployment are taken for that.
  private static let unseenRounds = 10
  private static let absentRounds = 2
  /// How long ECS may take from a failure to the way back.
  private static let rollbackRounds = 10

  public init(taskDefinition: String, previous: String?, deploymentID: String?) {
    self.taskDefinition = taskDefinition
    self.previous = previous
    self.deploymentID = deploymentID
  }

  /// Our entry of `deployments[]`.
  public func entry(in service: ECSService) -> DeploymentEntry? {
    let entries = service.deployments
    if let deploymentID, entries.contains(where: { $0.id != nil }) { return entries.first { $0.id == deploymentID } }
    let ours = entries.filter { TaskDefinitionName.areSame($0.taskDefinition, taskDefinition) }
    return ours.first { $0.status == "PRIMARY" } ?? ours.first
  }

  /// - Parameter deployment: ours, from the service deployments API; nil where that cannot be asked.
  /// - Returns: nil while it goes on.
  public mutating func outcome(_ service: ECSService, _ deployment: ServiceDeployment?) -> RolloutOutcome? {
    if service.status == "INACTIVE" { return .vanished }
    let ours = entry(in: service)
    if ours != nil { hasBeenSeen = true }
    missedRounds = ours == nil ? missedRounds + 1 : 0
    if ours?.rolloutState == "FAILED" { hasFailed = true }
    switch deployment?.status {
    case "SUCCESSFUL": return .succeeded
    case "ROLLBACK_SUCCESSFUL": return .rolledBack
    case "ROLLBACK_FAILED": return .rollbackFailed
    case "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "STOP_REQUESTED":
      hasFailed = true
      return nil
    case "STOPPED":
      if hasFailed || deployment?.isTriggered == true { return afterFailure(service, ours) }
      guard let primary = service.primary, !isOurs(primary) else {
        // Both answers need not be of the same moment.
        stoppedRounds += 1
        return stoppedRounds > Self.absentRounds ? .stopped : nil
      }
      return .superseded(by: primary.taskDefinition ?? "another deployment")
    default: break
    }
    guard let ours else { return absent(service) }
    switch ours.rolloutState {
    case "COMPLETED": return .succeeded
    case "FAILED": return afterFailure(service, ours)
    case nil where isPrimary(ours, service): return countsAreReached(service) ? .succeeded : nil
    default: return isPrimary(ours, service) ? nil : replaced(service)
    }
  }

  private func isOurs(_ entry: DeploymentEntry) -> Bool {
    if let deploymentID, let id = entry.id { return id == deploymentID }
    return TaskDefinitionName.areSame(entry.taskDefinition, taskDefinition)
  }

  private func isPrimary(_ entry: DeploymentEntry, _ service: ECSService) -> Bool {
    service.primary.map { isOurs($0) } ?? true
  }

  /// Behind a Classic Load Balancer there is nothing but counts.
  private func countsAreReached(_ service: ECSService) -> Bool {
    service.deployments.count == 1 && service.runningCount == service.desiredCount && service.pendingCount == 0
  }

  /// Our deployment failed: whether ECS goes back, did so, or leaves things as they are.
  private mutating func afterFailure(_ service: ECSService, _ ours: DeploymentEntry?) -> RolloutOutcome? {
    if let primary = service.primary, !isOurs(primary) { return goingBack(primary, service) }
    guard service.rollsBackByItself else { return .failed }
    failedRounds += 1
    return failedRounds > Self.rollbackRounds ? .failed : nil
  }

  /// Our deployment is not among the service's any more, or not yet.
  private mutating func absent(_ service: ECSService) -> RolloutOutcome? {
    guard let primary = service.primary else {
      let isSteady = service.deployments.isEmpty && service.runningCount == service.desiredCount
      let isOurs = TaskDefinitionName.areSame(service.taskDefinition, taskDefinition)
      return isSteady && isOurs && missedRounds > Self.unseenRounds ? .succeeded : nil
    }
    if hasFailed { return goingBack(primary, service) }
    if TaskDefinitionName.areSame(primary.taskDefinition, taskDefinition) {
      // Another deployment of the same revision took its place: that one decides now.
      deploymentID = primary.id
      return nil
    }
    let isOld = !hasBeenSeen && TaskDefinitionName.areSame(primary.taskDefinition, previous)
    guard missedRounds > (isOld ? Self.unseenRounds : Self.absentRounds) else { return nil }
    return replaced(service)
  }

  /// Another deployment is the primary one, though ours did not fail.
  private mutating func replaced(_ service: ECSService) -> RolloutOutcome? {
    guard let primary = service.primary, let other = primary.taskDefinition else { return nil }
    if TaskDefinitionName.areSame(other, taskDefinition) {
      deploymentID = primary.id
      return nil
    }
    let isEarlier =
      TaskDefinitionName.areSame(other, previous)
      || TaskDefinitionName(other).isOlder(than: TaskDefinitionName(taskDefinition))
    return isEarlier ? goingBack(primary, service) : .superseded(by: other)
  }

  private func goingBack(_ primary: DeploymentEntry, _ service: ECSService) -> RolloutOutcome? {
    switch primary.rolloutState {
    case "COMPLETED": .rolledBack
    case "FAILED": .rollbackFailed
    case nil: countsAreReached(service) ? .rolledBack : nil
    default: nil
    }
  }
}
