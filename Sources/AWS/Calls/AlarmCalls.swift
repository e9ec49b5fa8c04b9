/// Alarms by their names, as many as one call may have (Amazon CloudWatch).
public struct DescribeAlarms: QueryCall {
  public static let service = AWSService.cloudWatch
  public static let operation = "DescribeAlarms"
  public typealias Output = [Alarm]
  public static let limit = 100

  public var names: [String]

  public init(names: [String]) { self.names = names }

  public struct Alarm: Sendable, Hashable {
    public var name: String
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    public var state: String
    public var reason: String?
  }

  public var parameters: [(name: String, value: String)] {
    names.enumerated().map { ("AlarmNames.member.\($0.offset + 1)", $0.element) }
      + [("AlarmTypes.member.1", "MetricAlarm"), ("AlarmTypes.member.2", "CompositeAlarm"), ("MaxRecords", "100")]
  }

  public static func output(of result: XMLElement) throws -> [Alarm] {
    ["MetricAlarms", "CompositeAlarms"].flatMap { result[$0]?.children ?? [] }.map {
      Alarm(
        name: $0["AlarmName"]?.text ?? "", state: $0["StateValue"]?.text ?? "", reason: $0["StateReason"]?.text)
    }
  }
}
