import CSandbox
import HostOS
import SystemPackage

/// What a child told about itself over its status pipe, collected as it comes.
struct ChildReport: Sendable {
  struct Refusal: Sendable {
    var step: Int
    var errno: Errno
    var systemCall: String
    /// The kernel's explanation; may be empty.
    var detail: String
  }
  struct ExecutionFailure: Sendable {
    var step: Int
    var candidate: Int
    var errno: Errno
  }

  /// Paths in the root that were made for mounts, parents first.
  private(set) var created: [FilePath] = []
  private(set) var refusal: Refusal?
  private(set) var executionFailure: ExecutionFailure?
  /// As wait(2) gives it; nil when the child did not live to tell.
  private(set) var waitStatus: Int32?
  private var pending: [UInt8] = []

  /// Whether the child ended without telling why.
  var isIncomplete: Bool { waitStatus == nil && refusal == nil && executionFailure == nil }

  /// How the command ended. A child that could not tell was killed.
  var exitStatus: ExitStatus {
    guard let waitStatus else { return .signaled(9) }
    let signal = waitStatus & 0x7F
    return signal == 0 ? .exited(waitStatus >> 8 & 0xFF) : .signaled(signal)
  }

  mutating func append(_ bytes: [UInt8]) {
    pending += bytes
    let headerSize = MemoryLayout<csandbox_message>.size
    while pending.count >= headerSize {
      let message = pending.withUnsafeBytes { $0.loadUnaligned(as: csandbox_message.self) }
      let size = headerSize + Int(message.length)
      guard pending.count >= size else { return }
      accept(message, Array(pending[headerSize..<size]))
      pending.removeFirst(size)
    }
  }

  private mutating func accept(_ message: csandbox_message, _ text: [UInt8]) {
    let errno = Errno(rawValue: message.error)
    switch message.kind {
    case CSANDBOX_CREATED: created.append(FilePath(bytes: text))
    case CSANDBOX_REFUSED:
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
      refusal = Refusal(
        step: Int(message.op), errno: errno, systemCall: lines.first.map(String.init) ?? "",
        detail: lines.dropFirst().joined(separator: "; "))
    case CSANDBOX_NOT_EXECUTED:
      executionFailure = ExecutionFailure(step: Int(message.op), candidate: Int(message.candidate), errno: errno)
    case CSANDBOX_FINISHED: waitStatus = message.error
    default: break
    }
  }
}
