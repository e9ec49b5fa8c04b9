import Diagnostics
import Glibc
import Synchronization

/// What a run tells, in the manner of CodeBuild's logs, with secrets masked.
public final class RunLog: Sendable {
  private struct State {
    var mask = SecretMask()
    var endsLine = true
    /// For tasks that begin later.
    var secrets: [String] = []
  }

  private let state = Mutex(State())
  private let write: @Sendable ([UInt8]) -> Void
  private let now: @Sendable () -> (seconds: Int, microseconds: Int)
  private let parent: RunLog?

  /// - Parameter now: since 1970.
  public convenience init(
    now: @escaping @Sendable () -> (seconds: Int, microseconds: Int) = RunLog.clock,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.init(now: now, parent: nil, write: write)
  }

  private init(
    now: @escaping @Sendable () -> (seconds: Int, microseconds: Int), parent: RunLog?,
    write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.now = now
    self.parent = parent
    self.write = write
  }

  /// A log that tells somebody else, and whose secrets are this one's, too.
  public func child(write: @escaping @Sendable ([UInt8]) -> Void) -> RunLog {
    let log = RunLog(now: now, parent: self, write: write)
    for secret in state.withLock({ $0.secrets }) { log.state.withLock { $0.mask.add(secret.utf8) } }
    return log
  }

  public func addSecret(_ secret: String) {
    state.withLock { state in
      state.mask.add(secret.utf8)
      state.secrets.append(secret)
    }
    parent?.addSecret(secret)
  }

  /// A log of one of several tasks, whose lines begin with a mark and go to this one; they come as wholes.
  public func child(_ mark: String) -> RunLog {
    let lines = Mutex<[UInt8]>([])
    let start = Array("[\(mark)] ".utf8)
    return child { [write] bytes in
      let whole = lines.withLock { pending in
        pending += bytes
        guard let end = pending.lastIndex(of: 0x0A) else { return [UInt8]() }
        let whole = pending[...end].split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        pending = Array(pending[(end + 1)...])
        return whole.flatMap { start + $0 + [0x0A] }
      }
      if !whole.isEmpty { write(whole) }
    }
  }

  /// A line such as `[Container] 2024/08/03 05:12:48.191449 Entering phase BUILD`.
  public func line(_ text: String) {
    let time = now()
    var date = tm()
    var seconds = time_t(time.seconds)
    gmtime_r(&seconds, &date)
    let parts = [date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec].map { Self.padded(Int($0), 2) }
    let stamp =
      "\(date.tm_year + 1900)/\(parts[0])/\(parts[1]) \(parts[2]):\(parts[3]):\(parts[4]).\(Self.padded(time.microseconds, 6))"
    say("[Container] \(stamp) \(text)\n")
  }

  /// Whole lines of something else.
  public func say(_ text: String) {
    state.withLock { state in
      var bytes = state.mask.finish()
      if !state.endsLine || bytes.last.map({ $0 != 0x0A }) == true { bytes.append(0x0A) }
      bytes += Array(state.mask.masked(text).utf8)
      state.endsLine = bytes.last == 0x0A
      if !bytes.isEmpty { write(bytes) }
    }
  }

  /// What a command writes, as it comes.
  public func output(_ bytes: UnsafeRawBufferPointer) {
    state.withLock { state in
      let bytes = state.mask.append(bytes)
      guard let last = bytes.last else { return }
      state.endsLine = last == 0x0A
      write(bytes)
    }
  }

  /// A command has ended, so what looks like the beginning of a secret is none.
  public func flush() {
    state.withLock { state in
      let bytes = state.mask.finish()
      guard let last = bytes.last else { return }
      state.endsLine = last == 0x0A
      write(bytes)
    }
  }

  /// The same text without secrets.
  public func masked(_ text: String) -> String { state.withLock { $0.mask.masked(text) } }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }

  @Sendable public static func clock() -> (seconds: Int, microseconds: Int) {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return (time.tv_sec, time.tv_nsec / 1000)
  }
}
