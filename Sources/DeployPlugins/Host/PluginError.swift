public import Diagnostics
import HostOS
import JSON

/// Why an operation of a plugin did not end well, or did not begin.
public struct PluginError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode
  /// What the plugin itself said; nil where the host found the error.
  public var failure: PluginFailure?

  public init(_ diagnostic: Diagnostic, exitCode: ExitCode, failure: PluginFailure? = nil) {
    diagnostics = [diagnostic]
    self.exitCode = exitCode
    self.failure = failure
  }

  init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [], exitCode: ExitCode = .usage
  ) {
    self.init(.error(code, message, notes: notes.map { .init($0) }, help: help), exitCode: exitCode)
  }

  /// What a plugin says went wrong, with a pointer to where its configuration is written.
  init(_ failure: PluginFailure, of plugin: String, _ configuration: PluginConfiguration) {
    let retry = failure.retryable == true ? ["the same again may succeed"] : []
    let diagnostic = configuration.diagnostic(
      .error, DiagnosticCode(rawValue: failure.code), failure.message, notes: failure.causes ?? [],
      help: [failure.hint].compactMap { $0 } + retry, at: failure.path.flatMap { JSONPointer($0) })
    self.init(diagnostic, exitCode: failure.exitCode, failure: failure)
  }

  static func brokenProtocol(_ plugin: LocatedPlugin, _ what: String, _ lastLines: [String]) -> PluginError {
    PluginError(
      "plugin-protocol", "the plugin \(plugin.name) broke deploy protocol 1: \(what)",
      notes: lastLines.isEmpty ? [] : ["its standard error ends in:\n" + lastLines.joined(separator: "\n")],
      help: [
        plugin.isBuiltIn
          ? "this is a defect of Slipway: please report it"
          : "tell its author, who can see it with: slipway plugin check \(plugin.path)"
      ], exitCode: .pluginProtocol)
  }
}

extension PluginFailure {
  /// How the host ends (deploy protocol 1).
  public var exitCode: ExitCode {
    if state == .rolledBack, category ?? .failed == .failed { return .rolledBack }
    switch category ?? .failed {
    case .failed: return .failure
    case .config: return .usage
    case .authentication: return .authentication
    case .unavailable: return .unavailable
    case .cancelled: return Signals.last == 0 ? .failure : .signal(Signals.last)
    }
  }
}

extension DeploymentReport {
  /// How the host ends after `apply`, `rollback` and `wait`.
  public var exitCode: ExitCode {
    switch state {
    case .succeeded, .unchanged, .inProgress, .waitingForApproval: .success
    case .rolledBack: .rolledBack
    case .failed, .rollbackFailed, .superseded, .timedOut, .stopped: .failure
    }
  }
}
