public import Diagnostics

/// Images that cannot be moved as they are, and files that hold none.
public struct ImagesError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [],
    exitCode: ExitCode = .failure
  ) {
    diagnostics = [.error(code, message, notes: notes.map { .init($0) }, help: help)]
    self.exitCode = exitCode
  }
}
