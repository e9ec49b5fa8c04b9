public import Diagnostics

/// Image data or a name that is not what the specifications allow.
public struct OCIError: DiagnosticError {
  public var diagnostic: Diagnostic
  public var exitCode: ExitCode

  public init(_ code: DiagnosticCode, _ message: String, help: [String] = [], exitCode: ExitCode = .failure) {
    diagnostic = .error(code, message, help: help)
    self.exitCode = exitCode
  }

  public var diagnostics: [Diagnostic] { [diagnostic] }
}
