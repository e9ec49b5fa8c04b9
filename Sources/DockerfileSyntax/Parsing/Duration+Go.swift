extension Duration {
  /// A duration in Go's notation, such as `1h30m`, `1.5s`, `300ms`; nil when it is none or does not fit into 64 bits
  /// of nanoseconds.
  public init?(goDuration text: String) {
    var rest = text.utf8[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest.removeFirst()
    }
    if rest.elementsEqual("0".utf8) {
      self = .zero
      return
    }
    guard !rest.isEmpty else { return nil }
    var nanoseconds: Int64 = 0
    while !rest.isEmpty {
      guard let part = Self.takePart(&rest) else { return nil }
      let (sum, overflow) = nanoseconds.addingReportingOverflow(part)
      guard !overflow else { return nil }
      nanoseconds = sum
    }
    self = .nanoseconds(isNegative ? -nanoseconds : nanoseconds)
  }

  /// In the same notation, without parts that are zero: `1h30m`, `2.5s`, `300ms`.
  public var goText: String {
    let (seconds, attoseconds) = components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    if seconds == 0 { return "\(milliseconds)ms" }
    var parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m")].filter { $0.0 != 0 }.map { "\($0)\($1)" }
    if seconds % 60 != 0 || milliseconds != 0 {
      let digits = String(String(milliseconds + 1000).dropFirst())
      let fraction = String(digits.reversed().drop { $0 == "0" }.reversed())
      parts.append("\(seconds % 60)" + (fraction.isEmpty ? "" : ".\(fraction)") + "s")
    }
    return parts.joined()
  }

  /// A number and its unit, in nanoseconds.
  private static func takePart(_ rest: inout Substring.UTF8View) -> Int64? {
    let whole = rest.prefix(while: ASCII.isDigit)
    rest = rest[whole.endIndex...]
    var fraction = rest.prefix(0)
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: ASCII.isDigit)
      rest = rest[fraction.endIndex...]
    }
    guard !(whole.isEmpty && fraction.isEmpty) else { return nil }
    let unit = rest.prefix { !ASCII.isDigit($0) && $0 != UInt8(ascii: ".") }
    rest = rest[unit.endIndex...]
    guard let name = String(unit), let scale = units[name],
      let count = whole.isEmpty ? 0 : Int64(String(Substring(whole)))
    else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: scale)
    guard !overflow else { return nil }
    // Eighteen digits are finer than a nanosecond of the largest unit.
    let digits = String(Substring(fraction.prefix(18)))
    let part = digits.isEmpty ? 0 : (Double("0." + digits) ?? 0) * Double(scale)
    let (sum, sumOverflow) = product.addingReportingOverflow(Int64(part))
    return sumOverflow ? nil : sum
  }

  private static let units: [String: Int64] = [
    "ns": 1, "us": 1000, "\u{B5}s": 1000, "\u{3BC}s": 1000, "ms": 1_000_000, "s": 1_000_000_000,
    "m": 60_000_000_000, "h": 3_600_000_000_000,
  ]
}
