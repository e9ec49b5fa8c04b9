import DeployPlugins
import ECSDeployment
import JSON

/// The members of UpdateService that `with:` changes: how to deploy, and what stands before the service.
struct NativeConfiguration: Sendable {
  let config: DeployConfig
  let service: ECSService

  private static let strategies = ["blue-green": "BLUE_GREEN", "canary": "CANARY", "linear": "LINEAR"]

  /// The strategy after the deployment.
  func strategy() throws(PluginFailure) -> String {
    guard let text = try config.string("strategy") else { return service.strategy }
    let plain = text.lowercased().replacing("_", with: "-")
    guard let strategy = Self.strategies[plain] else {
      throw config.failure("strategy", "strategy is \"\(text)\"", hint: "it may be one of blue-green, canary, linear")
    }
    return strategy
  }

  /// `deploymentConfiguration` as it has to be; nil when it is that already.
  func deploymentConfiguration() throws(PluginFailure) -> JSONValue? {
    let live = service.json["deploymentConfiguration"] ?? [:]
    var wanted = live
    let strategy = try strategy()
    if strategy != service.strategy || wanted["strategy"] != nil { wanted["strategy"] = .string(strategy) }
    if let minutes = try minutes(config, "bake-time") { wanted["bakeTimeInMinutes"] = .int(minutes) }
    try set(&wanted, strategy, "CANARY", "canary", "canaryConfiguration", ("canaryPercent", "canaryBakeTimeInMinutes"))
    try set(&wanted, strategy, "LINEAR", "linear", "linearConfiguration", ("stepPercent", "stepBakeTimeInMinutes"))
    if let alarms = try alarms() { wanted["alarms"] = alarms }
    if config["hooks"] != nil { wanted["lifecycleHooks"] = try hooks() }
    for (name, value) in config["deployment-configuration"]?.object?.members ?? [] { wanted[name] = value }
    if strategy == "BLUE_GREEN", wanted["bakeTimeInMinutes"] == nil { wanted["bakeTimeInMinutes"] = 0 }
    return wanted == live ? Optional.none : wanted
  }

  private func set(
    _ wanted: inout JSONValue, _ strategy: String, _ needed: String, _ key: String, _ member: String,
    _ names: (percent: String, bake: String)
  ) throws(PluginFailure) {
    guard strategy == needed else {
      if config[key] != nil {
        throw config.failure(
          key, "\(key) is for the strategy \(key)", hint: "set strategy: \(key), or leave \(key) out")
      }
      wanted[member] = nil
      return
    }
    guard let child = try config.child(key) else { return }
    var value = wanted[member] ?? [:]
    if let percent = child["percent"]?.double {
      let range = key == "canary" ? 0.1...100 : 3...100
      guard range.contains(percent) else {
        throw child.failure(
          "percent", "percent is \(child["percent"]?.text ?? "")",
          hint: "it may be \(key == "canary" ? "0.1" : "3") to 100")
      }
      value[names.percent] = child["percent"]
    }
    if let minutes = try minutes(child, "bake-time") { value[names.bake] = .int(minutes) }
    wanted[member] = value
  }

  private func minutes(_ config: DeployConfig, _ key: String) throws(PluginFailure) -> Int? {
    guard let duration = try config.duration(key) else { return nil }
    guard duration.components.seconds % 60 == 0, duration <= .seconds(86_400), duration.components.attoseconds == 0
    else {
      throw config.failure(key, "\(key) has to be whole minutes, 24 hours at most")
    }
    return Int(duration.components.seconds / 60)
  }

  private func alarms() throws(PluginFailure) -> JSONValue? {
    guard config["alarms"] != nil else { return nil }
    let child = config["alarms"]?.object == nil ? nil : try config.child("alarms")
    let names = try child == nil ? config.strings("alarms") : child?.strings("names")
    let rollsBack = try child?.bool("rollback")
    return [
      "alarmNames": .array((names ?? []).map { .string($0) }), "enable": .bool(names?.isEmpty == false),
      "rollback": .bool(rollsBack ?? true),
    ]
  }

