import CSandbox
import Glibc
import HostOS

extension Supervisor {
  /// Has one child started on a terminal and waits for its end. Blocks the thread.
  /// - Throws: `SandboxError` when no child or no terminal can be had at all.
  func run(_ steps: [Step], by launcher: Launcher, on terminal: SandboxTerminal) throws -> Outcome {
    let relay = try TerminalRelay(terminal)
    let status = try Pipe()
    let child = try launcher.launch(
      steps, namespaces: namespaces,
      ChildDescriptors(
        input: relay.slave, output: relay.slave, errorOutput: relay.slave, status: status.writeEnd))
    status.closeWriteEnd()
    killSwitch.arm(child)
    defer {
      killSwitch.disarm()
      close(child)
    }
    relay.begin()
    defer { relay.end() }
    var outcome = Outcome()
    var childHasEnded = false
    while !childHasEnded {
      childHasEnded = relay.wait(for: child, or: status.readEnd)
      relay.passOn()
      status.drain { outcome.report.append($0) }
      if relay.isHungUp, !childHasEnded { killSwitch.end(child) }
    }
    return outcome
  }
}
