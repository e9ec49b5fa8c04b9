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
    guard let output = try await run("get", Array(server.utf8), about: server) else { return nil }
    guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(output)) else {
      throw failure("the credential helper \(program) did not answer in the form of the protocol", notes: [])
    }
    if answer.username == "<token>" { return .identityToken(answer.secret) }
    return answer.username.isEmpty ? nil : .basic(user: answer.username, password: answer.secret)
  }

  /// - Throws: `RegistryError` with the code `credential-helper`.
  func store(_ server: String, user: String, secret: String) async throws {
    let document = ["ServerURL": server, "Username": user, "Secret": secret]
    _ = try await run("store", Array(try JSONEncoder().encode(document)), about: server)
  }

  /// - Returns: whether there was anything.
  /// - Throws: `RegistryError` with the code `credential-helper`.
  func erase(_ server: String) async throws -> Bool {
    try await run("erase", Array(server.utf8), about: server) != nil
  }

  private var program: String { "docker-credential-\(name)" }

  /// What the helper answers; nil when it says that it has nothing.
  private func run(_ verb: String, _ input: [UInt8], about server: String) async throws -> [UInt8]? {
    guard !name.contains("/") else {
      throw failure("\"\(name)\" is not the name of a credential helper", notes: [])
    }
    let outcome: ChildProcess.Outcome
    do {
      outcome = try await ChildProcess(program, [verb], environment: environment, input: input).run()
    } catch let error as ChildProcessError {
      throw failure("cannot run the credential helper \(program)", notes: [error.reason])
    }
    if outcome.succeeded { return outcome.output }
    let said = outcome.outputText.trimmingCharacters(in: .whitespacesAndNewlines)
    if Self.nothing.contains(where: { said.contains($0) || outcome.errorText.contains($0) }) { return nil }
    let reason = outcome.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
    throw failure("the credential helper \(program) failed for \(server)", notes: [reason.isEmpty ? said : reason])
  }

  private func failure(_ message: String, notes: [String]) -> RegistryError {
    RegistryError(
      .credentialHelper, message, notes: notes.filter { !$0.isEmpty },
      help: ["try it by hand: echo HOST | docker-credential-\(name) get"], exitCode: .authentication)
  }
}
