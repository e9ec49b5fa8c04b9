extension Timestamp {
  /// A time as RFC 3339 writes it, `2023-11-14T22:13:20Z`, also with a fraction and with another zone than UTC; nil for
  /// what is none. Leap seconds are not taken: the clock of Unix has none.
  public init?(rfc3339 text: String) {
    let pattern =
      #/
      (\d{4})-(\d\d)-(\d\d) [Tt\ ] (\d\d):(\d\d):(\d\d) (?:\.(\d{1,9})\d*)? (?:[Zz]|([+-])(\d\d):(\d\d))
      /#.asciiOnlyDigits()
    guard let match = text.wholeMatch(of: pattern)?.output else { return nil }
    func number(_ digits: Substring?) -> Int { digits.flatMap { Int($0) } ?? 0 }
    let (year, month, day) = (number(match.1), number(match.2), number(match.3))
    let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
    let (zoneHour, zoneMinute) = (number(match.9), number(match.10))
    guard (1...12).contains(month), (1...Self.days(of: month, in: year)).contains(day), hour < 24, minute < 60,
      second < 60, zoneHour < 24, zoneMinute < 60
    else { return nil }
    let offset = (zoneHour * 60 + zoneMinute) * (match.8 == "-" ? -60 : 60)
    let days = Self.days(to: year, month, day)
    let fraction = (match.7 ?? "") + String(repeating: "0", count: 9 - (match.7?.count ?? 0))
    self.init(
      seconds: Int64(days * 86_400 + hour * 3600 + minute * 60 + second - offset),
      nanoseconds: UInt32(number(fraction[...])))
  }

  private static func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// Days from 1970-01-01 to a date of the Gregorian calendar, in years that begin in March.
  private static func days(to year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let yearOfEra = year - era * 400
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
