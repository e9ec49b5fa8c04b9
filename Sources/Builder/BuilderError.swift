public import Diagnostics

/// Why a plan could not be carried out.
public struct BuilderError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  init(
    _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation? = nil, notes: [Diagnostic.Note] = [],
    help: [String] = [], exitCode: ExitCode = .failure
  ) {
    diagnostics = [.error(code, message, at: annotation, notes: notes, help: help)]
    self.exitCode = exitCode
  }

  /// Another module's error with the place in the Dockerfile that it belongs to.
  init(_ error: any DiagnosticError, at annotation: SourceAnnotation?) {
    diagnostics = error.diagnostics.map { $0.located(at: annotation) }
    exitCode = error.exitCode
  }
}
