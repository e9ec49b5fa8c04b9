import AWS
public import DeployPlugins
public import JSON

/// Takes a deployment back: by stopping it where ECS offers that, else by deploying what was there before.
public struct RolloutReversal: Sendable {
  private let client: ECSClient
  private let context: PluginContext
  private let rollout: Rollout
  /// What `UpdateService` has to be told beside the task definition, to undo what was changed.
  private let undo: JSONValue

  public init(_ rollout: Rollout, undo: JSONValue = [:], client: ECSClient, context: PluginContext) {
    self.rollout = rollout
    self.undo = undo
    self.client = client
    self.context = context
  }

  /// Begins it, and does not wait.
  /// - Parameter serviceDeployment: the ARN, where it is known.
  /// - Returns: what to wait for; nil when ECS itself goes back, under the service deployment that was stopped.
  /// - Throws: `PluginFailure`, `AWSError`.
  public func begin(serviceDeployment: String?) async throws -> Rollout? {
    if let serviceDeployment {
      do {
        _ = try await client.change(
          .ecs, "StopServiceDeployment",
          ["serviceDeploymentArn": .string(serviceDeployment), "stopType": "ROLLBACK"])
        return nil
      } catch is AWSError {
        // Not offered, not permitted, or too late: the old way is open.
      }
    }
    guard let previous = rollout.previous else {
      throw PluginFailure(
        code: "nothing-to-return-to", message: "there is nothing to go back to: \(rollout.address.service) is new",
        hint: "correct what is wrong and deploy again, or delete the service", state: .rollbackFailed)
    }
    var parameters: JSONValue = [
      "cluster": .string(rollout.address.cluster), "service": .string(rollout.address.service),
      "taskDefinition": .string(previous),
    ]
    for member in undo.object?.members ?? [] { parameters[member.name] = member.value }
    let before = try await client.service(rollout.address)
    let answer = try await client.change(.ecs, "UpdateService", parameters)
    var back = Rollout(
      rollout.address, taskDefinition: previous, previous: rollout.taskDefinition,
      knownEvents: Set(before?.events.map(\.id) ?? []))
    back.take(answer, before: before)
    return back
  }

  /// Goes back, and waits until that is done.
  /// - Parameter watch: the one that waited for the deployment.
  /// - Returns: `rolledBack`, or how it ended otherwise.
  public func run(_ watch: RolloutWatch, until deadline: ContinuousClock.Instant) async throws -> RolloutOutcome {
    context.progress("roll back \(rollout.address.service)", state: .running)
    var watch = watch
    guard let back = try await begin(serviceDeployment: watch.serviceDeployment) else {
      return try await watch.wait(until: deadline, ignoresCrashes: true)
    }
    var other = RolloutWatch(
      back, client: client, context: context,
      stopped: StoppedTasks(
        cluster: back.address.cluster, service: back.address.service, taskDefinition: back.taskDefinition),
      crashLimit: 0)
    switch try await other.wait(until: deadline) {
    case .succeeded: return .rolledBack
    case .superseded(let by): return .superseded(by: by)
    case .cancelled: return .cancelled
    default: return .rollbackFailed
    }
  }
}
