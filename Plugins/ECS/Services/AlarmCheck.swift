import AWS
public import DeployPlugins

/// ECS takes no notice, for the whole of a deployment, of an alarm that is on when it begins.
public struct AlarmCheck: Sendable {
  private let client: ECSClient

  public init(_ client: ECSClient) { self.client = client }

  /// Warns of alarms that are on already, and of such that are not there.
  public func warn(of names: [String], _ context: PluginContext) async throws {
    guard !names.isEmpty, let alarms = try await client.quietly(DescribeAlarms(names: names)) else { return }
    for alarm in alarms where alarm.state == "ALARM" {
      context.warn(
        "alarm-already-on", "the alarm \(alarm.name) is on before the deployment begins: ECS will not heed it",
        notes: alarm.reason.map { [$0] }, help: ["wait until it is OK, or deploy knowing that it guards nothing"],
        path: "/alarms")
    }
    for name in names where !alarms.contains(where: { $0.name == name || name.hasSuffix(":\($0.name)") }) {
      context.warn("alarm-not-found", "there is no alarm \(name)", path: "/alarms")
    }
  }
}
