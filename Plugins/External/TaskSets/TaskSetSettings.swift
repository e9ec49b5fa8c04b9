import DeployPlugins
import ECSDeployment
import JSON

/// What `with:` says of deployments by task sets.
struct TaskSetSettings: Sendable {
  enum Orphans: String, CaseIterable { case adopt, delete, refuse }
  /// What to do when it fails or is cancelled.
  enum Undo: String, CaseIterable { case rollback, leave }

  let config: DeployConfig
  let address: ServiceAddress
  /// Of the listener or the rule with the production traffic; nil is without a load balancer.
  let listener: String?
  /// Both target groups; the new set gets the one that the old one has not.
  let targetGroups: [String]
  /// The shares of the traffic that the new set gets, one after the other.
  let steps: [Int]
  let stepPause: Duration
  let scale: Double
  /// Whether the old set stays, for a fast way back.
  let keepsOld: Bool
  let orphans: Orphans
  let timeout: Duration
  let failureThreshold: Int
  let onTimeout: Undo
  let onFailure: Undo
  let onCancel: Undo
  let drain: Duration

  /// - Throws: `PluginFailure` of the category `config`.
  init(_ json: JSONValue) throws(PluginFailure) {
    config = DeployConfig(json)
    guard let service = try config.string("service") else {
      throw config.failure(
        "", "neither command nor service is there",
        hint: "name the command that deploys, or the service whose task sets to drive")
    }
    address = ServiceAddress(cluster: try config.string("cluster"), service: service)
    listener = try config.string("listener")
    targetGroups = try config.strings("target-groups") ?? []
    let given = config["steps"]?.array?.compactMap(\.int) ?? [100]
    guard !given.isEmpty, given == given.sorted(), given.allSatisfy({ (1...100).contains($0) }) else {
      throw config.failure("steps", "steps have to rise from 1 to 100", hint: "such as steps: [10, 50, 100]")
    }
    steps = given.last == 100 ? given : given + [100]
    guard listener == nil || targetGroups.count == 2 else {
      throw config.failure(
        "target-groups", "traffic can be shifted between two target groups only", hint: "name both in target-groups")
    }
    stepPause = try config.duration("step-pause") ?? .zero
    scale = config["scale"]?.double ?? 100
    keepsOld = try config.bool("keep-old") ?? false
    orphans = try config.choice("orphans", Orphans.self) ?? .refuse
    timeout = try config.duration("timeout") ?? .seconds(1800)
    failureThreshold = try config.int("failure-threshold") ?? 3
    let onTimeout = try config.choice("on-timeout", FailureAction.self)
    self.onTimeout = onTimeout == .fail ? .leave : .rollback
    onFailure = try config.choice("on-failure", Undo.self) ?? .rollback
    onCancel = try config.choice("on-cancel", Undo.self) ?? .rollback
    drain = try config.duration("drain") ?? .zero
  }
}
