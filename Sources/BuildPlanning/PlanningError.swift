public import Diagnostics

/// Why a Dockerfile makes no plan. It holds all mistakes that were found.
public struct PlanningError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode { .usage }

  init(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

  init(
    _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation?, notes: [Diagnostic.Note] = [],
    help: [String] = []
  ) {
    diagnostics = [.error(code, message, at: annotation, notes: notes, help: help)]
  }
}
