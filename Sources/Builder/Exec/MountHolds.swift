import HostOS
import Sandbox
import Synchronization
import SystemPackage

/// What a command's mounts hold on to until the command has ended: locks of folders, sockets of agents.
final class MountHolds: Sendable {
  private let holds = Mutex<[any MountHold]>([])

  func keep(_ hold: some MountHold) { holds.withLock { $0.append(hold) } }

  func release() {
    let released = holds.withLock { holds in
      defer { holds = [] }
      return holds
    }
    for hold in released.reversed() { hold.release() }
  }
}

protocol MountHold: Sendable {
  func release()
}

/// A lock of a folder that others must not remove or change meanwhile.
extension HeldLock: MountHold {}

extension AgentRelay: MountHold {
  func release() { close() }
}
