import Diagnostics
import Foundation
import HostOS

/// A program that prints credentials (`credential_process`). It is run without a shell.
struct ProcessCredentials: Sendable {
  let command: String
  let profile: String
  let settings: AWSSettings
  private static let timeout = Duration.seconds(60)

  init(command: String, profile: String, _ settings: AWSSettings) {
    self.command = command
    self.profile = profile
    self.settings = settings
  }

  /// Nothing that the program prints is shown but what it says of its failure.
  /// - Throws: `AWSError`.
  func credentials() async throws -> AWSCredentials {
    let words = Self.words(command)
    guard let program = words.first else { throw failure("credential_process of the profile \(profile) is no command") }
    let outcome: ChildProcess.Outcome
    do {
      outcome = try await run(ChildProcess(program, Array(words.dropFirst()), environment: settings.environment))
    } catch let error as ChildProcessError {
      throw failure("cannot run the credential_process of the profile \(profile)", error.reason)
    }
    guard outcome.succeeded else {
      let said = outcome.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
      throw failure(
        "the credential_process of the profile \(profile) failed", "it ended with \(outcome.status)",
        String(said.prefix(500)))
    }
    guard let document = CredentialDocument(outcome.output), document.version == 1,
      let found = document.credentials(origin: "the credential_process of the profile \(profile)")
    else {
      throw failure(
        "the credential_process of the profile \(profile) does not print credentials",
        "they are JSON with Version 1, AccessKeyId and SecretAccessKey")
    }
    return found
  }

  /// Ends a program that takes too long, perhaps because it asks somebody.
  private func run(_ process: ChildProcess) async throws -> ChildProcess.Outcome {
    try await withThrowingTaskGroup(of: ChildProcess.Outcome?.self) { group in
      group.addTask { try await process.run() }
      group.addTask {
        try await Task.sleep(for: Self.timeout)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let outcome = first else {
        throw failure(
          "the credential_process of the profile \(profile) did not end",
          "it had \(Self.timeout.components.seconds) seconds")
      }
      return outcome
    }
  }

  private func failure(_ message: String, _ notes: String...) -> AWSError {
    AWSError(
      .awsCredentialsInvalid, message, notes: notes.filter { !$0.isEmpty },
      help: ["try it by hand: \(Self.words(command).first ?? command)"], exitCode: .authentication)
  }

  /// Words as a shell splits them: quotation marks of both kinds and backslashes, nothing else.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var characters = text[...]
    while let character = characters.popFirst() {
      if character == "\\", quote != "'", let next = characters.popFirst() {
        word = (word ?? "") + (quote == "\"" && next != "\"" && next != "\\" ? "\\" : "") + String(next)
      } else if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }
}
