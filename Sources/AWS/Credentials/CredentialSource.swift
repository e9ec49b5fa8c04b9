import Diagnostics
import HostOS

/// One place that credentials may come from.
protocol CredentialSource: Sendable {
  /// For messages, such as `the environment`.
  var name: String { get }
  /// - Throws: `AWSError` when the place was set up and gives none; then no other is asked.
  func find() async throws -> CredentialFinding
}

enum CredentialFinding: Sendable {
  case found(AWSCredentials)
  /// There are none, and nobody said that there should be: what was found instead.
  case absent(String)
}

/// `AWS_ACCESS_KEY_ID` and what belongs to it.
struct EnvironmentCredentials: CredentialSource {
  let settings: AWSSettings
  let name = "the environment"

  func find() throws -> CredentialFinding {
    let environment = settings.environment
    guard let key = environment.nonEmpty("AWS_ACCESS_KEY_ID") else {
      guard environment.nonEmpty("AWS_SECRET_ACCESS_KEY") == nil else { throw half("AWS_ACCESS_KEY_ID") }
      return .absent("AWS_ACCESS_KEY_ID is not set")
    }
    guard let secret = environment.nonEmpty("AWS_SECRET_ACCESS_KEY") else { throw half("AWS_SECRET_ACCESS_KEY") }
    return .found(
      AWSCredentials(
        accessKeyID: key, secretAccessKey: secret, sessionToken: environment.nonEmpty("AWS_SESSION_TOKEN"),
        expiration: environment.nonEmpty("AWS_CREDENTIAL_EXPIRATION").flatMap(TimestampText.secondsSince1970),
        origin: name))
  }

  private func half(_ missing: String) -> AWSError {
    AWSError(
      .awsCredentialsInvalid, "the environment has half of a pair of AWS credentials: \(missing) is not set",
      help: ["set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither"], exitCode: .authentication)
  }
}
