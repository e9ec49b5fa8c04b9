/// Values as Go's `fmt` prints them: BuildKit writes histories with it, and people compare histories.
enum GoFormat {
  /// `%q` of a slice of strings: `["a" "b"]`.
  static func quoted(_ strings: [String]) -> String {
    "[" + strings.map(quoted).joined(separator: " ") + "]"
  }

  /// `%v` of a slice of strings: `[a b]`.
  static func plain(_ strings: [String]) -> String {
    "[" + strings.joined(separator: " ") + "]"
  }

  /// `%q` of a string.
  static func quoted(_ string: String) -> String {
    var out = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\u{07}": out += "\\a"
      case "\u{08}": out += "\\b"
      case "\u{0C}": out += "\\f"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0B}": out += "\\v"
      default: out += escaped(scalar)
      }
    }
    return out + "\""
  }

  /// `%v` of a `time.Duration` of so many nanoseconds.
  static func duration(_ nanoseconds: Int64) -> String {
    if nanoseconds == 0 { return "0s" }
    let sign = nanoseconds < 0 ? "-" : ""
    let total = nanoseconds.magnitude
    if total < 1_000 { return "\(sign)\(total)ns" }
    if total < 1_000_000 { return "\(sign)\(fraction(total, 1_000))µs" }
    if total < 1_000_000_000 { return "\(sign)\(fraction(total, 1_000_000))ms" }
    let hours = total / 3_600_000_000_000
    let minutes = total / 60_000_000_000 % 60
    let seconds = fraction(total % 60_000_000_000, 1_000_000_000)
    if hours > 0 { return "\(sign)\(hours)h\(minutes)m\(seconds)s" }
    return minutes > 0 ? "\(sign)\(minutes)m\(seconds)s" : "\(sign)\(seconds)s"
  }

  private static func fraction(_ value: UInt64, _ unit: UInt64) -> String {
    guard value % unit != 0 else { return "\(value / unit)" }
    var digits = String(unit + value % unit).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(value / unit).\(digits)"
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    if scalar.value >= 0x20, scalar.value != 0x7F, scalar.properties.generalCategory != .control {
      return String(scalar)
    }
    let hex = String(scalar.value, radix: 16)
    return scalar.value < 0x80
      ? "\\x" + String(repeating: "0", count: 2 - hex.count) + hex
      : "\\u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
  }
}
