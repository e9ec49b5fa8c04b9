import DeployPlugins
import ECSDeployment
import HostOS
import JSON

/// `with:` of the rolling plugin, read.
struct RollingConfig: Sendable {
  let config: DeployConfig
  let services: [ServiceAddress]
  let source: TaskDefinitionSource
  let settings: ServiceSettings
  let before: [OneOffTask]
  let after: [OneOffTask]
  let schedules: [ScheduledTask]
  let autoscaling: Autoscaling?
  let timeout: Duration
  let rollbackTimeout: Duration
  let onTimeout: FailureAction
  let onFailure: FailureAction
  /// Whether a gate that does not pass takes the deployment back.
  let takesBackUnverified: Bool
  let onCancel: CancelAction
  let waits: Bool
  let creates: Bool
  let forces: Bool
  let crashLimit: Int?
  let keepRevisions: Int?

  static let standardTimeout: Duration = .seconds(1800)

  /// - Throws: `PluginFailure` of the category `config`.
  init(_ json: JSONValue) throws(PluginFailure) {
    let config = DeployConfig(json)
    self.config = config
    services = try Self.services(config)
    source = TaskDefinitionSource(try config.string("task-definition"))
    settings = try ServiceSettings(config)
    var before: [OneOffTask] = []
    for child in try config.children("before") { before.append(try OneOffTask(child)) }
    self.before = before
    var after: [OneOffTask] = []
    for child in try config.children("after") { after.append(try OneOffTask(child)) }
    self.after = after
    var schedules: [ScheduledTask] = []
    for child in try config.children("schedules") { schedules.append(try ScheduledTask(child)) }
    self.schedules = schedules
    var autoscaling: Autoscaling?
    if let child = try config.child("autoscaling") { autoscaling = try Autoscaling(child) }
    self.autoscaling = autoscaling
    timeout = try config.duration("timeout") ?? Self.standardTimeout
    rollbackTimeout = try config.duration("rollback-timeout") ?? timeout
    onTimeout = try config.choice("on-timeout", FailureAction.self) ?? .fail
    onFailure = try config.choice("on-failure", FailureAction.self) ?? onTimeout
    takesBackUnverified = try config.choice("on-failure", FailureAction.self) != .fail
    onCancel = try config.choice("on-cancel", CancelAction.self) ?? .leave
    waits = try config.bool("wait") ?? true
    if !waits,
      let key = ["verify", "after", "schedules", "autoscaling", "keep-revisions"].first(where: { config[$0] != nil })
    {
      throw config.failure(
        key, "\(key) follows the deployment, and wait: false does not wait for that",
        hint: "leave out wait: false, or \(key)")
    }
    creates = try config.bool("create") ?? false
    forces = try config.bool("force-new-deployment") ?? false
    crashLimit = try config.int("crash-limit")
    keepRevisions = try config.int("keep-revisions")
  }

  private static func services(_ config: DeployConfig) throws(PluginFailure) -> [ServiceAddress] {
    var names = try config.strings("services") ?? []
    if let name = try config.string("service") { names.insert(name, at: 0) }
    guard !names.isEmpty else {
      throw config.failure("service", "there is no service to deploy to", hint: "name it in service")
    }
    let cluster = try config.string("cluster")
    var services: [ServiceAddress] = []
    for name in names {
      let address = ServiceAddress(cluster: cluster, service: name)
      if !services.contains(address) { services.append(address) }
    }
    guard Set(services.map(\.cluster)).count == 1 else {
      throw config.failure("services", "the services are in several clusters", hint: "deploy to each cluster by itself")
    }
    return services
  }

  var cluster: String { services[0].cluster }
}
