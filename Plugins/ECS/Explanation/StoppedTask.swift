public import JSON

/// A task that ended, with what ECS says of why. ECS keeps that for an hour or so only.
public struct StoppedTask: Sendable, Hashable {
  public struct Container: Sendable, Hashable {
    public let name: String
    /// Nil when it never ran.
    public let exitCode: Int?
    public let reason: String?
    public let isUnhealthy: Bool
  }

  public let arn: String
  public let taskDefinition: String?
  /// `TaskFailedToStart`, `EssentialContainerExited`, `UserInitiated`, `ServiceSchedulerInitiated`, `SpotInterruption`, ….
  public let stopCode: String?
  public let reason: String?
  public let containers: [Container]

  public init(_ json: JSONValue) {
    arn = json["taskArn"]?.string ?? ""
    taskDefinition = json["taskDefinitionArn"]?.string
    stopCode = json["stopCode"]?.string
    reason = json["stoppedReason"]?.string
    containers = (json["containers"]?.array ?? []).map {
      Container(
        name: $0["name"]?.string ?? "", exitCode: $0["exitCode"]?.int, reason: $0["reason"]?.string,
        isUnhealthy: $0["healthStatus"]?.string == "UNHEALTHY")
    }
  }

  public var id: String { arn.split(separator: "/").last.map(String.init) ?? arn }

  /// The container that is to blame, as far as that can be told.
  public var culprit: Container? {
    containers.first { $0.exitCode ?? 0 != 0 && $0.exitCode != 143 } ?? containers.first { $0.reason != nil }
      ?? containers.first { $0.exitCode ?? 0 != 0 }
  }

  /// Whether it ended because something is wrong with it, rather than because it was told to.
  public var isFailure: Bool {
    switch stopCode {
    case "TaskFailedToStart", "EssentialContainerExited": return true
    case "UserInitiated", "SpotInterruption", "TerminationNotice": return false
    default:
      let text = (reason ?? "").lowercased()
      if text.contains("health checks") || text.contains("error") { return true }
      if text.contains("scaling activity") || text.contains("deployment") { return false }
      // The scheduler's word is for its own decisions, also when a load balancer said that the task is ill.
      return stopCode == nil && containers.contains { $0.exitCode ?? 0 != 0 && $0.exitCode != 143 }
    }
  }

  /// One line, the same for tasks that ended in the same way.
  public var cause: String {
    var parts: [String] = []
    if let culprit {
      var text = "container \(culprit.name)"
      if let code = culprit.exitCode {
        text += " exited with \(code)"
        if let meaning = KnownCause.meaning(ofExitCode: code) { text += " (\(meaning))" }
      } else {
        text += " did not start"
      }
      if let reason = culprit.reason { text += ": \(reason)" }
      parts.append(text)
    }
    if let reason, !reason.isEmpty, !parts.contains(where: { $0.contains(reason) }) { parts.append(reason) }
    if parts.isEmpty { parts.append(stopCode ?? "stopped without a reason") }
    return parts.joined(separator: "; ")
  }
}
