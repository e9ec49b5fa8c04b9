/// Values as Go's `fmt` prints them: BuildKit writes histories with it, and people compare histories.
enum GoFormat {
  /// `%q` of a slice of strings: `["a" "b"]`.
  static func quoted(_ strings: [String]) -> String {
    "[" + strings.map(quoted).joined(separator: " ") + "]"
  }

  /// The text as it is, but line feeds and what else does not print escaped.
  static func singleLine(_ string: String) -> String {
    string.unicodeScalars.map { isPrintable($0) ? String($0) : $0 == "\n" ? "\\n" : numeric($0) }.joined()
  }

  /// `%v` of a slice of strings: `[a b]`.
  static func plain(_ strings: [String]) -> String {
    "[" + strings.joined(separator: " ") + "]"
  }

  /// `%q` of a string.
  static func quoted(_ string: String) -> String {
    "\"" + string.unicodeScalars.map { escaped($0, quote: "\"") }.joined() + "\""
  }

  /// `%q` of a number: the character of that code.
  static func quotedCharacter(_ code: Int) -> String {
    let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
    return "'" + escaped(scalar, quote: "'") + "'"
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

  private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
    switch scalar {
    case quote, "\\": return "\\\(scalar)"
    case "\u{07}": return "\\a"
    case "\u{08}": return "\\b"
    case "\u{0C}": return "\\f"
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case "\u{0B}": return "\\v"
    default: return isPrintable(scalar) ? String(scalar) : numeric(scalar)
    }
  }

  /// As `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols, and the blank.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  private static func numeric(_ scalar: Unicode.Scalar) -> String {
    let hex = String(scalar.value, radix: 16)
    let (letter, width) = scalar.value < 0x80 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\\(letter)" + String(repeating: "0", count: max(0, width - hex.count)) + hex
  }
}
