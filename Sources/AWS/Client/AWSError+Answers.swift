import Diagnostics
import HTTP

extension AWSError {
  /// What a failure means for whoever asked.
  /// - Parameters:
  ///   - operation: such as `ecr:CreateRepository`, as policies write it.
  ///   - credentials: what the call was signed with.
  static func answered(
    _ failure: ServiceFailure, _ operation: String, at host: String, signedWith credentials: AWSCredentials?
  ) -> AWSError {
    let said = [failure.message, failure.code.isEmpty ? "" : "(\(failure.code))"].filter { !$0.isEmpty }
    var notes = said.isEmpty ? [] : ["AWS says: \(said.joined(separator: " "))"]
    if let credentials {
      notes = notes.map(credentials.masking)
      notes.append("the credentials are \(credentials)")
    }
    func error(_ code: DiagnosticCode, _ message: String, _ help: String, _ exitCode: ExitCode) -> AWSError {
      AWSError(
        code, message, notes: notes, help: [help], exitCode: exitCode,
        serviceCode: failure.code.isEmpty ? nil : failure.code)
    }
    if failure.isThrottling {
      return error(
        .awsThrottled, "AWS has had too many requests for \(operation)", "try again later, or with fewer at a time",
        .unavailable)
    }
    if failure.concernsIdentity {
      let help =
        failure.isExpired
        ? "get new credentials from where these came from, for example with aws sso login"
        : "check the credentials with: aws sts get-caller-identity, and the clock of this machine"
      return error(.awsUnauthorized, "AWS does not accept the credentials for \(operation)", help, .authentication)
    }
    if failure.concernsRights {
      return error(
        .awsDenied, "AWS does not permit \(operation)",
        "have a policy that permits \(operation) attached to the user or role", .authentication)
    }
    if failure.status >= 500 {
      return error(
        .awsFailed, "AWS failed to answer \(operation): status \(failure.status) from \(host)", "try again later",
        .unavailable)
    }
    return error(
      .awsRefused, "AWS refuses \(operation): status \(failure.status) from \(host)",
      "check what was asked for, and that the endpoint is that of the service", .failure)
  }

  static func unreachable(_ host: String, _ operation: String, _ error: HTTPError) -> AWSError {
    AWSError(
      .awsUnreachable, "cannot reach \(host) for \(operation)",
      notes: [error.message] + (error.cause.map { [$0] } ?? []),
      help: error.help.map { [$0] } ?? [], exitCode: .unavailable)
  }

  static func unreadable(_ operation: String, at host: String) -> AWSError {
    AWSError(
      .awsFailed, "\(host) answered \(operation) in no form that is known",
      help: ["check that the endpoint is that of the service, and that no proxy answers in its place"],
      exitCode: .unavailable)
  }
}
