import CSandbox
import HostOS
import SystemPackage

extension Sandbox {
  /// Runs a command to its end with a plain folder as its root; whatever it left behind is killed then.
  ///
  /// The folder must be furnished for the command. Nothing but the files is kept apart: the command shares network,
  /// host name, interprocess communication and the numbers of processes with this process, there is no `/proc`, and as
  /// root it can send signals to others. It has neither CAP_SYS_CHROOT, which would let it out of its folder, nor
  /// CAP_MKNOD, which would let it make devices of the host; so it cannot trace processes that have them.
  ///
  /// Cancelling the task kills the command and all that it started; so does the end of this process.
  /// - Throws: `SandboxError`, `CancellationError`.
  public func run(
    _ command: SandboxCommand, in root: ChrootRoot, on terminal: SandboxTerminal? = nil, output: @escaping Output
  ) async throws -> ExitStatus {
    var command = command
    command.hasTerminal = terminal != nil
    try Self.check(command)
    try Self.checkChroot(command)
    let killSwitch = KillSwitch(asks: true)
    let steps = try Self.chrootSteps(for: command, in: root.folder)
    let supervisor = Supervisor(
      namespaces: 0, timeout: command.timeout, killSwitch: killSwitch, input: command.input, output: output)
    let outcome = try await withTaskCancellationHandler {
      try await Blocking.run { try supervisor.run(steps, terminal) }
    } onCancel: {
      killSwitch.pull()
    }
    if killSwitch.isPulled { throw CancellationError() }
    if outcome.timedOut, let timeout = command.timeout { throw SandboxError(.timedOut(timeout)) }
    if let error = Self.error(of: outcome.report, steps, command, nil) { throw error }
    return outcome.report.exitStatus
  }

  private static func checkChroot(_ command: SandboxCommand) throws(SandboxError) {
    guard ProcessCapabilities.effective.contains(.changeRoot) else {
      throw SandboxError(
        .unavailable("this process may not change its root folder: it lacks CAP_SYS_CHROOT"),
        help: ["run as root with CAP_SYS_CHROOT, which is Docker's default"] + Remedy.forNamespaces())
    }
    if command.network == .none {
      throw SandboxError(
        .unavailable("a command cannot be kept from the network where the host permits no namespaces"),
        help: ["take --network=none away, or permit namespaces:"] + Remedy.forNamespaces())
    }
  }

  private static func chrootSteps(
    for command: SandboxCommand, in folder: FilePath
  ) throws(SandboxError) -> [Step] {
    var steps: [Step] = [.sessionKeyring.optional, .umask(0o022), .forkSupervised]
    steps += [.changeRoot(folder), .workingDirectory("/"), .session]
    if command.hasTerminal { steps.append(.terminal) }
    steps += command.limits.map(Step.limit)
    steps.append(.workingDirectory(command.workingDirectory))
    steps += try restrictions(of: command, permitting: .chroot)
    steps.append(.dieWithParent)
    steps.append(.execute(candidates(for: command), command.arguments, environment: command.environment))
    return steps
  }
}
