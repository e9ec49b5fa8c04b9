import Foundation

/// Times as AWS's services and files write them (ISO 8601): `2015-08-30T12:36:00Z`, with fractions, with an offset, and
/// with `UTC` in the place of `Z`, as old caches of tokens have it.
enum TimestampText {
  /// Nil when the text is no such time.
  static func secondsSince1970(_ text: String) -> Double? {
    let text = text.hasSuffix("UTC") ? text.dropLast(3) + "Z" : text[...]
    for hasFraction in [false, true] {
      let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().timeZone(separator: .omitted)
        .time(includingFractionalSeconds: hasFraction)
      if let date = try? style.parse(String(text)) { return date.timeIntervalSince1970 }
    }
    return nil
  }
}
