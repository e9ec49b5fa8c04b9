public import Diagnostics

/// What a test needs of the machine and does not find. It fails the test: nothing is skipped.
public struct TestSupportError: DiagnosticError {
  public var diagnostics: [Diagnostic]

  init(_ code: String, _ message: String, notes: [String] = [], help: String...) {
    diagnostics = [
      .error(
        DiagnosticCode(rawValue: code), message, notes: notes.map { Diagnostic.Note($0) },
        help: help)
    ]
  }
}
