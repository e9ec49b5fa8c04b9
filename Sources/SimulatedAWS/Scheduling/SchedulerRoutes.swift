import Foundation

/// The paths of EventBridge Scheduler.
enum SchedulerRoutes {
  struct Match {
    var operation: String
    var parameters: [(String, String)]
  }

  static func route(_ inbound: Inbound) -> Match? {
    let parts = inbound.path.split(separator: "/").map { String($0).removingPercentEncoding ?? String($0) }
    guard parts.first == "schedules" else { return nil }
    let names = [
      "groupName": "GroupName", "ScheduleGroup": "GroupName", "clientToken": "ClientToken", "MaxResults": "MaxResults",
      "NextToken": "NextToken", "NamePrefix": "NamePrefix", "State": "State",
    ]
    var parameters = inbound.query.map { (names[$0.name] ?? $0.name, $0.value) }
    switch (inbound.method, parts.count) {
    case ("GET", 1): return Match(operation: "ListSchedules", parameters: parameters)
    case ("GET", 2), ("PUT", 2), ("POST", 2), ("DELETE", 2):
      parameters.append(("Name", parts[1]))
      let verb = ["GET": "Get", "PUT": "Update", "POST": "Create", "DELETE": "Delete"][inbound.method] ?? ""
      return Match(operation: verb + "Schedule", parameters: parameters)
    default: return nil
    }
  }
}
