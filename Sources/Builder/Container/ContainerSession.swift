import Diagnostics
import HostOS
public import Sandbox
import Synchronization
public import SystemPackage

/// What a command of a container has beside what a command of a build has: a person's input and output, folders of this
/// machine, a name; and it may fail.
public final class ContainerSession: Sendable {
  public let mounts: [SandboxMount]
  public let hostName: String
  /// What the command reads; nil is nothing.
  public let input: FileDescriptor?
  /// In place of input and output.
  public let terminal: SandboxTerminal?
  /// Whether what the command changed becomes a layer.
  public let keepsChanges: Bool
  public let output: Sandbox.Output
  private let status = Mutex<ExitStatus?>(nil)

  public init(
    mounts: [SandboxMount], hostName: String, input: FileDescriptor?, terminal: SandboxTerminal?, keepsChanges: Bool,
    output: @escaping Sandbox.Output
  ) {
    self.mounts = mounts
    self.hostName = hostName
    self.input = input
    self.terminal = terminal
    self.keepsChanges = keepsChanges
    self.output = output
  }

  func end(_ status: ExitStatus) { self.status.withLock { $0 = status } }

  /// How the command ended; nil before it did.
  var ended: ExitStatus? { status.withLock { $0 } }

  /// Where nothing can be mounted, files are copied, and what is written to a copy is lost.
  func checkFolder() throws {
    for case (.bind(let source, readOnly: false), let target) in mounts.map({ ($0.source, $0.target) }) {
      throw BuilderError(
        "mount-refused",
        "\(source) cannot be shown at \(target) for writing: this machine permits no mounts to this process",
        help: [
          "show it for reading alone: -v \(source):\(target):ro, and copy results out with docker cp",
          "permit namespaces on this machine: slipway doctor says how",
        ])
    }
  }
}
