import AWS
import JSON

/// Why a deployment does not come to an end, from all places that say something of it.
public struct Explanation: Sendable, Hashable {
  /// The most important first.
  public var causes: [String] = []
  /// What to do.
  public var hint: String?

  private static let logLines = 15
  private static let eventCount = 8

  public init(causes: [String] = [], hint: String? = nil) {
    self.causes = causes
    self.hint = hint
  }

  /// - Parameters:
  ///   - reasons: what ECS says of the deployment itself.
  ///   - tasks: those that stopped, as they were gathered while it went on.
  ///   - events: of the service, since it began, oldest first.
  ///   - draft: of the revision.
  public static func collect(
    _ client: ECSClient, reasons: [String], tasks: [StoppedTask], events: [String], targetGroups: [String],
    draft: TaskDefinitionDraft?
  ) async throws -> Explanation {
    var causes = unique(reasons.filter { !$0.isEmpty })
    let failures = tasks.filter(\.isFailure)
    causes += grouped(failures.isEmpty ? [] : failures)
    if let (task, container) = failures.lazy.compactMap({ task in task.culprit.map { (task, $0) } }).last,
      let log = TaskLog(of: draft?.container(container.name), taskID: task.id)
    {
      let lines = try await log.tail(client, count: logLines)
      if !lines.isEmpty {
        causes.append("last lines of \(log.group) \(log.stream):\n" + lines.map { "  \($0)" }.joined(separator: "\n"))
      }
    }
    causes += try await health(client, targetGroups)
    let telling = events.filter { KnownCause.hint(for: $0) != nil }
    causes += unique((telling.isEmpty ? events : telling).suffix(eventCount)).map { "event: \($0)" }
    return Explanation(causes: causes, hint: hint(causes, failures))
  }

  private static func unique(_ texts: some Sequence<String>) -> [String] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0).inserted }
  }

  /// What a task says is more special than what the service says of many of them.
  private static func hint(_ causes: [String], _ failures: [StoppedTask]) -> String? {
    let ofTasks = failures.flatMap { [$0.culprit?.reason, $0.reason].compactMap { $0 } }
    let general = "essential container in task exited"
    return KnownCause.hint(for: ofTasks.filter { !$0.lowercased().contains(general) })
      ?? KnownCause.hint(for: causes.filter { !$0.lowercased().contains(general) }) ?? KnownCause.hint(for: ofTasks)
      ?? KnownCause.hint(for: causes)
  }

  /// Tasks that ended in the same way are told of once.
  private static func grouped(_ tasks: [StoppedTask]) -> [String] {
    var order: [String] = []
    var groups: [String: [StoppedTask]] = [:]
    for task in tasks {
      if groups[task.cause] == nil { order.append(task.cause) }
      groups[task.cause, default: []].append(task)
    }
    return order.sorted { (groups[$0]?.count ?? 0) > (groups[$1]?.count ?? 0) }.prefix(5).map { cause in
      let tasks = groups[cause] ?? []
      let number = tasks.count == 1 ? "task \(tasks[0].id)" : "\(tasks.count) tasks, such as \(tasks[0].id)"
      return "\(number): \(cause)"
    }
  }

  private static func health(_ client: ECSClient, _ targetGroups: [String]) async throws -> [String] {
    var causes: [String] = []
    for group in targetGroups {
      let targets = try await client.quietly(DescribeTargetHealth(targetGroupARN: group)) ?? []
      let name = group.split(separator: "/").dropFirst().first.map(String.init) ?? group
      for target in targets where target.state == "unhealthy" || target.state == "unavailable" {
        let said = [target.reason, target.description].compactMap { $0 }.joined(separator: ": ")
        causes.append(
          "target \(target.id)\(target.port.map { ":\($0)" } ?? "") of \(name) is \(target.state): \(said)")
      }
    }
    return unique(causes)
  }
}
