public import Diagnostics

/// AWS that refuses, fails or cannot be reached, credentials that are not there, and settings that cannot be used.
public struct AWSError: DiagnosticError {
  public var diagnostic: Diagnostic
  public var exitCode: ExitCode
  /// The service's own name for what went wrong, such as `RepositoryNotFoundException`; nil when no service said it.
  public var serviceCode: String?

  public init(
    _ code: DiagnosticCode, _ message: String, notes: [String] = [], help: [String] = [], exitCode: ExitCode = .failure,
    serviceCode: String? = nil
  ) {
    diagnostic = .error(code, message, notes: notes.map { .init($0) }, help: help)
    self.exitCode = exitCode
    self.serviceCode = serviceCode
  }

  public var diagnostics: [Diagnostic] { [diagnostic] }
  public var code: DiagnosticCode { diagnostic.code }
}

extension DiagnosticCode {
  /// No source has any.
  public static let awsCredentialsMissing: DiagnosticCode = "aws-credentials-missing"
  /// A source was set up and gives none.
  public static let awsCredentialsInvalid: DiagnosticCode = "aws-credentials-invalid"
  /// The service does not accept who we are.
  public static let awsUnauthorized: DiagnosticCode = "aws-unauthorized"
  /// The service knows who we are and does not permit it.
  public static let awsDenied: DiagnosticCode = "aws-denied"
  /// A file or a variable of the settings cannot be used.
  public static let awsSettings: DiagnosticCode = "aws-settings"
  public static let awsRegionMissing: DiagnosticCode = "aws-region-missing"
  /// The service understood and refused what was sent.
  public static let awsRefused: DiagnosticCode = "aws-refused"
  public static let awsThrottled: DiagnosticCode = "aws-throttled"
  /// The service failed, or answered what its protocol does not allow.
  public static let awsFailed: DiagnosticCode = "aws-failed"
  public static let awsUnreachable: DiagnosticCode = "aws-unreachable"
}
