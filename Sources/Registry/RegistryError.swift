public import Diagnostics

/// A registry that refuses, misses, damages or cannot be reached.
public struct RegistryError: DiagnosticError {
  public var diagnostic: Diagnostic
  public var exitCode: ExitCode
  /// The codes that the registry named (distribution-spec, "Error codes").
  var reportedCodes: Set<String> = []

  public init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [], exitCode: ExitCode = .failure
  ) {
    diagnostic = .error(code, message, notes: notes.map { .init($0) }, help: help)
    self.exitCode = exitCode
  }

  public var diagnostics: [Diagnostic] { [diagnostic] }
  public var code: DiagnosticCode { diagnostic.code }
}

extension DiagnosticCode {
  public static let unauthorized: DiagnosticCode = "unauthorized"
  public static let denied: DiagnosticCode = "denied"
  public static let manifestUnknown: DiagnosticCode = "manifest-unknown"
  public static let nameUnknown: DiagnosticCode = "name-unknown"
  public static let blobUnknown: DiagnosticCode = "blob-unknown"
  public static let tooManyRequests: DiagnosticCode = "too-many-requests"
  public static let registryUnreachable: DiagnosticCode = "registry-unreachable"
  public static let httpToHTTPS: DiagnosticCode = "http-to-https"
  /// The registry understood and refused what was sent.
  public static let registryRefused: DiagnosticCode = "registry-refused"
  /// The registry failed, or answered what the specification does not allow.
  public static let registryFailed: DiagnosticCode = "registry-failed"
  public static let digestMismatch: DiagnosticCode = "digest-mismatch"
  public static let manifestTooLarge: DiagnosticCode = "manifest-too-large"
  public static let insecureTokenServer: DiagnosticCode = "insecure-token-server"
  public static let credentialsInvalid: DiagnosticCode = "credentials-invalid"
  public static let credentialHelper: DiagnosticCode = "credential-helper"
}
