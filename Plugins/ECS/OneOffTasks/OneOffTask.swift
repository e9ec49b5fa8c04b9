public import DeployPlugins
public import JSON

/// A task that runs once, before or after a deployment, as the configuration has it.
public struct OneOffTask: Sendable, Hashable {
  public let name: String
  /// Its exit code decides; nil is all essential containers'.
  public let container: String?
  public let command: [String]?
  public let environment: [(name: String, value: String)]
  public let cpu: String?
  public let memory: String?
  /// Nil is the revision that is deployed.
  public let taskDefinition: String?
  public let timeout: Duration
  /// `networkConfiguration`, `launchType` and others of `RunTask`, in the place of the service's.
  public let settings: JSONValue
  public let pointer: String

  private static let standardTimeout: Duration = .seconds(1800)

  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig) throws(PluginFailure) {
    pointer = config.pointer.description
    container = try config.string("container")
    name = try config.string("task") ?? container ?? "task"
    if let text = config["command"]?.string {
      command = ["/bin/sh", "-c", text]
    } else {
      command = try config.strings("command")
    }
    environment = try config.map("environment") ?? []
    cpu = try config.string("cpu")
    memory = try config.string("memory")
    taskDefinition = try config.string("task-definition")
    timeout = try config.duration("timeout") ?? Self.standardTimeout
    var settings: JSONValue = [:]
    settings["networkConfiguration"] = try NetworkSettings.configuration(config)
    settings["launchType"] = try config.string("launch-type").map { .string($0) }
    settings["capacityProviderStrategy"] = try CapacitySettings.strategy(config)
    settings["platformVersion"] = try config.string("platform-version").map { .string($0) }
    self.settings = settings
  }

  public static func == (one: OneOffTask, other: OneOffTask) -> Bool { one.json == other.json }
  public func hash(into hasher: inout Hasher) { hasher.combine(json) }

  /// For people.
  public var json: JSONValue {
    var value: JSONValue = ["task": .string(name)]
    value["container"] = container.map { .string($0) }
    value["command"] = command.map { .array($0.map { .string($0) }) }
    if !environment.isEmpty {
      value["environment"] = .members(environment.map { ($0.name, .string($0.value)) })
    }
    value["taskDefinition"] = taskDefinition.map { .string($0) }
    for member in settings.object?.members ?? [] { value[member.name] = member.value }
    return value
  }
}

extension OneOffTask {
  /// The parameters of `RunTask`.
  /// - Parameters:
  ///   - service: whose network and launch are taken where the configuration has none.
  ///   - id: of the deployment: the same task of the same deployment is started once.
  func parameters(
    cluster: String, taskDefinition: String, draft: TaskDefinitionDraft, service: JSONValue?, id: String
  ) throws(PluginFailure) -> JSONValue {
    var value: JSONValue = ["cluster": .string(cluster), "taskDefinition": .string(taskDefinition), "count": 1]
    for name in ["networkConfiguration", "launchType", "capacityProviderStrategy", "platformVersion"] {
      if let setting = settings[name] ?? service?[name], setting != [], !setting.isNull { value[name] = setting }
    }
    // One or the other: a strategy of our own counts more than the service's launch type.
    if value["capacityProviderStrategy"] != nil {
      if settings["launchType"] != nil { value["capacityProviderStrategy"] = nil } else { value["launchType"] = nil }
    }
    if value["launchType"] == "EC2" || draft.json["networkMode"]?.string != "awsvpc" && !draft.isForFargate {
      value["platformVersion"] = nil
    }
    if draft.json["networkMode"]?.string != "awsvpc" && settings["networkConfiguration"] == nil {
      value["networkConfiguration"] = nil
    }
    if let overrides = try overrides(draft) { value["overrides"] = overrides }
    value["startedBy"] = .string(
      String("slipway/\(id)".filter { $0.isASCII && ($0.isLetter || $0.isNumber || "-_/".contains($0)) }.prefix(36)))
    value["clientToken"] = .string(Token.make(id, name, pointer, value.text))
    return value
  }

  private func overrides(_ draft: TaskDefinitionDraft) throws(PluginFailure) -> JSONValue? {
    guard command != nil || !environment.isEmpty || cpu != nil || memory != nil || container != nil else { return nil }
    let essential = draft.essentialContainers
    guard let container = container ?? (essential.count == 1 ? essential[0] : nil) else {
      throw PluginFailure(
        code: "invalid-config", message: "it is not known which container runs \(name)",
        hint: "say it in container: one of \(draft.containerNames.joined(separator: ", "))", path: pointer,
        category: .config)
    }
    guard draft.container(container) != nil else {
      throw PluginFailure(
        code: "container-not-found", message: "the task definition \(draft.family) has no container \(container)",
        hint: "its containers are \(draft.containerNames.joined(separator: ", "))", path: pointer + "/container",
        category: .config)
    }
    var override: JSONValue = ["name": .string(container)]
    override["command"] = command.map { .array($0.map { .string($0) }) }
    if !environment.isEmpty {
      override["environment"] = .array(environment.map { ["name": .string($0.name), "value": .string($0.value)] })
    }
    var value: JSONValue = [:]
    if override.object?.count ?? 0 > 1 { value["containerOverrides"] = [override] }
    value["cpu"] = cpu.map { .string($0) }
    value["memory"] = memory.map { .string($0) }
    if value == [:] { return nil }
    return value
  }
}
