import AWS
import JSON

/// Gathers the stopped tasks of a revision while a deployment is on its way.
public struct StoppedTasks: Sendable {
  /// As many as one call may describe.
  private static let group = 100

  private let cluster: String
  private let taskDefinition: String
  private let filter: (name: String, value: String)
  /// Tasks that were there before, or are known.
  private var seen: Set<String> = []
  public private(set) var tasks: [StoppedTask] = []

  /// Those of a service.
  public init(cluster: String, service: String, taskDefinition: String) {
    self.init(cluster: cluster, taskDefinition: taskDefinition, filter: ("serviceName", service))
  }

  /// Those of a task set or another one that starts tasks; it is the only filter that ECS takes then.
  public init(cluster: String, startedBy: String, taskDefinition: String) {
    self.init(cluster: cluster, taskDefinition: taskDefinition, filter: ("startedBy", startedBy))
  }

  private init(cluster: String, taskDefinition: String, filter: (name: String, value: String)) {
    self.cluster = cluster
    self.taskDefinition = taskDefinition
    self.filter = filter
  }

  public var failures: [StoppedTask] { tasks.filter(\.isFailure) }

  /// Remembers the tasks that have stopped by now, which a deployment that begins after it did not stop.
  public mutating func passOver(_ client: ECSClient) async throws {
    seen.formUnion(try await list(client))
  }

  /// - Returns: the tasks of the revision that have stopped since the last time.
  @discardableResult
  public mutating func update(_ client: ECSClient) async throws -> [StoppedTask] {
    let new = try await list(client).filter { !seen.contains($0) }
    var fresh: [StoppedTask] = []
    for start in stride(from: 0, to: new.count, by: Self.group) {
      let group = new[start..<min(start + Self.group, new.count)]
      guard
        let answer = try await client.quietly(
          .ecs, "DescribeTasks", ["cluster": .string(cluster), "tasks": .array(group.map { .string($0) })])
      else { continue }
      for task in (answer["tasks"]?.array ?? []).map(StoppedTask.init) where seen.insert(task.arn).inserted {
        if TaskDefinitionName.areSame(task.taskDefinition, taskDefinition) { fresh.append(task) }
      }
    }
    tasks += fresh
    return fresh
  }

  /// Empty when it cannot be asked.
  private func list(_ client: ECSClient) async throws -> [String] {
    var parameters: JSONValue = ["cluster": .string(cluster), "desiredStatus": "STOPPED"]
    parameters[filter.name] = .string(filter.value)
    var arns: [String] = []
    while let answer = try await client.quietly(.ecs, "ListTasks", parameters) {
      arns += (answer["taskArns"]?.array ?? []).compactMap(\.string)
      guard let token = answer["nextToken"]?.string, !token.isEmpty, parameters["nextToken"] != .string(token) else {
        break
      }
      parameters["nextToken"] = .string(token)
    }
    return arns
  }
}
