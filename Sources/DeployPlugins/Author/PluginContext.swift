import Diagnostics
public import HostOS

/// What a plugin works with: its environment, and where it tells of what it does.
public struct PluginContext: Sendable {
  /// What the host handed over.
  public let environment: Environment
  private let send: @Sendable (PluginMessage) -> Void

  public init(environment: Environment, send: @escaping @Sendable (PluginMessage) -> Void) {
    self.environment = environment
    self.send = send
  }

  public func progress(
    _ step: String, _ message: String? = nil, state: PluginProgress.State? = nil, completed: Double? = nil,
    total: Double? = nil
  ) {
    send(.progress(PluginProgress(step, message: message, state: state, completed: completed, total: total)))
  }

  public func log(_ text: String, stream: PluginLog.Stream? = nil, source: String? = nil, step: String? = nil) {
    send(.log(PluginLog(text, stream: stream, source: source, step: step)))
  }

  public func warn(
    _ code: String, _ message: String, notes: [String]? = nil, help: [String]? = nil, path: String? = nil
  ) {
    send(.diagnostic(PluginDiagnostic(.warning, code: code, message: message, notes: notes, help: help, path: path)))
  }

  /// Hands on what somebody else has to tell.
  public func tell(_ diagnostic: PluginDiagnostic) { send(.diagnostic(diagnostic)) }
}
