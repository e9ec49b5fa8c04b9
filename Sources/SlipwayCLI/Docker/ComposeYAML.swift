import GoTemplate

/// A tree as YAML in blocks, as `docker compose config` writes it.
struct ComposeYAML {
  private(set) var text = ""

  init(_ value: TemplateValue) { write(value, depth: 0) }

  private mutating func write(_ value: TemplateValue, depth: Int) {
    let indent = String(repeating: "  ", count: depth)
    switch value {
    case .record(let members):
      for member in members {
        text += "\(indent)\(Self.scalar(.text(member.name))):"
        writeBehind(member.value, depth: depth + 1)
      }
    case .list(let values):
      for value in values {
        text += "\(indent)-"
        if case .record(let members) = value, !members.isEmpty {
          // The first member stands behind the dash.
          var inner = ComposeYAML(.null)
          inner.text = ""
          inner.write(value, depth: depth + 1)
          text += " " + inner.text.drop { $0 == " " }
        } else {
          writeBehind(value, depth: depth + 1)
        }
      }
    default: text += "\(indent)\(Self.scalar(value))\n"
    }
  }

  private mutating func writeBehind(_ value: TemplateValue, depth: Int) {
    switch value {
    case .record(let members) where members.isEmpty: text += " {}\n"
    case .list(let values) where values.isEmpty: text += " []\n"
    case .record, .list:
      text += "\n"
      write(value, depth: depth)
    default: text += " \(Self.scalar(value))\n"
    }
  }

  private static func scalar(_ value: TemplateValue) -> String {
    guard case .text(let text) = value else { return value == .null ? "null" : value.description }
    let isPlain =
      text.wholeMatch(of: /[A-Za-z_\/.][A-Za-z0-9_\/.@+=-]*(?::[A-Za-z0-9_\/.@+=-]+)*/) != nil
      && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(text.lowercased())
    return isPlain ? text : value.json
  }
}
