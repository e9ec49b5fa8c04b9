public import DeployPlugins
public import JSON

/// What the configuration wants of a service beside its revision: members of `UpdateService` and `CreateService`.
public struct ServiceSettings: Sendable, Hashable {
  /// As ECS writes them; `deploymentConfiguration` has only what is configured.
  public let wanted: JSONValue

  /// Members whose change makes ECS deploy again.
  private static let deploying: Set<String> = [
    "networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries", "serviceConnectConfiguration",
    "volumeConfigurations", "vpcLatticeConfigurations",
  ]

  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig) throws(PluginFailure) {
    var wanted: JSONValue = [:]
    for member in try config.child("service-settings")?.json.object?.members ?? [] {
      wanted[member.name] = member.value
    }
    if let network = try NetworkSettings.configuration(config) { wanted["networkConfiguration"] = network }
    if let strategy = try CapacitySettings.strategy(config) { wanted["capacityProviderStrategy"] = strategy }
    if let version = try config.string("platform-version") { wanted["platformVersion"] = .string(version) }
    if let balancers = config["load-balancers"] { wanted["loadBalancers"] = balancers }
    if let count = try config.int("desired-count") { wanted["desiredCount"] = .int(count) }
    if let grace = try config.duration("health-check-grace-period") {
      wanted["healthCheckGracePeriodSeconds"] = .int(grace.components.seconds)
    }
    if let exec = try config.bool("enable-execute-command") { wanted["enableExecuteCommand"] = .bool(exec) }
    if let deployment = try Self.deployment(config) { wanted["deploymentConfiguration"] = deployment }
    self.wanted = wanted
  }

  private static func deployment(_ config: DeployConfig) throws(PluginFailure) -> JSONValue? {
    var value: JSONValue = try config.child("deployment-configuration")?.json ?? [:]
    if let percent = try config.int("minimum-healthy-percent") { value["minimumHealthyPercent"] = .int(percent) }
    if let percent = try config.int("maximum-percent") { value["maximumPercent"] = .int(percent) }
    switch config["circuit-breaker"] {
    case nil: break
    case .bool(let isOn): value["deploymentCircuitBreaker"] = ["enable": .bool(isOn), "rollback": .bool(isOn)]
    case .object(let object):
      var breaker: JSONValue = ["enable": true, "rollback": true]
      for member in object.members { breaker[member.name] = member.value }
      value["deploymentCircuitBreaker"] = breaker
    default: throw config.failure("circuit-breaker", "circuit-breaker has to be true, false or a mapping")
    }
    switch config["alarms"] {
    case nil: break
    case .object(let object):
      var alarms: JSONValue = ["enable": true, "rollback": true]
      for member in object.members {
        alarms[member.name == "names" ? "alarmNames" : member.name] = member.value
      }
      value["alarms"] = alarms
    default:
      let names = try config.strings("alarms") ?? []
      value["alarms"] = [
        "alarmNames": .array(names.map { .string($0) }), "enable": .bool(!names.isEmpty),
        "rollback": .bool(!names.isEmpty),
      ]
    }
    if value == [:] { return nil }
    return value
  }

  /// The members of `UpdateService` that a service needs: those that it has otherwise.
  public func changes(to service: ECSService) -> JSONValue {
    var changes: JSONValue = [:]
    for (name, value) in wanted.object?.members ?? [] {
      let live = service.json[name]
      switch name {
      case "networkConfiguration":
        let merged = NetworkSettings.merged(live, value)
        if !NetworkSettings.areSame(live, merged) { changes[name] = merged }
      case "deploymentConfiguration":
        let merged = Self.merged(live, value)
        if !Self.areSame(live, merged) { changes[name] = merged }
      case "capacityProviderStrategy":
        if Self.strategy(live) != Self.strategy(value) { changes[name] = value }
      default:
        if !Self.areSame(live, value) { changes[name] = value }
      }
    }
    return changes
  }

  /// What the service has in the place of some members, to undo their change; those that it has not cannot be undone.
  public static func before(_ changes: JSONValue, _ service: ECSService) -> JSONValue {
    var before: JSONValue = [:]
    for (name, _) in changes.object?.members ?? [] {
      if let value = service.json[name] { before[name] = value }
    }
    return before
  }

  public static func deploys(_ changes: JSONValue) -> Bool {
    (changes.object?.names ?? []).contains { deploying.contains($0) }
  }

  /// Members of the live value that are not configured stay.
  private static func merged(_ live: JSONValue?, _ wanted: JSONValue) -> JSONValue {
    guard live?.object != nil, let members = wanted.object?.members else { return wanted }
    var value = live ?? [:]
    for (name, wanted) in members { value[name] = merged(value[name], wanted) }
    return value
  }

  private static func areSame(_ live: JSONValue?, _ wanted: JSONValue) -> Bool {
    if live == wanted { return true }
    switch wanted {
    case .array(let elements): return elements.isEmpty && live == nil
    case .object(let object):
      return object.members.allSatisfy { areSame(live?[$0.name], $0.value) }
    case .bool(let flag): return !flag && live == nil
    default: return false
    }
  }

  private static func strategy(_ value: JSONValue?) -> [String: [Int]] {
    Dictionary(
      (value?.array ?? []).map {
        ($0["capacityProvider"]?.string ?? "", [$0["weight"]?.int ?? 0, $0["base"]?.int ?? 0])
      }
    ) { _, last in last }
  }
}
