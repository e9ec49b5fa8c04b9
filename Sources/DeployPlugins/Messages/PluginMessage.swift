public import Diagnostics
public import JSON

/// A line of a plugin's standard output (deploy protocol 1): the last one is `result` or `error`.
public enum PluginMessage: Sendable, Hashable {
  case progress(PluginProgress)
  case log(PluginLog)
  case diagnostic(PluginDiagnostic)
  case result(JSONValue)
  case error(PluginFailure)
}

/// How far a step is. A step begins when it is first told of.
public struct PluginProgress: Sendable, Hashable, Codable {
  public enum State: String, Sendable, Hashable, Codable { case running, done, failed }

  /// Its name, such as `wait for the deployment`.
  public var step: String
  /// What happens now, on one line.
  public var message: String?
  public var state: State?
  /// Of `total`: tasks, percent, whatever the step counts.
  public var completed: Double?
  public var total: Double?

  public init(
    _ step: String, message: String? = nil, state: State? = nil, completed: Double? = nil, total: Double? = nil
  ) {
    self.step = step
    self.message = message
    self.state = state
    self.completed = completed
    self.total = total
  }
}

/// Output of something else: of a task, of a command.
public struct PluginLog: Sendable, Hashable, Codable {
  public enum Stream: String, Sendable, Hashable, Codable { case stdout, stderr }

  public var text: String
  public var stream: Stream?
  /// Where it comes from, such as `migrate/0123abcd`.
  public var source: String?
  /// The step that it belongs to; nil is the one that was told of last.
  public var step: String?

  public init(_ text: String, stream: Stream? = nil, source: String? = nil, step: String? = nil) {
    self.text = text
    self.stream = stream
    self.source = source
    self.step = step
  }
}

/// Something to tell that does not end the operation.
public struct PluginDiagnostic: Sendable, Hashable, Codable {
  public var severity: Diagnostic.Severity
  public var code: String
  public var message: String
  public var notes: [String]?
  public var help: [String]?
  /// A JSON Pointer into the configuration.
  public var path: String?

  public init(
    _ severity: Diagnostic.Severity, code: String, message: String, notes: [String]? = nil, help: [String]? = nil,
    path: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.notes = notes
    self.help = help
    self.path = path
  }
}
