public import Diagnostics

/// A buildspec that cannot be used, or a part of it that cannot be carried out.
public struct BuildspecError: DiagnosticError {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode

  public init(_ diagnostics: [Diagnostic], exitCode: ExitCode = .usage) {
    self.diagnostics = diagnostics
    self.exitCode = exitCode
  }

  public init(
    _ code: DiagnosticCode, _ message: String, at annotation: SourceAnnotation? = nil, help: [String],
    exitCode: ExitCode = .usage
  ) {
    self.init([.error(code, message, at: annotation, help: help)], exitCode: exitCode)
  }
}

extension DiagnosticCode {
  /// Something has not the form that a buildspec has there.
  public static let buildspecForm: DiagnosticCode = "buildspec-form"
  /// A key that buildspecs do not have there.
  public static let buildspecUnknownKey: DiagnosticCode = "buildspec-unknown-key"
  /// A value that is not one of those there are.
  public static let buildspecValue: DiagnosticCode = "buildspec-value"
  /// A key that nothing comes of here.
  public static let buildspecIgnored: DiagnosticCode = "buildspec-ignored"
  /// A user that commands cannot run as.
  public static let buildspecUser: DiagnosticCode = "buildspec-user"
}
