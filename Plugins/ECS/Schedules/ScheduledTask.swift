import AWS
public import DeployPlugins
import JSON

/// A task that runs by the clock and follows the deployment: the targets of an EventBridge rule, or a schedule of
/// EventBridge Scheduler.
public enum ScheduledTask: Sendable, Hashable {
  /// Bus: nil is the default one. Targets: by their ids; nil is all that run a revision of the family.
  case rule(name: String, bus: String?, targets: [String]?, pointer: String)
  /// Group: nil is the default one.
  case schedule(name: String, group: String?, pointer: String)

  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig) throws(PluginFailure) {
    let pointer = config.pointer.description
    switch (try config.string("rule"), try config.string("schedule")) {
    case (let rule?, nil):
      self = .rule(
        name: rule, bus: try config.string("event-bus"), targets: try config.strings("targets"), pointer: pointer)
    case (nil, let schedule?):
      self = .schedule(name: schedule, group: try config.string("group"), pointer: pointer)
    default: throw config.failure("", "an element of schedules names either a rule or a schedule")
    }
  }

  public var label: String {
    switch self {
    case .rule(let name, _, _, _): "rule \(name)"
    case .schedule(let name, _, _): "schedule \(name)"
    }
  }

  var pointer: String {
    switch self {
    case .rule(_, _, _, let pointer), .schedule(_, _, let pointer): pointer
    }
  }
}

/// Moves scheduled tasks to a revision; all else of them stays as it is.
public struct ScheduleMover: Sendable {
  private let client: ECSClient

  /// Two that change the same thing at once.
  private static let mostConflicts = 5

  public init(_ client: ECSClient) { self.client = client }

  /// The revisions that a scheduled task runs now, of a family.
  /// - Throws: `PluginFailure` of the category `config` when it is not there or runs nothing of that family.
  public func current(_ task: ScheduledTask, family: String) async throws -> [String] {
    let names: [String]
    switch task {
    case .rule(let name, let bus, let ids, _):
      names = try await targets(name, bus, ids, family, task).compactMap(Self.taskDefinition)
    case .schedule(let name, let group, _):
      let schedule = try await get(name, group, task)
      names = [Self.definition(schedule["Target"])].compactMap { $0 }.filter { TaskDefinitionName($0).family == family }
    }
    if names.isEmpty {
      throw PluginFailure(
        code: "schedule-without-task", message: "the \(task.label) runs no task of the family \(family)",
        hint: "check its name, and the task definition of its target", path: task.pointer, category: .config)
    }
    return names
  }

  /// - Returns: whether anything had to be changed.
  /// - Throws: `PluginFailure` when an entry is refused.
  public func move(_ task: ScheduledTask, to arn: String) async throws -> Bool {
    switch task {
    case .rule(let name, let bus, let ids, _): try await moveRule(name, bus, ids, task, arn)
    case .schedule(let name, let group, _): try await moveSchedule(name, group, task, arn)
    }
  }

  // MARK: Rules

  private static func definition(_ target: JSONValue?) -> String? {
    target?["EcsParameters"]?["TaskDefinitionArn"]?.string
  }
  private static func taskDefinition(_ target: JSONValue) -> String? { definition(target) }

  private func targets(
    _ rule: String, _ bus: String?, _ ids: [String]?, _ family: String, _ task: ScheduledTask
  ) async throws -> [JSONValue] {
    var parameters: JSONValue = ["Rule": .string(rule)]
    parameters["EventBusName"] = bus.map { .string($0) }
    let all: [JSONValue]
    do { all = try await client.pages(.events, "ListTargetsByRule", parameters, list: "Targets") } catch let error
      as AWSError where error.serviceCode == "ResourceNotFoundException"
    { throw missing(task) }
    return all.filter { target in
      guard let definition = Self.definition(target), TaskDefinitionName(definition).family == family else {
        return false
      }
      return ids.map { $0.contains(target["Id"]?.string ?? "") } ?? true
    }
  }

