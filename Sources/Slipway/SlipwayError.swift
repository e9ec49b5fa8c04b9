public import Diagnostics

/// Why a use case could not begin, or what was wrong with the request for it.
public struct SlipwayError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  public init(
    _ code: DiagnosticCode, _ message: String, notes: [Diagnostic.Note] = [], help: [String] = [],
    exitCode: ExitCode = .usage
  ) {
    diagnostics = [.error(code, message, notes: notes, help: help)]
    self.exitCode = exitCode
  }

  init(_ diagnostics: [Diagnostic], exitCode: ExitCode) {
    self.diagnostics = diagnostics
    self.exitCode = exitCode
  }

  /// Another module's error with the place that it belongs to.
  init(_ error: any DiagnosticError, at annotation: SourceAnnotation?) {
    diagnostics = error.diagnostics.map { $0.located(at: annotation) }
    exitCode = error.exitCode
  }
}
