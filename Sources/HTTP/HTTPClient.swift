import Diagnostics
import NIOHTTP1

/// Sends requests: follows redirects, tries again by one policy, says who we are, and shows no secrets in its trace.
public struct HTTPClient: Sendable {
  public var transport: HTTPTransport
  public var retryPolicy: RetryPolicy
  public var clock: HTTPClock
  public var trace: HTTPTrace
  /// The value of `User-Agent`, such as `slipway/1.0.0`.
  public var userAgent: String
  public var redirectLimit = 10
  /// The longest wait for the head of an answer to a request without a stream.
  public var headTimeout: Duration = .seconds(60)

  public init(
    transport: HTTPTransport, userAgent: String, retryPolicy: RetryPolicy = .standard, clock: HTTPClock = .system,
    trace: HTTPTrace = .none
  ) {
    self.transport = transport
    self.userAgent = userAgent
    self.retryPolicy = retryPolicy
    self.clock = clock
    self.trace = trace
  }

  /// Sends a request, again if it fails in passing, and returns the answer whatever its status is.
  /// - Throws: `HTTPError`, `CancellationError`, and what a stream in the request throws.
  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    var attempt = 1
    while true {
      try Task.checkCancellation()
      let outcome = await outcome(of: request)
      guard request.mayRetry, request.body.isReplayable, let again = retry(outcome, attempt: attempt) else {
        return try outcome.get()
      }
      trace.report(
        .retry(url: Redaction.url(request.url), attempt: attempt, pause: again.pause, reason: again.reason))
      try await clock.sleep(again.pause)
      attempt += 1
    }
  }

  private func outcome(of request: HTTPRequest) async -> Result<HTTPResponse, any Error> {
    do { return .success(try await followingRedirects(request)) } catch { return .failure(error) }
  }

  private func retry(_ outcome: Result<HTTPResponse, any Error>, attempt: Int) -> (pause: Duration, reason: String)? {
    switch outcome {
    case .success(let response):
      return retryPolicy.pause(
        afterAttempt: attempt, status: response.status, headers: response.headers, clock: clock
      ).map { ($0, "status \(response.status)") }
    case .failure(let error):
      guard let error = error as? HTTPError, error.isTransient else { return nil }
      return retryPolicy.pause(afterAttempt: attempt, clock: clock).map { ($0, error.message) }
    }
  }

  /// One exchange, with our own headers, told to the trace.
  func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    var request = request
    request.headers.replaceOrAdd(name: "User-Agent", value: userAgent)
    request.headTimeout = request.headTimeout ?? headTimeout
    let url = Redaction.url(request.url)
    trace.report(.request(method: request.method.rawValue, url: url, headers: Self.shown(request.headers)))
    do {
      let response = try await transport.exchange(request)
      trace.report(.response(status: response.status, url: url, headers: Self.shown(response.headers)))
      return response
    } catch {
      trace.report(.failure(url: url, reason: (error as? HTTPError)?.message ?? "\(type(of: error))"))
      throw error
    }
  }

  private static func shown(_ headers: HTTPHeaders) -> [String] {
    headers.map { name, value in
      name.lowercased() == "location" ? "\(name): \(Redaction.mark)" : Redaction.header(name, value)
    }
  }
}
