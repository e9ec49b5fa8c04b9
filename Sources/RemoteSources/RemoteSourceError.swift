public import Diagnostics

/// Something that a Dockerfile names by URL and that could not be had.
public struct RemoteSourceError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [],
    exitCode: ExitCode = .failure
  ) {
    diagnostics = [.error(code, message, notes: notes.map { .init($0) }, help: help)]
    self.exitCode = exitCode
  }

  var code: DiagnosticCode? { diagnostics.first?.code }
}
