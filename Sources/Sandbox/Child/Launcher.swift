import CSandbox
import Glibc
import SystemPackage

/// A process that starts commands, one at a time. It holds none of our memory but what it shares with us, and it and all
/// that it started end when we do.
///
/// Used by one thread at a time.
final class Launcher: @unchecked Sendable {
  // Whoever takes it from `Launchers` has it alone.
  private var launcher = csandbox_launcher()
  /// What a command has to do lies in so many bytes; they cost nothing until they are used.
  private static let memorySize = 256 << 20

  /// - Throws: `SandboxError`.
  init() throws(SandboxError) {
    let result = csandbox_launcher_start(Self.memorySize, Capabilities.container.rawValue, &launcher)
    guard result == 0 else {
      throw SandboxError(
        .setUp(SetUpFailure("start the process that starts commands", "clone3", Errno(rawValue: result))),
        help: ["raise the limits of processes and of open files: ulimit -u, ulimit -n"])
    }
  }

  deinit { _ = csandbox_launcher_end(&launcher) }

  var hasEnded: Bool { csandbox_has_ended(launcher.process) != 0 }

  /// Starts a child; the launcher is free again once that has ended.
  /// - Parameter descriptors: of the child; -1 for those that it has not.
  /// - Returns: its pidfd.
  /// - Throws: `SandboxError`.
  func launch(_ steps: [Step], namespaces: UInt64, _ descriptors: ChildDescriptors) throws(SandboxError) -> Int32 {
    let memory = UnsafeMutableRawBufferPointer(start: launcher.memory, count: launcher.size)
    let plan = try PlanMemory(memory).write(steps, namespaces: namespaces, descriptors)
    var child: Int32 = -1
    let result = csandbox_launch(&launcher, plan, &child)
    if result == 0 { return child }
    if hasEnded { throw Self.ended }
    let failure = SetUpFailure("start a process in new namespaces", "clone", Errno(rawValue: result))
    throw SandboxError(.setUp(failure), help: Remedy.forNamespaces())
  }

  /// What was to be done is gone from memory, with the secrets in it.
  func forget() { csandbox_launcher_forget(&launcher) }

  static let ended = SandboxError(
    .unavailable("the process that starts commands was killed, and the command with it"),
    help: ["see whether the kernel was short of memory: dmesg", "build again: the steps before it are kept"])
}

/// What a child has open.
struct ChildDescriptors {
  var input: Int32
  var output: Int32
  var errorOutput: Int32
  /// For `ChildReport`.
  var status: Int32
}
