public import NIOHTTP1

/// When a request that failed is sent again, and after which pause.
public struct RetryPolicy: Sendable, Hashable {
  /// How often a request is sent at most; 1 means never again.
  public var attempts: Int
  /// The pause before the second attempt is up to so long; it doubles with each attempt.
  public var firstPause: Duration
  public var longestPause: Duration
  /// A server that asks for a longer pause is not waited for.
  public var longestRetryAfter: Duration
  /// Answers after which it is worth trying again.
  public var statuses: Set<Int>

  public init(
    attempts: Int = 5, firstPause: Duration = .milliseconds(500), longestPause: Duration = .seconds(20),
    longestRetryAfter: Duration = .seconds(120), statuses: Set<Int> = [408, 429, 500, 502, 503, 504]
  ) {
    self.attempts = attempts
    self.firstPause = firstPause
    self.longestPause = longestPause
    self.longestRetryAfter = longestRetryAfter
    self.statuses = statuses
  }

  public static let standard = RetryPolicy()
  public static let never = RetryPolicy(attempts: 1)

  /// The pause before the attempt that follows attempt number `attempt` (from 1), or nil when there is none.
  ///
  /// The pause lies between a half and the whole of the exponential back-off, so that many clients do not return
  /// together.
  public func pause(afterAttempt attempt: Int, clock: HTTPClock) -> Duration? {
    guard attempt >= 1, attempt < attempts else { return nil }
    let doublings = min(attempt - 1, 30)
    let full = min(firstPause * (1 << doublings), longestPause)
    return full * (0.5 + clock.random() / 2)
  }

  /// The pause after an answer, or nil when the answer stands. `Retry-After`, in seconds or as a date, wins over the
  /// back-off (RFC 9110, 10.2.3).
  public func pause(
    afterAttempt attempt: Int, status: Int, headers: HTTPHeaders, clock: HTTPClock
  ) -> Duration? {
    guard statuses.contains(status), let backOff = pause(afterAttempt: attempt, clock: clock) else { return nil }
    guard let asked = Self.retryAfter(headers, now: clock.now()) else { return backOff }
    return asked <= longestRetryAfter ? max(asked, backOff) : nil
  }

  /// What a server asks for; nil when it asks for nothing that can be understood.
  public static func retryAfter(_ headers: HTTPHeaders, now: Double) -> Duration? {
    guard let text = headers.first(name: "Retry-After")?.trimmingSpaces else { return nil }
    if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
    guard let date = HTTPDate.secondsSince1970(text) else { return nil }
    return .seconds(max(0, Double(date) - now))
  }
}

extension String {
  var trimmingSpaces: String {
    String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
  }
}
