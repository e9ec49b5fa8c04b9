extension TemplateValue {
  /// As Go's encoding/json writes it in one line, without the escapes for HTML.
  public var json: String {
    var text = ""
    write(to: &text, indent: nil, depth: 0)
    return text
  }

  /// In lines, as `docker inspect` writes it: four blanks for each level.
  public func json(indent: String) -> String {
    var text = ""
    write(to: &text, indent: indent, depth: 0)
    return text
  }

  private func write(to text: inout String, indent: String?, depth: Int) {
    switch self {
    case .null, .empty: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value):
      let isWhole = value == value.rounded() && abs(value) < 1e15
      text += value.isFinite ? isWhole ? "\(Int64(value))" : "\(value)" : "null"
    case .text(let value): Self.quote(value, to: &text)
    case .list(let values):
      Self.write(values.map { (nil, $0) }, "[", "]", to: &text, indent, depth)
    case .record(let members):
      Self.write(members.map { ($0.name, $0.value) }, "{", "}", to: &text, indent, depth)
    case .map(let members):
      Self.write(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, "{", "}", to: &text, indent, depth)
    }
  }

  private static func write(
    _ items: [(String?, TemplateValue)], _ open: String, _ close: String, to text: inout String, _ indent: String?,
    _ depth: Int
  ) {
    text += open
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let indent { text += "\n" + String(repeating: indent, count: depth + 1) }
      if let name = item.0 {
        quote(name, to: &text)
        text += indent == nil ? ":" : ": "
      }
      item.1.write(to: &text, indent: indent, depth: depth + 1)
    }
    if let indent, !items.isEmpty { text += "\n" + String(repeating: indent, count: depth) }
    text += close
  }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{8}": text += "\\b"
      case "\u{c}": text += "\\f"
      case "\u{2028}": text += "\\u2028"
      case "\u{2029}": text += "\\u2029"
      case _ where scalar.value < 0x20:
        text += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
