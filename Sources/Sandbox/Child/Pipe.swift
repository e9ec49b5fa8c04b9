import CSandbox
import Glibc
import HostOS
import SystemPackage

/// A pipe from a child to this process. Closed when the value goes.
final class Pipe {
  /// -1 once the other end has been closed everywhere; poll(2) leaves such out.
  private(set) var readEnd: Int32 = -1
  private(set) var writeEnd: Int32 = -1
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  /// - Parameter waits: whether reading waits for what is to come.
  /// - Throws: `SandboxError`.
  init(waits: Bool = false) throws {
    var result = csandbox_pipe(&readEnd, &writeEnd)
    if result == 0, !waits { result = csandbox_set_nonblocking(readEnd) }
    guard result == 0 else {
      throw SandboxError(
        .setUp(SetUpFailure("create a pipe", "pipe2", Errno(rawValue: result))),
        help: ["raise the limit of open files: ulimit -n 4096"])
    }
  }

  deinit {
    if readEnd >= 0 { close(readEnd) }
    closeWriteEnd()
  }

  func closeWriteEnd() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  /// Hands over what can be read without waiting, in at most `limit` pieces of 64 KiB: who writes without end must not
  /// keep us from looking at the clock and the other pipes.
  func drain(limit: Int = .max, _ body: ([UInt8]) -> Void) {
    var pieces = 0
    while readEnd >= 0, pieces < limit {
      pieces += 1
      let count = read(readEnd, &buffer, buffer.count)
      if count > 0 {
        body(Array(buffer[..<count]))
      } else if count == 0 {
        close(readEnd)
        readEnd = -1
      } else if Errno.current == .interrupted {
        continue
      } else {
        return
      }
    }
  }
}
