import DeployPlugins
import JSON

/// What `with:` says of a hand-off.
struct HandOffSettings: Sendable {
  enum OnTimeout: String { case fail, rollback }
  enum OnFailure: String { case leave, rollback }
  enum PlanExitCode: String { case plain, detailed }

  var command: [String]
  var planCommand: [String]?
  var rollbackCommand: [String]?
  var statusCommand: [String]?
  var environment: [(name: String, value: String)]
  var directory: String?
  var getsAWS: Bool
  var timeout: Duration?
  var grace: Duration
  var onTimeout: OnTimeout
  var onFailure: OnFailure
  var onCancel: OnFailure
  var planExitCode: PlanExitCode

  /// - Throws: `PluginFailure` of the category `config`.
  init(_ config: JSONValue) throws(PluginFailure) {
    command = try Self.words(config, "command") ?? []
    planCommand = try Self.words(config, "plan-command")
    rollbackCommand = try Self.words(config, "rollback-command")
    statusCommand = try Self.words(config, "status-command")
    environment = (config["environment"]?.object?.members ?? []).map { ($0.name, $0.value.string ?? $0.value.text) }
    directory = config["directory"]?.string
    getsAWS = config["credentials"]?.array?.contains("aws") ?? false
    timeout = try Self.duration(config, "timeout")
    grace = try Self.duration(config, "grace") ?? .seconds(10)
    onTimeout = config["on-timeout"]?.string.flatMap(OnTimeout.init(rawValue:)) ?? .fail
    onFailure = config["on-failure"]?.string.flatMap(OnFailure.init(rawValue:)) ?? .leave
    onCancel = config["on-cancel"]?.string.flatMap(OnFailure.init(rawValue:)) ?? .leave
    planExitCode = config["plan-exit-code"]?.string.flatMap(PlanExitCode.init(rawValue:)) ?? .plain
    for (key, isRollback) in [
      ("on-timeout", onTimeout == .rollback), ("on-failure", onFailure == .rollback),
      ("on-cancel", onCancel == .rollback),
    ] where isRollback && rollbackCommand == nil {
      throw .config(
        "\(key): rollback needs a rollback-command", "/\(key)", hint: "say how to roll back: rollback-command")
    }
  }

  private static func words(_ config: JSONValue, _ key: String) throws(PluginFailure) -> [String]? {
    guard let value = config[key] else { return nil }
    if let text = value.string {
      if text.allSatisfy(\.isWhitespace) { throw .config("\(key) is empty", "/\(key)") }
      return ["/bin/sh", "-ec", text]
    }
    let words = value.array?.compactMap(\.string) ?? []
    guard let first = words.first, !first.isEmpty else { throw .config("\(key) is empty", "/\(key)") }
    return words
  }

  private static func duration(_ config: JSONValue, _ key: String) throws(PluginFailure) -> Duration? {
    guard let text = config[key]?.string else { return nil }
    guard let duration = Duration(text: text) else {
      throw .config("\"\(text)\" is no length of time", "/\(key)", hint: "write it as 90s, 30m or 1h30m")
    }
    return duration
  }
}

extension PluginFailure {
  /// A configuration that cannot be right.
  static func config(_ message: String, _ path: String, hint: String? = nil) -> PluginFailure {
    PluginFailure(code: "invalid-config", message: message, hint: hint, path: path, category: .config)
  }
}
