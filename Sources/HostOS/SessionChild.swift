import CHostOS
import Glibc
import Synchronization
public import SystemPackage

/// A program in a session of its own, without a terminal. What it leaves running stays.
public struct SessionChild: Sendable {
  public let pid: Int32
  private let pidfd: FileDescriptor

  /// What to start.
  public struct Command: Sendable {
    public var path: FilePath
    /// What the program finds as its own name; nil is the path.
    public var name: String?
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

  /// - Parameters:
  ///   - input: nil is /dev/null.
  ///   - errorOutput: nil is the same as `output`.
  /// - Throws: `HostError` when it cannot be started.
  public init(
    _ command: Command, input: FileDescriptor? = nil, output: FileDescriptor, errorOutput: FileDescriptor? = nil
  ) throws {
    var pid: Int32 = 0
    var pidfd: Int32 = -1
    let result = Self.withCStrings([command.name ?? command.path.string] + command.arguments) { arguments in
      Self.withCStrings(command.environment) { environment in
        command.path.withPlatformString { path in
          command.directory.withPlatformString { directory in
            (command.user?.groups ?? []).withUnsafeBufferPointer { groups in
              var raw = hostos_command()
              raw.path = path
              raw.arguments = arguments
              raw.environment = environment
              raw.directory = directory
              raw.input = input?.rawValue ?? -1
              raw.output = output.rawValue
              raw.error_output = (errorOutput ?? output).rawValue
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
    Self.running.withLock { _ = $0.insert(pid) }
  }

  /// Those that have not been waited for.
  private static let running = Mutex<Set<Int32>>([])

  /// Ends all that run, with their process groups, at once: for when this process has to go.
  static func killAll() {
    running.withLock { for pid in $0 { kill(-pid, SIGKILL) } }
  }

  /// How a program ended.
  public enum Ending: Sendable, Hashable {
    case exited(Int32)
    case signaled(Int32)

    public var succeeded: Bool { self == .exited(0) }
  }

  /// One of its outputs: the side that is read, which does not block, and who gets what comes out of it.
  public struct Output {
    public var descriptor: FileDescriptor
    public var body: (UnsafeRawBufferPointer) -> Void

    public init(_ descriptor: FileDescriptor, _ body: @escaping (UnsafeRawBufferPointer) -> Void) {
      self.descriptor = descriptor
      self.body = body
    }
  }

  /// Waits for its end and hands on what comes out of the other side of its output until then. Blocks; call it once.
  ///
  /// When something can be read from `cancellation`, its process group gets SIGTERM, and SIGKILL two seconds later.
  /// - Parameter output: does not block.
  public func wait(
    reading output: FileDescriptor, cancellation: FileDescriptor?, _ body: (UnsafeRawBufferPointer) -> Void
  ) -> Ending {
    withoutActuallyEscaping(body) { body in
      wait(reading: [Output(output, body)], cancellation: cancellation, grace: .seconds(2)).ending
    }
  }

  /// The same for several outputs, with another time between SIGTERM and SIGKILL.
  /// - Parameter endsGroup: whether what it leaves running in its process group is killed.
  /// - Returns: how it ended, and whether it had to be killed.
  public func wait(
    reading outputs: [Output], cancellation: FileDescriptor?, grace: Duration, endsGroup: Bool = false
  ) -> (ending: Ending, wasKilled: Bool) {
    defer { try? pidfd.close() }
    var deadline: ContinuousClock.Instant?
    var wasKilled = false
    while true {
      let waits = [pidfd, deadline == nil ? cancellation ?? Self.none : Self.none] + outputs.map(\.descriptor)
      var polls = waits.map { pollfd(fd: $0.rawValue, events: Int16(POLLIN), revents: 0) }
      let patience = deadline.map { wasKilled ? 1000 : Self.milliseconds($0 - .now) }
      _ = poll(&polls, nfds_t(polls.count), patience ?? -1)
      for (index, output) in outputs.enumerated() where polls[index + 2].revents != 0 {
        Self.drain(output.descriptor, output.body)
      }
      if polls[0].revents != 0 { break }
      if polls[1].revents != 0, deadline == nil {
        kill(-pid, SIGTERM)
        deadline = .now + grace
      } else if let end = deadline, .now >= end {
        kill(-pid, SIGKILL)
        wasKilled = true
      }
    }
    // Before it is reaped, for then its number may be another one's.
    if endsGroup { kill(-pid, SIGKILL) }
    for output in outputs { Self.drain(output.descriptor, output.body) }
    return (reap(), wasKilled)
  }

  /// No descriptor: poll(2) passes it over.
  private static var none: FileDescriptor { FileDescriptor(rawValue: -1) }

  private static func milliseconds(_ duration: Duration) -> Int32 {
    let (seconds, attoseconds) = max(.zero, duration).components
    return Int32(clamping: min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
  }

  private func reap() -> Ending {
    var status: Int32 = 0
    let result = Self.running.withLock { running in
      running.remove(pid)
      return hostos_reap(pid, &status)
    }
    guard result == 0 else { return .exited(127) }
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
