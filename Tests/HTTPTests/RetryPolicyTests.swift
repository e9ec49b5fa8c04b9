import HTTP
import NIOHTTP1
import Testing

@Suite struct RetryPolicyTests {
  let clock = TestClock(now: 784_111_777).clock

  @Test(
    "pauses double up to a limit, and end with the last attempt",
    arguments: [
      (attempt: 1, pause: Duration.milliseconds(250)), (attempt: 2, pause: .milliseconds(500)),
      (attempt: 3, pause: .seconds(1)), (attempt: 4, pause: .seconds(1)), (attempt: 5, pause: nil),
      (attempt: 6, pause: nil), (attempt: 0, pause: nil),
    ])
  func backOff(attempt: Int, pause: Duration?) {
    let policy = RetryPolicy(attempts: 5, firstPause: .milliseconds(500), longestPause: .seconds(2))
    #expect(policy.pause(afterAttempt: attempt, clock: clock) == pause)
  }

  @Test func aPauseIsAtMostTheWholeBackOff() throws {
    var late = clock
    late.random = { 0.999 }
    let pause = try #require(RetryPolicy(firstPause: .seconds(10)).pause(afterAttempt: 1, clock: late))
    #expect(pause > .seconds(9) && pause <= .seconds(10))
  }

  @Test(
    "the server's wish wins over the back-off",
    arguments: [
      (status: 429, retryAfter: "7", pause: Duration.seconds(7)),
      (status: 503, retryAfter: " 7 ", pause: .seconds(7)),
      (status: 429, retryAfter: "Sun, 06 Nov 1994 08:50:07 GMT", pause: .seconds(30)),
      (status: 429, retryAfter: "Sun, 06 Nov 1994 08:00:00 GMT", pause: .milliseconds(250)),
      (status: 429, retryAfter: "soon", pause: .milliseconds(250)),
      (status: 429, retryAfter: "-1", pause: .milliseconds(250)),
      (status: 429, retryAfter: "121", pause: nil),
      (status: 429, retryAfter: "99999999999999999999", pause: .milliseconds(250)),
      (status: 404, retryAfter: "1", pause: nil), (status: 200, retryAfter: "1", pause: nil),
    ])
  func retryAfter(status: Int, retryAfter: String, pause: Duration?) {
    let headers: HTTPHeaders = ["retry-after": retryAfter]
    #expect(RetryPolicy.standard.pause(afterAttempt: 1, status: status, headers: headers, clock: clock) == pause)
  }

  @Test(
    "dates of RFC 9110",
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
      ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil), ("", nil),
      ("Sun, 99 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", nil),
    ] as [(String, Int64?)])
  func dates(text: String, seconds: Int64?) {
    #expect(HTTPDate.secondsSince1970(text) == seconds)
  }
}
