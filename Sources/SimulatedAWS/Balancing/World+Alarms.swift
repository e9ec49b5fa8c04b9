import JSON

/// CloudWatch: alarms.
extension World {
  static let alarmOperations: [Operation] = [
    Operation("cloudwatch", "DescribeAlarms") { world, call in
      let names = call.strings("AlarmNames")
      let state = call.string("StateValue")
      let found = world.alarms.filter {
        (names.isEmpty || names.contains($0.key)) && (state == nil || $0.value == state)
      }.sorted { $0.key < $1.key }.map { world.describe(alarm: $0.key, state: $0.value) }
      return try world.page(
        found, as: "MetricAlarms", call, limit: 100, countName: "MaxRecords", tokenName: "NextToken")
    },
    Operation("cloudwatch", "SetAlarmState") { world, call in
      let name = try call.required("AlarmName")
      guard world.alarms[name] != nil else { throw Refusal("ResourceNotFound", "no alarm \(name)", status: 404) }
      world.alarms[name] = call.string("StateValue")
      return [:]
    },
  ]

  /// Sets the state of an alarm: OK, ALARM, INSUFFICIENT_DATA.
  public func setAlarm(_ name: String, _ state: String) { alarms[name] = state }

  private func describe(alarm name: String, state: String) -> JSONValue {
    [
      "AlarmName": .string(name), "AlarmArn": .string(arn("cloudwatch", "alarm:\(name)")), "StateValue": .string(state),
      "StateReason": .string("the simulation says so"), "StateUpdatedTimestamp": Self.timeText(now),
      "MetricName": "HTTPCode_Target_5XX_Count", "Namespace": "AWS/ApplicationELB", "Period": 60,
      "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold",
    ]
  }
}