  private func hooks() throws(PluginFailure) -> JSONValue {
    var hooks: [JSONValue] = []
    for child in try config.children("hooks") {
      let stages = (try child.strings("stages") ?? []).map {
        JSONValue.string($0.uppercased().replacing("-", with: "_"))
      }
      guard !stages.isEmpty else { throw child.failure("stages", "a hook has to name its stages") }
      var hook: JSONValue
      if let lambda = try child.string("lambda") {
        guard let role = try child.string("role") else {
          throw child.failure("role", "a hook that calls a function needs the role that may call it")
        }
        hook = ["targetType": "AWS_LAMBDA", "hookTargetArn": .string(lambda), "roleArn": .string(role)]
        hook["hookDetails"] = child["details"]
      } else if try child.bool("pause") == true {
        hook = ["targetType": "PAUSE"]
      } else {
        throw child.failure("", "a hook has either lambda or pause: true")
      }
      hook["lifecycleStages"] = .array(stages)
      if let minutes = try minutes(child, "timeout") {
        hook["timeoutConfiguration"] = [
          "timeoutInMinutes": .int(minutes),
          "action": .string((try child.string("on-timeout") ?? "rollback").uppercased()),
        ]
      }
      hooks.append(hook)
    }
    return .array(hooks)
  }

  /// `loadBalancers` as they have to be; nil when the wiring is that already. Which of the two groups is declared first
  /// does not count: ECS swaps them with each deployment, and would not any more if they were sent again.
  func loadBalancers() throws(PluginFailure) -> JSONValue? {
    guard let child = try config.child("load-balancer") else { return nil }
    let live = service.json["loadBalancers"]?.array ?? []
    var wanted = live.first ?? [:]
    var advanced = wanted["advancedConfiguration"] ?? [:]
    let names = [
      ("alternate-target-group", "alternateTargetGroupArn"), ("production-rule", "productionListenerRule"),
      ("test-rule", "testListenerRule"), ("role", "roleArn"),
    ]
    let liveGroups = Set([
      live.first?["targetGroupArn"], live.first?["advancedConfiguration"]?["alternateTargetGroupArn"],
    ])
    for (key, member) in names { if let text = try child.string(key) { advanced[member] = .string(text) } }
    if let group = try child.string("target-group") { wanted["targetGroupArn"] = .string(group) }
    if let container = try child.string("container") { wanted["containerName"] = .string(container) }
    if let port = try child.int("port") { wanted["containerPort"] = .int(port) }
    if Set([wanted["targetGroupArn"], advanced["alternateTargetGroupArn"]]) == liveGroups {
      wanted["targetGroupArn"] = live.first?["targetGroupArn"]
      advanced["alternateTargetGroupArn"] = live.first?["advancedConfiguration"]?["alternateTargetGroupArn"]
    }
    wanted["advancedConfiguration"] = advanced
    return live.count == 1 && wanted == live[0] ? Optional.none : [wanted]
  }

  /// How traffic goes over, for people.
  func shift(_ configuration: JSONValue, strategy: String) -> String {
    func minutes(_ value: JSONValue?) -> String { "\(value?.text ?? "0") min" }
    let bake = "then \(minutes(configuration["bakeTimeInMinutes"])) of bake time"
    switch strategy {
    case "CANARY":
      let canary = configuration["canaryConfiguration"]
      return
        "\(canary?["canaryPercent"]?.text ?? "5") % for \(minutes(canary?["canaryBakeTimeInMinutes"] ?? 10)), then all; \(bake)"
    case "LINEAR":
      let linear = configuration["linearConfiguration"]
      return
        "\(linear?["stepPercent"]?.text ?? "10") % more every \(minutes(linear?["stepBakeTimeInMinutes"] ?? 6)); \(bake)"
    default: return "all at once; \(bake)"
    }
  }
}
