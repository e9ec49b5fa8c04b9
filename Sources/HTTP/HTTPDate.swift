/// Dates in headers: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7; the obsolete forms are not read).
public enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Nil when the text is not such a date.
  public static func secondsSince1970(_ text: String) -> Int64? {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 6, words[5] == "GMT", words[0].hasSuffix(","),
      let day = Int64(words[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(words[2])),
      let year = Int64(words[3]), (1970...9999).contains(year),
      let seconds = secondsOfDay(words[4])
    else { return nil }
    return daysSince1970(year: year, month: Int64(month + 1), day: day) * 86_400 + seconds
  }

  private static func secondsOfDay(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) }
    guard parts.count == 3, let hour = parts[0], let minute = parts[1], let second = parts[2],
      (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// Days of the Gregorian calendar, counted in years that begin in March so that leap days come last.
  private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month > 2 ? month - 3 : month + 9
    let years = month > 2 ? year : year - 1
    let leapDays = years / 4 - years / 100 + years / 400
    return years * 365 + leapDays + (shifted * 153 + 2) / 5 + day - 1 - 719_468
  }
}
