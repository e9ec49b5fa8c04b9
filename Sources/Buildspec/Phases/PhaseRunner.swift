public import HostOS
import Synchronization

/// Runs the commands of phases in a session, and tells of them in the log.
///
/// `@unchecked Sendable`: one command runs at a time, and whoever runs it waits for its end.
public final class PhaseRunner: @unchecked Sendable {
  private let session: ShellSession
  private let log: RunLog
  /// Whom commands run as by name; nil where they run as whoever runs this.
  private let users: [String: UserIdentity]
  private let defaultUser: String?
  private let clock = ContinuousClock()

  /// - Parameter users: all that the phases name.
  public init(_ session: ShellSession, _ log: RunLog, users: [String: UserIdentity], defaultUser: String?) {
    self.session = session
    self.log = log
    self.users = users
    self.defaultUser = defaultUser
  }

  /// A command that failed.
  private struct Failure {
    var message: String
  }

  /// Runs a phase, again if it says so, and tells its beginning and its end. Blocks.
  /// - Parameters:
  ///   - isCancelled: asked between commands.
  ///   - more: what else belongs to the phase, when its commands succeeded.
  /// - Throws: `HostError` when there is no shell to run, and what `more` throws for a run that cannot go on.
  public func run(
    _ name: Phase.Name, _ phase: Phase?, isCancelled: () -> Bool
  ) throws -> PhaseOutcome {
    log.line("Entering phase \(name.logName)")
    let start = clock.now
    var failure = try phase.flatMap { try attempt($0, isCancelled) }
    var attempts = 0
    if case .retry(let count, let pattern) = phase?.onFailure?.value {
      while let failed = failure, attempts < count, Self.matches(failed.message, pattern), !isCancelled() {
        attempts += 1
        log.line("Retrying phase \(name.logName): attempt \(attempts) of \(count)")
        failure = try phase.flatMap { try attempt($0, isCancelled) }
      }
    }
    return PhaseOutcome(
      name.logName, succeeded: failure == nil, statusCode: failure == nil ? "" : "COMMAND_EXECUTION_ERROR",
      message: failure?.message ?? "", duration: clock.now - start)
  }

  /// Tells the end of a phase.
  public func tell(_ outcome: PhaseOutcome) {
    log.line("Phase complete: \(outcome.name) State: \(outcome.succeeded ? "SUCCEEDED" : "FAILED")")
    log.line("Phase context status code: \(outcome.statusCode) Message: \(outcome.message)")
  }

  private static func matches(_ message: String, _ pattern: String) -> Bool {
    // It was tried when the file was read.
    (try? Regex(pattern)).map { message.contains($0) } ?? false
  }

  private func attempt(_ phase: Phase, _ isCancelled: () -> Bool) throws -> Failure? {
    let user = (phase.runAs?.value ?? defaultUser).flatMap { users[$0] }
    let failure = try run(phase.commands, user, isCancelled)
    if isCancelled() { return failure }
    return try run(phase.finally, user, isCancelled) ?? failure
  }

  /// - Returns: the first failure, which ends the list.
  private func run(_ commands: [WrittenText], _ user: UserIdentity?, _ isCancelled: () -> Bool) throws -> Failure? {
    for command in commands {
      if isCancelled() { return Failure(message: "the run was canceled") }
      let text = command.value
      session.drain { log.output($0) }
      log.line("Running command \(text.hasSuffix("\n") ? String(text.dropLast()) : text)")
      let ending = try session.run(text, as: user) { log.output($0) }
      log.flush()
      if ending.succeeded { continue }
      let reason =
        switch ending {
        case .exited(let status): "exit status \(status)"
        case .signaled(let number): "signal: \(number)"
        }
      log.say("\n")
      log.line("Command did not exit successfully \(text) \(reason)")
      return Failure(message: "Error while executing command: \(text). Reason: \(reason)")
    }
    return nil
  }
}
