import CSandbox
import Glibc
import HostOS
import SystemPackage

/// Starts one child, passes its output on and waits for its end. Blocks the thread.
struct Supervisor {
  struct Outcome {
    var report = ChildReport()
    var timedOut = false
  }

  var namespaces: UInt64
  var timeout: Duration?
  var killSwitch: KillSwitch
  /// Nil is nothing.
  var input: FileDescriptor?
  var output: Sandbox.Output

  /// - Parameter terminal: in place of the output; nil is none.
  /// - Throws: `SandboxError` when no child can be started at all.
  func run(_ steps: [Step], _ terminal: SandboxTerminal?) throws -> Outcome {
    try Launchers.withLauncher { launcher in
      let outcome = try terminal.map { try run(steps, by: launcher, on: $0) } ?? run(steps, by: launcher)
      if outcome.report.isIncomplete, launcher.hasEnded { throw Launcher.ended }
      return outcome
    }
  }

  private func run(_ steps: [Step], by launcher: Launcher) throws -> Outcome {
    let nothing = try Files.open("/dev/null", .readOnly)
    defer { try? nothing.close() }
    let output = try Pipe()
    let errorOutput = try Pipe()
    let status = try Pipe()
    let child = try launcher.launch(
      steps, namespaces: namespaces,
      ChildDescriptors(
        input: (input ?? nothing).rawValue, output: output.writeEnd, errorOutput: errorOutput.writeEnd,
        status: status.writeEnd))
    for pipe in [output, errorOutput, status] { pipe.closeWriteEnd() }
    killSwitch.arm(child)
    defer {
      killSwitch.disarm()
      close(child)
    }
    return watch(child, output, errorOutput, status)
  }

  private func watch(_ child: Int32, _ output: Pipe, _ errorOutput: Pipe, _ status: Pipe) -> Outcome {
    var outcome = Outcome()
    var deadline = timeout.map { ContinuousClock.now + $0 }
    var childHasEnded = false
    while !childHasEnded {
      childHasEnded = Self.wait(for: child, [output, errorOutput, status], until: deadline)
      // The child's end is looked at before its pipes are read: what they hold then is all that will come.
      let limit = childHasEnded ? Int.max : 16
      output.drain(limit: limit) { self.output(.standardOutput, $0) }
      errorOutput.drain(limit: limit) { self.output(.standardError, $0) }
      status.drain { outcome.report.append($0) }
      if let instant = deadline, !childHasEnded, ContinuousClock.now >= instant {
        outcome.timedOut = true
        deadline = nil
        killSwitch.end(child)
      }
    }
    return outcome
  }

  /// Waits for output, the end of the child or the deadline; true when the child has ended.
  private static func wait(for child: Int32, _ pipes: [Pipe], until deadline: ContinuousClock.Instant?) -> Bool {
    var polled = pipes.map { pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0) }
    polled.append(pollfd(fd: child, events: Int16(POLLIN), revents: 0))
    _ = poll(&polled, nfds_t(polled.count), deadline.map(milliseconds(until:)) ?? -1)
    return polled.last?.revents != 0
  }

  private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = max(ContinuousClock.now.duration(to: deadline), .zero)
    // A longer wait than an hour is cut into pieces; it is rounded up, not to come too early.
    return left.components.seconds >= 3600
      ? 3_600_000
      : Int32(left.components.seconds) * 1000 + Int32(left.components.attoseconds / 1_000_000_000_000_000) + 1
  }
}
