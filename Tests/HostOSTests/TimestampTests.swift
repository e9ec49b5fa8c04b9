import HostOS
import TestSupport
import Testing

@Suite struct TimestampTests {
  /// Leap years, century rules, the first and the last second that can be written, and a walk through the years.
  private static let seconds: [Int64] =
    [
      0, 1, -1, 59, 86_399, 86_400, -86_400, -86_401, 951_782_399, 951_782_400, 951_868_799, 951_868_800, 4_107_542_399,
      4_107_542_400, 1_709_164_800, 1_709_251_200, 2_147_483_648, -2_208_988_800, -62_135_596_800, -62_167_219_200,
      253_402_300_799,
    ] + (0..<400).map { -62_135_596_800 + $0 * 788_940_017 }

  @Test func agreesWithDate() async throws {
    let input = Self.seconds.map { "@\($0)\n" }.joined()
    let said = try await Tool.run("date", ["-u", "-f", "-", "+%Y-%m-%dT%H:%M:%SZ"], input: Array(input.utf8))
    let lines = said.outputText.split(separator: "\n").map(String.init)
    #expect(lines.count == Self.seconds.count)
    for (second, line) in zip(Self.seconds, lines) {
      #expect(Timestamp(seconds: second).rfc3339 == line, "\(second)")
    }
  }

  @Test func readsWhatItWrites() {
    for second in Self.seconds {
      #expect(Timestamp(rfc3339: Timestamp(seconds: second).rfc3339) == Timestamp(seconds: second))
    }
  }

  @Test(arguments: [
    ("2023-11-14T22:13:20Z", 1_700_000_000 as Int64, 0 as UInt32),
    // As date --rfc-3339 writes it.
    ("2023-11-14 22:13:20+00:00", 1_700_000_000, 0), ("2023-11-15t10:58:20.25+12:45", 1_700_000_000, 250_000_000),
    ("1969-12-31T19:00:00.1234567891-05:00", 0, 123_456_789), ("2000-02-29T00:00:00z", 951_782_400, 0),
  ])
  func readsZonesAndFractions(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) {
    #expect(Timestamp(rfc3339: text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(arguments: [
    "", "now", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14_22:13:20Z", "2023-13-14T22:13:20Z",
    "2023-11-31T00:00:00Z", "1900-02-29T00:00:00Z", "2023-11-14T24:00:00Z", "2016-12-31T23:59:60Z",
    "2023-11-14T22:13:20+1245", "2023-11-14T22:13:20.Z", "\u{0662}023-11-14T22:13:20Z",
  ])
  func takesNothingElse(_ text: String) {
    #expect(Timestamp(rfc3339: text) == nil)
  }

  @Test(arguments: [
    (0 as Int64, 1 as UInt32, "1970-01-01T00:00:00.000000001Z"), (0, 500_000_000, "1970-01-01T00:00:00.5Z"),
    (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"), (1, 120_000, "1970-01-01T00:00:01.00012Z"),
    (Int64.max, 0, "9999-12-31T23:59:59Z"), (Int64.min, 0, "0000-01-01T00:00:00Z"),
    (0, UInt32.max, "1970-01-01T00:00:00.999999999Z"),
  ])
  func writesFractionsAndExtremes(_ seconds: Int64, _ nanoseconds: UInt32, _ text: String) {
    #expect(Timestamp(seconds: seconds, nanoseconds: nanoseconds).rfc3339 == text)
  }

  @Test func knowsTheTime() async throws {
    let before = try #require(Int64(try await Tool.output("date", ["+%s"])))
    let now = Timestamp.now
    let after = try #require(Int64(try await Tool.output("date", ["+%s"])))
    #expect((before...after).contains(now.seconds))
    #expect(now.nanoseconds < 1_000_000_000)
  }

  @Test func compares() {
    let times = [
      Timestamp(seconds: -5, nanoseconds: 9), Timestamp(seconds: 1), Timestamp(seconds: 1, nanoseconds: 1),
      Timestamp(seconds: 2),
    ]
    #expect(times.shuffled().sorted() == times)
  }
}
