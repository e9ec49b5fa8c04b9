import Dispatch
import Synchronization

/// Runs blocking work (file I/O, waiting for a child or a lock) on threads of its own, so that the cooperative pool,
/// which has one thread a core, goes on.
public enum Blocking {
  private static let threads = BlockingThreads.shared

  /// Begins work that nobody waits for.
  public static func begin(_ body: @escaping @Sendable () -> Void) { threads.run(body) }

  /// Cancellation does not interrupt the work; it is for the work to look at what it waits for.
  public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      threads.run { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }

  /// Runs blocking work that cannot be interrupted, and does not wait for its end when the task is cancelled: what
  /// comes of it then is dropped.
  /// - Throws: `CancellationError`, and what `body` throws.
  public static func runUnlessCancelled<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    let waiter = Waiter<Result>()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        guard waiter.begin(continuation) else { return }
        threads.run { waiter.end(Swift.Result(catching: body)) }
      }
    } onCancel: {
      waiter.end(.failure(CancellationError()))
    }
  }

  /// Runs `body` on pieces of the numbers below `count`, on all processors, and returns the results in order. The
  /// calling thread works, too, and blocks until all is done.
  /// - Parameter body: gets a piece and returns as many results.
  /// - Throws: what `body` throws for the first of the pieces that fail.
  public static func concurrently<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Range<Int>) throws -> [Result]
  ) throws -> [Result] {
    // Small enough for all threads to be busy to the end, large enough for the thread that gets one to know it.
    let size = min(max(count / 64, 1), 64)
    let pieces = (count + size - 1) / size
    let results = Mutex([Swift.Result<[Result], any Error>?](repeating: nil, count: pieces))
    DispatchQueue.concurrentPerform(iterations: pieces) { piece in
      let result = Swift.Result { try body((piece * size)..<min(count, (piece + 1) * size)) }
      results.withLock { $0[piece] = result }
    }
    return try results.withLock { $0 }.flatMap { try $0?.get() ?? [] }
  }

  /// Whoever waits for a result, which comes once.
  private final class Waiter<Result: Sendable>: Sendable {
    private enum State {
      case idle
      case waiting(CheckedContinuation<Result, any Error>)
      case ended
    }

    private let state = Mutex(State.idle)

    /// False when the wait was over before it began.
    func begin(_ continuation: CheckedContinuation<Result, any Error>) -> Bool {
      let isWaiting = state.withLock { state in
        guard case .idle = state else { return false }
        state = .waiting(continuation)
        return true
      }
      if !isWaiting { continuation.resume(throwing: CancellationError()) }
      return isWaiting
    }

    func end(_ result: sending Swift.Result<Result, any Error>) {
      let continuation = state.withLock { state in
        defer { state = .ended }
        if case .waiting(let continuation) = state { return Optional(continuation) }
        return nil
      }
      continuation?.resume(with: result)
    }
  }
}
