import AWS
public import JSON

/// The log of a container in a task, as far as it goes to CloudWatch Logs (`awslogs`).
public struct TaskLog: Sendable {
  public let group: String
  public let stream: String
  /// Where the group is; nil is where the service is.
  public let region: String?
  private var token: String?

  /// Nil when the container's log goes elsewhere, or its stream has a name that cannot be known.
  public init?(of container: JSONValue?, taskID: String) {
    let configuration = container?["logConfiguration"]
    let options = configuration?["options"]
    guard configuration?["logDriver"]?.string == "awslogs", let group = options?["awslogs-group"]?.string,
      let prefix = options?["awslogs-stream-prefix"]?.string, let name = container?["name"]?.string
    else { return nil }
    self.group = group
    stream = "\(prefix)/\(name)/\(taskID)"
    region = options?["awslogs-region"]?.string
  }

  /// Lines that are new since the last time; none while there is no stream, for it begins with the first line.
  public mutating func next(_ client: ECSClient) async throws -> [String] {
    var lines: [String] = []
    while true {
      var parameters: JSONValue = [
        "logGroupName": .string(group), "logStreamName": .string(stream), "startFromHead": true,
      ]
      parameters["nextToken"] = token.map { .string($0) }
      guard let answer = try await client.quietly(.logs, "GetLogEvents", parameters, region: region) else {
        return lines
      }
      let events = answer["events"]?.array ?? []
      lines += Self.lines(events)
      let next = answer["nextForwardToken"]?.string
      // The same token again is the end.
      guard let next, next != token else { return lines }
      token = next
      if events.isEmpty { return lines }
    }
  }

  /// The last lines.
  public func tail(_ client: ECSClient, count: Int = 20) async throws -> [String] {
    let parameters: JSONValue = [
      "logGroupName": .string(group), "logStreamName": .string(stream), "startFromHead": false, "limit": .int(count),
    ]
    let answer = try await client.quietly(.logs, "GetLogEvents", parameters, region: region)
    return Array(Self.lines(answer?["events"]?.array ?? []).suffix(count))
  }

  private static func lines(_ events: [JSONValue]) -> [String] {
    events.compactMap { $0["message"]?.string }.flatMap { $0.split(separator: "\n", omittingEmptySubsequences: false) }
      .map { String($0) }
  }
}
