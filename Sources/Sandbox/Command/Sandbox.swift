import HostOS
import SystemPackage

/// Runs commands in root file systems made of layers, kept apart from the host by namespaces, or in plain folders that
/// become their root.
///
/// The calling process must be root or root of a user namespace: see `UserNamespace.enterIfNeeded`. Which of the two is
/// possible is told by `Isolation.choice`.
public struct Sandbox: Sendable {
  /// One of the two outputs of a command.
  public enum Stream: Sendable, Hashable {
    case standardOutput
    case standardError
  }

  /// Bytes of a command's output as they come. It is called on one thread at a time, and the command waits while it
  /// runs.
  public typealias Output = @Sendable (Stream, [UInt8]) -> Void

  public init() {}

  /// The extended attribute that marks an opaque folder in the upper folder; its value is `y`.
  public static var opaqueAttribute: String {
    UserNamespace.current == .initial ? "trusted.overlay.opaque" : "user.overlay.opaque"
  }

  /// Runs a command to its end; whatever it left behind is killed then. Its changes are in `root.upper`.
  ///
  /// Cancelling the task kills the command and all that it started.
  /// - Parameters:
  ///   - terminal: whose person talks to the command; nil closes its input. There is no output then.
  ///   - owners: where one id only is mapped, what answers for the others. Nil lets every file belong to that.
  /// - Throws: `SandboxError`; `HostError` when traces of mounts cannot be removed; `CancellationError`.
  public func run(
    _ command: SandboxCommand, in root: RootFilesystem, on terminal: SandboxTerminal? = nil,
    owners: OwnerRecords? = nil, output: @escaping Output
  ) async throws -> ExitStatus {
    defer { withExtendedLifetime(owners) {} }
    try Self.check(command, root)
    var command = command
    command.hasTerminal = terminal != nil
    let killSwitch = KillSwitch()
    let steps = try Self.steps(
      for: command, in: root, userAttributes: UserNamespace.current != .initial, owners: owners)
    let supervisor = Supervisor(
      namespaces: Self.namespaces(for: command.network), timeout: command.timeout, killSwitch: killSwitch,
      input: command.input, output: output)
    let (outcome, cleanUp) = try await withTaskCancellationHandler {
      try await Blocking.run {
        let outcome = try supervisor.run(steps, terminal)
        return (outcome, Result { try MountStubs(outcome.report.created, in: root).remove() })
      }
    } onCancel: {
      killSwitch.pull()
    }
    if killSwitch.isPulled { throw CancellationError() }
    if outcome.timedOut, let timeout = command.timeout { throw SandboxError(.timedOut(timeout)) }
    if let error = Self.error(of: outcome.report, steps, command, root) { throw error }
    // Last, for what went wrong before is the cause. The upper folder of a failed command is of no use anyway.
    try cleanUp.get()
    return outcome.report.exitStatus
  }
}
