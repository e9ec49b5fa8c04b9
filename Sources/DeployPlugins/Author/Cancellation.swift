/// Does something to its end though the task is cancelled: for what puts things in order.
/// - Throws: what `body` throws.
public func withoutCancellation<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await Task { try await body() }.value
}

/// A time that is over.
public struct DeadlinePassed: Error, Sendable, Hashable {
  public var limit: Duration

  public init(limit: Duration) { self.limit = limit }
}

/// Does something for so long at most; it is cancelled then. Nil is without a limit.
/// - Throws: `DeadlinePassed`, `CancellationError`, and what `body` throws.
public func withDeadline<Result: Sendable>(
  _ limit: Duration?, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  guard let limit else { return try await body() }
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    guard let first = try await group.next() else { throw CancellationError() }
    if let first { return first }
    group.cancelAll()
    // What ended just then counts.
    if let late = try? await group.next(), let late { return late }
    throw DeadlinePassed(limit: limit)
  }
}
