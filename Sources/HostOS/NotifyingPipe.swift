import Glibc
public import SystemPackage

/// Both ends of a pipe, neither inherited by programs; closed when the value goes.
public final class NotifyingPipe: Sendable {
  public let readEnd: FileDescriptor
  public let writeEnd: FileDescriptor

  /// - Throws: `HostError`.
  public init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw HostError("make a pipe", nil, .current) }
    readEnd = FileDescriptor(rawValue: ends[0])
    writeEnd = FileDescriptor(rawValue: ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    // Whoever reads looks whether there is something; programs that write wait.
    _ = fcntl(ends[0], F_SETFL, fcntl(ends[0], F_GETFL) | O_NONBLOCK)
  }

  /// From now on there is something to read.
  public func notify() {
    _ = try? writeEnd.writeAll([1])
  }

  deinit {
    try? readEnd.close()
    try? writeEnd.close()
  }
}
