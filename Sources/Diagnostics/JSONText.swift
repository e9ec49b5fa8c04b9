/// JSON that keeps the order of its members, so that reports read as their specifications write them (RFC 8259).
enum JSONText {
  case null
  case boolean(Bool)
  case number(Int)
  case string(String)
  case array([JSONText])
  case object([(name: String, value: JSONText)])

  /// The text over several lines, indented by two blanks, without a line feed at its end.
  func rendered(indent: Int = 0) -> String {
    switch self {
    case .null: "null"
    case .boolean(let value): String(value)
    case .number(let value): String(value)
    case .string(let value): Self.quoted(value)
    case .array(let elements):
      Self.block("[", elements.map { $0.rendered(indent: indent + 2) }, "]", indent: indent)
    case .object(let members):
      Self.block(
        "{", members.map { "\(Self.quoted($0.name)): \($0.value.rendered(indent: indent + 2))" }, "}", indent: indent)
    }
  }

  private static func block(_ open: String, _ lines: [String], _ close: String, indent: Int) -> String {
    guard !lines.isEmpty else { return open + close }
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    return open + "\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n" + outer + close
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x5C }
    if isPlain { return "\"\(text)\"" }
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
