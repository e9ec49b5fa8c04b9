import Dispatch
import Glibc
import Synchronization

/// The signals that ask this process to end.
public enum Signals {
  /// Runs `body` in a task that SIGINT, SIGTERM and SIGHUP cancel. A second signal ends the process at once, and
  /// the programs that run in sessions of their own.
  /// - Returns: what the body returns.
  public static func cancelling<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result {
    let task = Task { await body() }
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        if task.isCancelled {
          SessionChild.killAll()
          _exit(128 + number)
        }
        received.store(number, ordering: .relaxed)
        task.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    return await task.value
  }

  private static let received = Atomic<Int32>(0)

  /// The number of the first signal that came; 0 when none did.
  public static var last: Int32 { received.load(ordering: .relaxed) }
}
