import Diagnostics
import DockerfileSyntax

/// A syntax tree as text: one line a value, words with their places, nothing for what is absent, false or empty.
struct SyntaxDump {
  private let file: SourceFile
  private var lines: [String] = []

  static func dump(_ dockerfile: Dockerfile) -> String {
    var dump = SyntaxDump(file: dockerfile.file)
    dump.add("escape", dockerfile.escape, 0)
    dump.add("directives", dockerfile.directives, 0)
    dump.add("preamble", dockerfile.preamble, 0)
    dump.add("stages", dockerfile.stages, 0)
    return dump.lines.joined(separator: "\n") + "\n"
  }

  private init(file: SourceFile) {
    self.file = file
  }

  private mutating func add(_ label: String, _ value: Any, _ depth: Int) {
    if let text = leaf(value) {
      line("\(label): \(text)", depth)
      return
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
      for child in mirror.children { add(label, child.value, depth) }
    case .collection:
      for (index, child) in mirror.children.enumerated() { add("\(label)[\(index)]", child.value, depth) }
    case .enum:
      guard let child = mirror.children.first, let name = child.label else {
        line("\(label): \(value)", depth)
        return
      }
      let payload = Mirror(reflecting: child.value)
      if payload.displayStyle == .struct, leaf(child.value) == nil {
        line("\(label): \(name)", depth)
        addChildren(payload, depth + 1)
      } else {
        line("\(label): \(name)", depth)
        add("_", child.value, depth + 1)
      }
    default:
      line(label, depth)
      addChildren(mirror, depth + 1)
    }
  }

  private mutating func addChildren(_ mirror: Mirror, _ depth: Int) {
    for child in mirror.children where !isSilent(child.value) { add(child.label ?? "_", child.value, depth) }
  }

  private func isSilent(_ value: Any) -> Bool {
    if let flag = value as? Bool { return !flag }
    if let number = value as? UInt { return number == 0 }
    return false
  }

  private mutating func line(_ text: String, _ depth: Int) {
    lines.append(String(repeating: "  ", count: depth) + text)
  }

  private func leaf(_ value: Any) -> String? {
    if Mirror(reflecting: value).displayStyle == .optional { return nil }
    return switch value {
    case let word as Word: "\(word.text.debugDescription) @\(place(word.range))"
    case let range as SourceRange: "@\(place(range))"
    case let text as String: text.debugDescription
    case is Bool, is Int, is UInt, is Duration: "\(value)"
    default: nil
    }
  }

  private func place(_ range: SourceRange) -> String {
    let start = file.location(at: range.lowerBound)
    let end = file.location(at: range.upperBound)
    let last = start.line == end.line ? "\(end.column)" : "\(end.line):\(end.column)"
    return "\(start.line):\(start.column)-\(last)"
  }
}
