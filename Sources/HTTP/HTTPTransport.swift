/// Carries out one exchange: no redirects, no retries, no header of its own. Tests replace it by a script.
public struct HTTPTransport: Sendable {
  /// Returns when the head of the answer is there. Throws `HTTPError` when the network fails, and whatever a request
  /// body throws.
  public var exchange: @Sendable (HTTPRequest) async throws -> HTTPResponse

  public init(exchange: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse) {
    self.exchange = exchange
  }
}
