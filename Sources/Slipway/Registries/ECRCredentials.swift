import AWS
import Diagnostics
import HTTP
import HostOS
import Registry
import Synchronization

/// Amazon ECR's passwords, for whoever AWS says that we are.
///
/// Nothing of AWS is read before a name of ECR is met.
final class ECRCredentials: Sendable {
  private struct Access: Sendable {
    var client: AWSClient
    var passwords: ECRPasswords
  }

  private let http: HTTPClient
  private let environment: Environment
  private let progress: ProgressReporter
  private let access = Mutex<Access?>(nil)

  init(http: HTTPClient, environment: Environment, progress: ProgressReporter) {
    self.http = http
    self.environment = environment
    self.progress = progress
  }

  /// Nil for other registries, and for public.ecr.aws where there are no credentials: it lets everybody read.
  /// - Throws: `AWSError`, `CancellationError`.
  func credential(for host: String) async throws -> ProvidedCredential? {
    guard let registry = ECRRegistry(host: host) else { return nil }
    do {
      let (client, passwords) = try parts()
      let password = try await passwords.password(for: registry)
      let identity = try await client.credentials()
      return ProvidedCredential(
        .basic(user: password.user, password: password.password), origin: "Amazon ECR, for \(identity)")
    } catch let error as AWSError where registry.isPublic {
      if error.code != .awsCredentialsMissing, let first = error.diagnostics.first {
        progress.report(
          .warning(
            "anonymous-registry", "\(host) is asked without credentials: \(first.message)", notes: first.notes,
            help: first.help))
      }
      return nil
    }
  }

  /// - Throws: `AWSError` when the settings of AWS cannot be read.
  func client() throws -> AWSClient { try parts().0 }

  private func parts() throws -> (AWSClient, ECRPasswords) {
    let found = try access.withLock { access in
      if let access { return access }
      let client = try AWSClient(http: http, environment: environment)
      let made = Access(client: client, passwords: ECRPasswords(client: client, now: http.clock.now))
      access = made
      return made
    }
    return (found.client, found.passwords)
  }
}
