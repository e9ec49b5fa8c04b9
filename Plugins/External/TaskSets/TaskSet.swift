import ECSDeployment
import JSON

/// A task set as Amazon ECS describes it.
struct TaskSet: Sendable, Hashable {
  let json: JSONValue

  var id: String { json["id"]?.string ?? json["taskSetArn"]?.string ?? "" }
  /// `PRIMARY`, `ACTIVE`, `DRAINING`.
  var status: String { json["status"]?.string ?? "" }
  var externalID: String? { json["externalId"]?.string }
  var taskDefinition: String { json["taskDefinition"]?.string ?? "" }
  var running: Int { json["runningCount"]?.int ?? 0 }
  var pending: Int { json["pendingCount"]?.int ?? 0 }
  var desired: Int { json["computedDesiredCount"]?.int ?? 0 }
  var scale: Double { json["scale"]?["value"]?.double ?? 0 }
  var targetGroup: String? { json["loadBalancers"]?[0]?["targetGroupArn"]?.string }
  var isPrimary: Bool { status == "PRIMARY" }

  /// Whether its tasks are as many as they have to be. ECS says so for a moment before it has begun any.
  func isStable(for desiredCount: Int) -> Bool {
    let wanted = Int((Double(desiredCount) * scale / 100).rounded(.up))
    return json["stabilityStatus"]?.string == "STEADY_STATE" && desired == wanted && running == wanted && pending == 0
  }
}

extension ECSClient {
  /// - Throws: `AWSError`, `CancellationError`.
  func taskSets(_ address: ServiceAddress) async throws -> [TaskSet] {
    let answer = try await call(
      "DescribeTaskSets", ["cluster": .string(address.cluster), "service": .string(address.service)])
    return (answer["taskSets"]?.array ?? []).map(TaskSet.init)
  }
}
