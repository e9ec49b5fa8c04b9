import Diagnostics
import Foundation
import HostOS

/// A program that keeps credentials (protocol of docker-credential-helpers): `get` with the address on standard
/// input answers JSON with `Username` and `Secret`.
struct CredentialHelper: Sendable {
  /// What follows `docker-credential-` in the name of the program.
  let name: String
  let environment: Environment

  private struct Answer: Decodable {
    var username: String
    var secret: String

    private enum CodingKeys: String, CodingKey {
      case username = "Username"
      case secret = "Secret"
    }
  }

  /// Texts of the protocol that mean that there is nothing, which is no failure.
  private static let nothing = [
    "credentials not found in native keychain", "no credentials server URL", "no credentials username",
  ]

  /// Nil when the helper has nothing for the server.
  /// - Throws: `RegistryError` with the code `credential-helper`.
  func get(_ server: String) async throws -> Credential? {
    let program = "docker-credential-\(name)"
    guard !name.contains("/") else {
      throw failure("\"\(name)\" is not the name of a credential helper", notes: [])
    }
    let outcome: ChildProcess.Outcome
    do {
      outcome = try await ChildProcess(program, ["get"], environment: environment, input: Array(server.utf8)).run()
    } catch let error as ChildProcessError {
      throw failure("cannot run the credential helper \(program)", notes: [error.reason])
    }
    let said = outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
    guard outcome.succeeded else {
      if Self.nothing.contains(where: { said.contains($0) || outcome.errorText.contains($0) }) { return nil }
      let reason = outcome.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
      throw failure(
        "the credential helper \(program) failed for \(server)", notes: [reason.isEmpty ? said : reason])
    }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(outcome.output)) else {
      throw failure("the credential helper \(program) did not answer in the form of the protocol", notes: [])
    }
    if answer.username == "<token>" { return .identityToken(answer.secret) }
    return answer.username.isEmpty ? nil : .basic(user: answer.username, password: answer.secret)
  }

  private func failure(_ message: String, notes: [String]) -> RegistryError {
    RegistryError(
      .credentialHelper, message, notes: notes.filter { !$0.isEmpty },
      help: ["try it by hand: echo HOST | docker-credential-\(name) get"], exitCode: .authentication)
  }
}
