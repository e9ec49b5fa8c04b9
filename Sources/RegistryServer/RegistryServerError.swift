public import Diagnostics

/// Why a registry cannot be served.
public struct RegistryServerError: DiagnosticError {
  public var diagnostic: Diagnostic
  public var exitCode: ExitCode

  public init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [], exitCode: ExitCode = .failure
  ) {
    diagnostic = .error(code, message, notes: notes.map { .init($0) }, help: help)
    self.exitCode = exitCode
  }

  public var diagnostics: [Diagnostic] { [diagnostic] }
}
