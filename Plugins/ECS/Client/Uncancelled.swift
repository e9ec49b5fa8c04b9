/// Work that goes on to its end when the deployment is cancelled: calls whose answer has to be known, and putting things
/// in order.
public enum Uncancelled {
  public static func run<Output: Sendable>(
    _ body: @escaping @Sendable () async throws -> Output
  ) async throws -> Output {
    try await Task { try await body() }.value
  }
}
