/// Lengths of time as configurations write them: `90s`, `30m`, `1h30m`, `0.5s`, `250ms`, `2d`; a number alone is seconds.
public enum DurationText {
  private static let units: [(name: String, seconds: Double)] = [
    ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400),
  ]

  /// Nil when the text is none.
  public static func parse(_ text: String) -> Duration? {
    var rest = text.filter { $0 != " " }[...]
    guard !rest.isEmpty else { return nil }
    var total = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
      guard let number = Double(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      let letters = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(letters.count)
      if letters.isEmpty, rest.isEmpty {
        total += number
      } else {
        guard let unit = units.first(where: { $0.name == letters }) else { return nil }
        total += number * unit.seconds
      }
    }
    guard total.isFinite, total < 1e9 else { return nil }
    return .milliseconds(Int64((total * 1000).rounded()))
  }

  /// For people: `1h30m`, `45s`.
  public static func text(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    if seconds == 0 { return duration == .zero ? "0s" : "\(Int(duration.inSeconds * 1000))ms" }
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")].filter { $0.0 > 0 }
    return parts.map { "\($0.0)\($0.1)" }.joined()
  }
}

extension Duration {
  public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
