public import Diagnostics

/// Image data or a name that is not what the specifications allow.
public struct OCIError: DiagnosticError {
  public var diagnostic: Diagnostic
  public var exitCode: ExitCode

  public init(_ code: DiagnosticCode, _ message: String, help: [String] = [], exitCode: ExitCode = .failure) {
    diagnostic = .error(code, message, help: help)
    self.exitCode = exitCode
  }

  static func unsupported(_ digest: Digest) -> OCIError {
    OCIError(
      "unsupported-digest", "\(digest.algorithm) digests cannot be checked: \(digest)",
      help: ["push the image with sha256 digests"])
  }

  public var diagnostics: [Diagnostic] { [diagnostic] }
}
