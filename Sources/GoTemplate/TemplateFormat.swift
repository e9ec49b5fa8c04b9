/// Go's Printf, as far as templates use it: %s %v %d %q %t %x %f %% with flags, width and precision.
enum TemplateFormat {
  private struct Verb {
    var isLeft = false
    var isZero = false
    var hasSign = false
    var width = 0
    var precision: Int?
  }

  static func text(_ format: String, _ arguments: [TemplateValue]) -> String {
    var (result, rest, values) = ("", format[...], arguments[...])
    while let character = rest.popFirst() {
      guard character == "%" else {
        result.append(character)
        continue
      }
      let verb = verb(&rest)
      guard let letter = rest.popFirst() else { return result + "%!(NOVERB)" }
      if letter == "%" {
        result.append("%")
      } else if let value = values.popFirst() {
        result += padded(written(value, letter, verb), verb)
      } else {
        result += "%!\(letter)(MISSING)"
      }
    }
    guard !values.isEmpty else { return result }
    return result + "%!(EXTRA \(values.map { "\($0.typeName)=\($0)" }.joined(separator: ", ")))"
  }

  private static func verb(_ rest: inout Substring) -> Verb {
    var verb = Verb()
    while let flag = rest.first, "-+0# ".contains(flag) {
      rest.removeFirst()
      if flag == "-" { verb.isLeft = true }
      if flag == "0" { verb.isZero = true }
      if flag == "+" { verb.hasSign = true }
    }
    verb.width = number(&rest) ?? 0
    if rest.first == "." {
      rest.removeFirst()
      verb.precision = number(&rest) ?? 0
    }
    return verb
  }

  /// Longer lines than anybody wants are not made.
  private static func number(_ rest: inout Substring) -> Int? {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    return Int(digits).map { min($0, 1 << 16) }
  }

  private static func written(_ value: TemplateValue, _ letter: Character, _ verb: Verb) -> String {
    switch (letter, value) {
    case ("v", _): return value.description
    case ("s", .text(let text)): return verb.precision.map { String(text.prefix($0)) } ?? text
    case ("s", .list), ("s", .map), ("s", .record): return value.description
    case ("q", .text(let text)): return TemplateValue.text(text).json
    case ("q", .list(let values)):
      return "[\(values.map { TemplateValue.text($0.description).json }.joined(separator: " "))]"
    case ("d", .integer(let number)): return verb.hasSign && number >= 0 ? "+\(number)" : "\(number)"
    case ("t", .bool(let truth)): return "\(truth)"
    case ("x", .integer(let number)): return String(number, radix: 16)
    case ("X", .integer(let number)): return String(number, radix: 16, uppercase: true)
    case ("x", .text(let text)):
      return text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    case ("f", .number(let number)): return fixed(number, verb.precision ?? 6)
    default: return "%!\(letter)(\(value.typeName)=\(value))"
    }
  }

  /// A number with so many digits behind the point.
  private static func fixed(_ number: Double, _ digits: Int) -> String {
    let digits = min(digits, 15)
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (abs(number) * scale).rounded()
    guard scaled < 9e18 else { return "\(number)" }
    let whole = Int64(scaled)
    let unit = Int64(scale)
    let fraction = String(whole % unit)
    let padding = String(repeating: "0", count: max(0, digits - fraction.count))
    let text = digits == 0 ? "\(whole)" : "\(whole / unit).\(padding)\(fraction)"
    return number < 0 ? "-\(text)" : text
  }

  private static func padded(_ text: String, _ verb: Verb) -> String {
    let missing = verb.width - text.count
    guard missing > 0 else { return text }
    if verb.isLeft { return text + String(repeating: " ", count: missing) }
    if verb.isZero, let sign = text.first, sign == "-" || sign == "+" {
      return "\(sign)" + String(repeating: "0", count: missing) + text.dropFirst()
    }
    return String(repeating: verb.isZero ? "0" : " ", count: missing) + text
  }
}
