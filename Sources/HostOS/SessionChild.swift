import CHostOS
import Glibc
public import SystemPackage

/// A program in a session of its own, without a terminal, with /dev/null as its input and both outputs on one
/// descriptor. What it leaves running stays.
public struct SessionChild: Sendable {
  public let pid: Int32
  private let pidfd: FileDescriptor

  /// What to start.
  public struct Command: Sendable {
    public var path: FilePath
    public var arguments: [String]
    /// `NAME=value`.
    public var environment: [String]
    public var directory: FilePath
    /// Another user than that of this process; only root may ask for it.
    public var user: UserIdentity?

    public init(_ path: FilePath, _ arguments: [String], environment: [String], directory: FilePath) {
      self.path = path
      self.arguments = arguments
      self.environment = environment
      self.directory = directory
    }
  }

  /// - Throws: `HostError` when it cannot be started.
  public init(_ command: Command, output: FileDescriptor) throws {
    var pid: Int32 = 0
    var pidfd: Int32 = -1
    let result = Self.withCStrings([command.path.string] + command.arguments) { arguments in
      Self.withCStrings(command.environment) { environment in
        command.path.withPlatformString { path in
          command.directory.withPlatformString { directory in
            (command.user?.groups ?? []).withUnsafeBufferPointer { groups in
              var raw = hostos_command()
              raw.path = path
              raw.arguments = arguments
              raw.environment = environment
              raw.directory = directory
              raw.output = output.rawValue
              raw.changes_user = command.user == nil ? 0 : 1
              raw.user = command.user?.uid ?? 0
              raw.group = command.user?.gid ?? 0
              raw.groups = groups.baseAddress
              raw.group_count = groups.count
              return hostos_start(&raw, &pid, &pidfd)
            }
          }
        }
      }
    }
    guard result == 0 else { throw HostError("run", command.path, Errno(rawValue: result)) }
    self.pid = pid
    self.pidfd = FileDescriptor(rawValue: pidfd)
  }

  /// How a program ended.
  public enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signaled(Int32)

    public var succeeded: Bool { self == .exited(0) }
  }

  /// Waits for its end and hands on what comes out of the other side of its output until then. Blocks; call it once.
  ///
  /// When something can be read from `cancellation`, its process group gets SIGTERM, and SIGKILL two seconds later.
  /// - Parameter output: does not block.
  public func wait(
    reading output: FileDescriptor, cancellation: FileDescriptor?, _ body: (UnsafeRawBufferPointer) -> Void
  ) -> Ending {
    defer { try? pidfd.close() }
    var deadline: ContinuousClock.Instant?
    while true {
      var waits = [
        pollfd(fd: pidfd.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: deadline == nil ? cancellation?.rawValue ?? -1 : -1, events: Int16(POLLIN), revents: 0),
      ]
      let patience = deadline.map { max(0, Int32(($0 - .now).components.seconds * 1000 + 100)) }
      _ = poll(&waits, nfds_t(waits.count), patience ?? -1)
      if waits[1].revents != 0 { Self.drain(output, body) }
      if waits[0].revents != 0 { break }
      if waits[2].revents != 0, deadline == nil {
        kill(-pid, SIGTERM)
        deadline = .now + .seconds(2)
      } else if let end = deadline, .now >= end {
        kill(-pid, SIGKILL)
      }
    }
    Self.drain(output, body)
    var status: Int32 = 0
    guard hostos_reap(pid, &status) == 0 else { return .exited(127) }
    let signal = status & 0x7F
    return signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal)
  }

  /// Hands on what is there.
  public static func drain(_ output: FileDescriptor, _ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      // What others write meanwhile waits for the next time.
      for _ in 0..<64 {
        let count = read(output.rawValue, buffer.baseAddress, buffer.count)
        if count < 0, Errno.current == .interrupted { continue }
        guard count > 0 else { return }
        body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      }
    }
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
  ) -> Result {
    let pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