  private func moveRule(
    _ name: String, _ bus: String?, _ ids: [String]?, _ task: ScheduledTask, _ arn: String
  ) async throws -> Bool {
    let family = TaskDefinitionName(arn).family
    let old = try await targets(name, bus, ids, family, task).filter { Self.definition($0) != arn }
    guard !old.isEmpty else { return false }
    // A target is replaced whole, so all that it has goes back.
    let new = old.map { target in
      var target = target
      var parameters = target["EcsParameters"] ?? [:]
      parameters["TaskDefinitionArn"] = .string(arn)
      target["EcsParameters"] = parameters
      return target
    }
    for start in stride(from: 0, to: new.count, by: 10) {
      var parameters: JSONValue = [
        "Rule": .string(name), "Targets": .array(Array(new[start..<min(start + 10, new.count)])),
      ]
      parameters["EventBusName"] = bus.map { .string($0) }
      let answer = try await patiently(task) { [parameters] in
        try await client.change(.events, "PutTargets", parameters)
      }
      // Status 200, and yet refused.
      let failed = answer["FailedEntries"]?.array ?? []
      guard failed.isEmpty, answer["FailedEntryCount"]?.int ?? 0 == 0 else {
        let causes = failed.map {
          "target \($0["TargetId"]?.string ?? ""): \($0["ErrorMessage"]?.string ?? $0["ErrorCode"]?.string ?? "refused")"
        }
        throw refused(task, causes.first ?? "entries were refused", causes)
      }
    }
    return true
  }

  // MARK: Schedules

  private func get(_ name: String, _ group: String?, _ task: ScheduledTask) async throws -> JSONValue {
    do { return try await client.send(GetSchedule(name: name, group: group)) } catch let error as AWSError
      where error.serviceCode == "ResourceNotFoundException"
    { throw missing(task) }
  }

  private func moveSchedule(
    _ name: String, _ group: String?, _ task: ScheduledTask, _ arn: String
  ) async throws -> Bool {
    var schedule = try await get(name, group, task)
    guard Self.definition(schedule["Target"]) != arn else { return false }
    for member in ["Arn", "CreationDate", "LastModificationDate", "Name"] { schedule[member] = nil }
    var target = schedule["Target"] ?? [:]
    var parameters = target["EcsParameters"] ?? [:]
    parameters["TaskDefinitionArn"] = .string(arn)
    target["EcsParameters"] = parameters
    schedule["Target"] = target
    // Nulls are members that are not there.
    let members = (schedule.object?.members ?? []).filter { !$0.value.isNull }.map { ($0.name, $0.value) }
    let call = UpdateSchedule(name: name, schedule: .members(members))
    _ = try await patiently(task) { [client] in
      try Task.checkCancellation()
      return try await withoutCancellation { try await client.send(call) }
    }
    return true
  }

  // MARK: Failures

  private func patiently(
    _ task: ScheduledTask, _ body: () async throws -> JSONValue
  ) async throws -> JSONValue {
    var round = 0
    while true {
      do { return try await body() } catch let error as AWSError {
        let isConflict = ["ConcurrentModificationException", "ConflictException"].contains(error.serviceCode ?? "")
        if isConflict, round < Self.mostConflicts {
          try await client.pace.sleep(after: round)
          round += 1
          continue
        }
        guard error.code == .awsRefused else { throw error }
        throw refused(task, error.reason, [])
      }
    }
  }

  private func missing(_ task: ScheduledTask) -> PluginFailure {
    PluginFailure(
      code: "schedule-not-found", message: "there is no \(task.label)", hint: "check its name and the region",
      path: task.pointer, category: .config)
  }

  private func refused(_ task: ScheduledTask, _ reason: String, _ causes: [String]) -> PluginFailure {
    PluginFailure(
      code: "schedule-not-moved", message: "the \(task.label) was not moved to the new revision: \(reason)",
      hint: KnownCause.hint(for: reason)
        ?? "check that its role may run the new revision (ecs:RunTask) and pass its roles (iam:PassRole)",
      path: task.pointer, causes: causes.isEmpty ? nil : causes, state: .failed)
  }
}
