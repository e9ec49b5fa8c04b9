public import JSON
import NIOHTTP1

/// One schedule (Amazon EventBridge Scheduler); its members pass as they are.
public struct GetSchedule: ServiceCall {
  public static let service = AWSService.scheduler
  public static let operation = "GetSchedule"
  public typealias Output = JSONValue

  public var name: String
  /// Nil is `default`.
  public var group: String?

  public init(name: String, group: String?) {
    self.name = name
    self.group = group
  }

  public var message: CallMessage {
    CallMessage(
      method: .GET, path: "/schedules/\(PercentEncoding.encode(name))",
      query: group.map { "groupName=\(PercentEncoding.encode($0))" } ?? "")
  }

  public static func output(_ bytes: [UInt8]) throws -> JSONValue { try JSONValue(parsing: bytes) }
}

/// Replaces all of a schedule: what is left out goes back to its default.
public struct UpdateSchedule: ServiceCall {
  public static let service = AWSService.scheduler
  public static let operation = "UpdateSchedule"
  public typealias Output = JSONValue

  public var name: String
  /// The members of the request but for the name.
  public var schedule: JSONValue

  public init(name: String, schedule: JSONValue) {
    self.name = name
    self.schedule = schedule
  }

  public var message: CallMessage {
    CallMessage(
      method: .PUT, path: "/schedules/\(PercentEncoding.encode(name))",
      headers: ["Content-Type": "application/json"], body: Array(schedule.text.utf8))
  }

  public static func output(_ bytes: [UInt8]) throws -> JSONValue {
    bytes.isEmpty ? [:] : try JSONValue(parsing: bytes)
  }
}
