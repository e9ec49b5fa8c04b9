import JSON

struct LogsState: Sendable {
  struct Stream: Sendable {
    var name: String
    var createdAt: Double
    var lines: [(time: Double, text: String)] = []
  }

  struct Group: Sendable {
    var name: String
    var createdAt: Double
    var streams: [Stream] = []
  }

  var groups: [Group] = []

  mutating func addGroup(_ name: String, at time: Double) {
    if !groups.contains(where: { $0.name == name }) { groups.append(Group(name: name, createdAt: time)) }
  }

  /// The stream appears at its first line; without its group, lines are lost.
  mutating func write(_ lines: [String], group: String, stream: String, at time: Double) {
    guard let place = groups.firstIndex(where: { $0.name == group }), !lines.isEmpty else { return }
    let index: Int
    if let known = groups[place].streams.firstIndex(where: { $0.name == stream }) {
      index = known
    } else {
      groups[place].streams.append(Stream(name: stream, createdAt: time))
      index = groups[place].streams.endIndex - 1
    }
    groups[place].streams[index].lines += lines.enumerated().map { (time + Double($0.offset) / 1000, $0.element) }
  }
}

/// CloudWatch Logs.
extension World {
  static let logOperations: [Operation] = [
    Operation("logs", "CreateLogGroup") { world, call in try world.createLogGroup(call) },
    Operation("logs", "DescribeLogGroups") { world, call in try world.describeLogGroups(call) },
    Operation("logs", "PutRetentionPolicy") { world, call in
      _ = try world.logGroup(call)
      return [:]
    },
    Operation("logs", "DescribeLogStreams") { world, call in try world.describeLogStreams(call) },
    Operation("logs", "GetLogEvents") { world, call in try world.getLogEvents(call) },
    Operation("logs", "FilterLogEvents") { world, call in try world.filterLogEvents(call) },
  ]

  private static func milliseconds(_ seconds: Double) -> JSONValue { .int(Int64((seconds * 1000).rounded())) }

  private func createLogGroup(_ call: Call) throws -> JSONValue {
    let name = try call.required("logGroupName")
    guard !logs.groups.contains(where: { $0.name == name }) else {
      throw Refusal("ResourceAlreadyExistsException", "The specified log group already exists")
    }
    logs.addGroup(name, at: now)
    return [:]
  }

  private func groupARN(_ name: String) -> String { arn("logs", "log-group:\(name)") }

  private func describeLogGroups(_ call: Call) throws -> JSONValue {
    let prefix = call.string("logGroupNamePrefix") ?? ""
    let groups = logs.groups.filter { $0.name.hasPrefix(prefix) }.sorted { $0.name < $1.name }.map {
      group -> JSONValue in
      [
        "logGroupName": .string(group.name), "creationTime": Self.milliseconds(group.createdAt),
        "metricFilterCount": 0, "arn": .string(groupARN(group.name) + ":*"), "storedBytes": 0,
        "logGroupArn": .string(groupARN(group.name)),
      ]
    }
    return try page(groups, as: "logGroups", call, limit: 50, countName: "limit")
  }

  private func logGroup(_ call: Call) throws -> LogsState.Group {
    let name =
      call.string("logGroupName")
      ?? call.string("logGroupIdentifier").map { $0.split(separator: ":").last.map(String.init) ?? $0 } ?? ""
    guard let group = logs.groups.first(where: { $0.name == name }) else {
      throw Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    }
    return group
  }

  private func describeLogStreams(_ call: Call) throws -> JSONValue {
    let group = try logGroup(call)
    let prefix = call.string("logStreamNamePrefix") ?? ""
    let streams = group.streams.filter { $0.name.hasPrefix(prefix) }.sorted { $0.name < $1.name }.map {
      stream -> JSONValue in
      [
        "logStreamName": .string(stream.name), "creationTime": Self.milliseconds(stream.createdAt),
        "firstEventTimestamp": Self.milliseconds(stream.lines.first?.time ?? stream.createdAt),
        "lastEventTimestamp": Self.milliseconds(stream.lines.last?.time ?? stream.createdAt),
        "arn": .string(groupARN(group.name) + ":log-stream:\(stream.name)"), "storedBytes": 0,
      ]
    }
    return try page(streams, as: "logStreams", call, limit: 50, countName: "limit")
  }

  /// Tokens say before which line, or behind which, a page begins. At an end the same token comes back.
  private func getLogEvents(_ call: Call) throws -> JSONValue {
    let group = try logGroup(call)
    guard let stream = group.streams.first(where: { $0.name == call.string("logStreamName") }) else {
      throw Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
    }
    let start = Double(call.int("startTime") ?? 0) / 1000
    let end = call.int("endTime").map { Double($0) / 1000 } ?? .infinity
    let lines = stream.lines.filter { $0.time >= start && $0.time < end }
    let limit = min(call.int("limit") ?? 10_000, scene.pageSize ?? 10_000)
    let range: Range<Int>
    if let token = call.string("nextToken") {
      guard let place = Int(token.dropFirst(2)), place <= lines.count, token.hasPrefix("f/") || token.hasPrefix("b/")
      else { throw Refusal.invalid("The specified nextToken is invalid.") }
      range =
        token.hasPrefix("f/") ? place..<min(lines.count, place + limit) : max(0, place - limit)..<place
    } else if call.bool("startFromHead") {
      range = 0..<min(lines.count, limit)
    } else {
      range = max(0, lines.count - limit)..<lines.count
    }
    return [
      "events": .array(lines[range].map { event($0) }), "nextForwardToken": .string(Self.token("f", range.upperBound)),
      "nextBackwardToken": .string(Self.token("b", range.lowerBound)),
    ]
  }

  private static func token(_ direction: String, _ place: Int) -> String {
    let digits = String(place)
    return "\(direction)/" + String(repeating: "0", count: 56 - digits.count) + digits
  }

  private func event(_ line: (time: Double, text: String)) -> JSONValue {
    [
      "timestamp": Self.milliseconds(line.time), "message": .string(line.text),
      "ingestionTime": Self.milliseconds(line.time + 1),
    ]
  }

  private func filterLogEvents(_ call: Call) throws -> JSONValue {
    let group = try logGroup(call)
    let names = call.strings("logStreamNames")
    let prefix = call.string("logStreamNamePrefix") ?? ""
    var events: [JSONValue] = []
    for stream in group.streams where stream.name.hasPrefix(prefix) && (names.isEmpty || names.contains(stream.name)) {
      for (index, line) in stream.lines.enumerated() {
        var event = event(line)
        event["logStreamName"] = .string(stream.name)
        event["eventId"] = .string("\(stream.name)/\(index)")
        events.append(event)
      }
    }
    return try page(events, as: "events", call, limit: 10_000, countName: "limit")
  }
}
