extension Duration {
  /// A length of time as configurations write it: numbers with `d`, `h`, `m`, `s` or `ms`, the greatest unit first,
  /// such as `1h30m`, `90s` or `0.5s`. Nil for what is none.
  public init?(text: String) {
    let units: [(name: String, seconds: Double)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1), ("ms", 0.001)]
    var rest = text[...]
    var seconds = 0.0
    var next = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let name = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
      guard let value = Double(digits), value.isFinite, let unit = units[next...].firstIndex(where: { $0.name == name })
      else { return nil }
      seconds += value * units[unit].seconds
      next = unit + 1
      rest = rest.dropFirst(digits.count + name.count)
    }
    guard seconds < 1e10 else { return nil }
    self = .milliseconds(Int64((seconds * 1000).rounded()))
  }

  /// For people, and as `init(text:)` reads it: `1h30m`, `45s`, `250ms`.
  public var text: String {
    let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    if milliseconds < 1000 { return milliseconds == 0 ? "0s" : "\(milliseconds)ms" }
    let seconds = milliseconds / 1000
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")]
    return parts.filter { $0.0 > 0 }.map { "\($0.0)\($0.1)" }.joined()
  }
}
