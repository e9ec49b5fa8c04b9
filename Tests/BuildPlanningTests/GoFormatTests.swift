@testable import BuildPlanning
import Testing

/// The expected texts are those of Go's documentation of `fmt`, `strconv` and `time`.
@Suite struct GoFormatTests {
  @Test(arguments: [
    ("", "\"\""), ("a b", "\"a b\""), ("\"\\", #""\"\\""#), ("\u{07}\u{08}\u{0C}\n\r\t\u{0B}", #""\a\b\f\n\r\t\v""#),
    ("\u{00}\u{1B}\u{7F}", #""\x00\x1b\x7f""#), ("\u{E4}\u{1F600}", "\"\u{E4}\u{1F600}\""),
    ("\u{A0}\u{AD}\u{200B}\u{2028}\u{FEFF}", #""\u00a0\u00ad\u200b\u2028\ufeff""#), ("\u{E000}", #""\ue000""#),
    ("\u{E0001}", #""\U000e0001""#), ("'", "\"'\""), ("\u{301}", "\"\u{301}\""),
  ])
  func quotesStrings(_ text: String, _ quoted: String) {
    #expect(GoFormat.quoted(text) == quoted)
  }

  @Test(arguments: [
    (0, #"'\x00'"#), (3, #"'\x03'"#), (10, #"'\n'"#), (34, "'\"'"), (39, #"'\''"#), (92, #"'\\'"#), (97, "'a'"),
    (-1, "'\u{FFFD}'"), (0xD800, "'\u{FFFD}'"), (Int.max, "'\u{FFFD}'"),
  ])
  func quotesNumbersAsCharacters(_ number: Int, _ quoted: String) {
    #expect(GoFormat.quotedCharacter(number) == quoted)
  }

  @Test func listsStrings() {
    #expect(GoFormat.quoted(["a", "b c"]) == #"["a" "b c"]"#)
    #expect(GoFormat.plain(["a", "b c"]) == "[a b c]")
    #expect(GoFormat.quoted([String]()) == "[]")
  }

  @Test(arguments: [
    (0, "0s"), (1, "1ns"), (1_100, "1.1µs"), (2_200_000, "2.2ms"), (3_300_000_000, "3.3s"), (90_000_000_000, "1m30s"),
    (245_000_000_000, "4m5s"), (245_001_000_000, "4m5.001s"), (18_367_001_000_000, "5h6m7.001s"),
    (3_600_000_000_000, "1h0m0s"), (480_000_000_001, "8m0.000000001s"), (-1_500_000_000, "-1.5s"),
    (Int64.max, "2562047h47m16.854775807s"), (Int64.min, "-2562047h47m16.854775808s"),
  ])
  func writesDurations(_ nanoseconds: Int64, _ text: String) {
    #expect(GoFormat.duration(nanoseconds) == text)
  }
}
