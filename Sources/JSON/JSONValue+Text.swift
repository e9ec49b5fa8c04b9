extension JSONValue {
  /// The text on one line, without blanks between its parts.
  public var text: String {
    var out = ""
    write(to: &out)
    return out
  }

  /// The text over several lines, indented by two blanks, without a line feed at its end.
  public var prettyText: String { pretty(indent: 0) }

  private func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .number(let value): out += value.text
    case .string(let value): out += Self.quoted(value)
    case .array(let elements):
      out += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { out += "," }
        element.write(to: &out)
      }
      out += "]"
    case .object(let object):
      out += "{"
      for (index, member) in object.members.enumerated() {
        if index > 0 { out += "," }
        out += Self.quoted(member.name) + ":"
        member.value.write(to: &out)
      }
      out += "}"
    }
  }

  private func pretty(indent: Int) -> String {
    switch self {
    case .null, .bool, .number, .string: text
    case .array(let elements):
      Self.block("[", elements.map { $0.pretty(indent: indent + 2) }, "]", indent: indent)
    case .object(let object):
      Self.block(
        "{", object.members.map { "\(Self.quoted($0.name)): \($0.value.pretty(indent: indent + 2))" }, "}",
        indent: indent)
    }
  }

  private static func block(_ open: String, _ lines: [String], _ close: String, indent: Int) -> String {
    guard !lines.isEmpty else { return open + close }
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    return open + "\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n" + outer + close
  }

  /// A text as JSON writes it: only what has to be escaped is.
  static func quoted(_ text: String) -> String {
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
