import JSON

/// EventBridge Scheduler.
extension World {
  static let scheduleOperations: [Operation] = [
    Operation("scheduler", "CreateSchedule") { world, call in try world.createSchedule(call) },
    Operation("scheduler", "GetSchedule") { world, call in world.schedules[try world.schedulePlace(call)] },
    Operation("scheduler", "UpdateSchedule") { world, call in try world.updateSchedule(call) },
    Operation("scheduler", "DeleteSchedule") { world, call in
      world.schedules.remove(at: try world.schedulePlace(call))
      return [:]
    },
    Operation("scheduler", "ListSchedules") { world, call in try world.listSchedules(call) },
  ]

  private func schedulePlace(_ call: Call) throws -> Int {
    let name = try call.required("Name")
    let group = call.string("GroupName") ?? "default"
    guard
      let place = schedules.firstIndex(where: { $0["Name"]?.string == name && $0["GroupName"]?.string == group })
    else { throw Refusal("ResourceNotFoundException", "Schedule \(name) does not exist.", status: 404) }
    return place
  }

  /// What is left out gets its default, whatever it was before.
  private func schedule(_ call: Call, created: JSONValue) -> JSONValue {
    var schedule = call.parameters
    schedule["ClientToken"] = nil
    let name = call.string("Name") ?? ""
    let group = call.string("GroupName") ?? "default"
    schedule["GroupName"] = .string(group)
    schedule["Arn"] = .string(arn("scheduler", "schedule/\(group)/\(name)"))
    if schedule["State"] == nil { schedule["State"] = "ENABLED" }
    if schedule["ScheduleExpressionTimezone"] == nil { schedule["ScheduleExpressionTimezone"] = "UTC" }
    if schedule["ActionAfterCompletion"] == nil { schedule["ActionAfterCompletion"] = "NONE" }
    schedule["CreationDate"] = created
    schedule["LastModificationDate"] = timestamp
    return schedule
  }

  private func createSchedule(_ call: Call) throws -> JSONValue {
    guard (try? schedulePlace(call)) == nil else {
      throw Refusal("ConflictException", "Schedule \(call.string("Name") ?? "") already exists.", status: 409)
    }
    let schedule = schedule(call, created: timestamp)
    schedules.append(schedule)
    return ["ScheduleArn": schedule["Arn"] ?? ""]
  }

  private func updateSchedule(_ call: Call) throws -> JSONValue {
    let place = try schedulePlace(call)
    schedules[place] = schedule(call, created: schedules[place]["CreationDate"] ?? timestamp)
    return ["ScheduleArn": schedules[place]["Arn"] ?? ""]
  }

  private func listSchedules(_ call: Call) throws -> JSONValue {
    let summaries = schedules.filter { schedule in
      call.string("GroupName").map { $0 == schedule["GroupName"]?.string } ?? true
        && schedule["Name"]?.string?.hasPrefix(call.string("NamePrefix") ?? "") == true
    }.map { schedule -> JSONValue in
      var summary: JSONValue = ["Target": ["Arn": schedule["Target"]?["Arn"] ?? ""]]
      for name in ["Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate"] {
        summary[name] = schedule[name]
      }
      return summary
    }
    return try page(
      summaries, as: "Schedules", call, limit: 100, countName: "MaxResults", tokenName: "NextToken")
  }
}
