import Dispatch

/// Runs blocking work (file I/O, waiting for a child or a lock) on threads of its own, so that the cooperative pool,
/// which has one thread a core, goes on.
public enum Blocking {
  private static let queue = DispatchQueue(label: "slipway.blocking", attributes: .concurrent)

  /// Cancellation does not interrupt the work; it is for the work to look at what it waits for.
  public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Swift.Result(catching: body)) }
    }
  }
}
