import Diagnostics
import SourceYAML

/// Takes nodes for what a buildspec has in their place, and collects what is wrong with them.
struct SpecReader {
  let file: SourceFile
  var problems: [Diagnostic] = []

  var hasErrors: Bool { problems.contains { $0.severity == .error } }

  mutating func error(_ code: DiagnosticCode, _ message: String, _ range: SourceRange, help: String) {
    problems.append(.error(code, message, at: SourceAnnotation(file, range), help: [help]))
  }

  mutating func warning(_ code: DiagnosticCode, _ message: String, _ range: SourceRange, help: String) {
    problems.append(.warning(code, message, at: SourceAnnotation(file, range), help: [help]))
  }

  func line(of range: SourceRange) -> Int { file.location(at: range.lowerBound).line }

  // MARK: Forms

  /// Nil for nothing, and for what is no mapping.
  mutating func mapping(_ node: YAMLNode?, _ what: String) -> YAMLMapping? {
    guard let node, !node.isNull else { return nil }
    if let mapping = node.mapping { return mapping }
    error(
      .buildspecForm, "\(what) is \(node.kindName) and has to be a mapping", node.range,
      help: "write KEY: VALUE below it, each on a line, indented alike")
    return nil
  }

  /// Nil for nothing, and for what is no text.
  mutating func text(_ node: YAMLNode?, _ what: String) -> WrittenText? {
    guard let node, !node.isNull else { return nil }
    if let text = node.text { return WrittenText(text, node.range) }
    error(
      .buildspecForm, "\(what) is \(node.kindName) and has to be a text", node.range,
      help: "write one value behind the colon; put it into quotes if it has colons or brackets")
    return nil
  }

  /// A list of texts, or one text. What is empty is left out.
  mutating func texts(_ node: YAMLNode?, _ what: String) -> [WrittenText] {
    guard let node, !node.isNull else { return [] }
    if let text = node.text { return [WrittenText(text, node.range)] }
    guard let items = node.sequence else {
      error(
        .buildspecForm, "\(what) is \(node.kindName) and has to be a list", node.range,
        help: "write each value on a line of its own that begins with \"- \"")
      return []
    }
    return items.compactMap { text($0, "a value of \(what)") }
  }

  /// Names with texts; nothing is an empty text.
  mutating func variables(_ node: YAMLNode?, _ what: String) -> [EnvironmentSection.Variable] {
    guard let mapping = mapping(node, what) else { return [] }
    return mapping.entries.compactMap { entry in
      let value = entry.value.isNull ? WrittenText("", entry.value.range) : text(entry.value, "\(what)/\(entry.key)")
      guard let value else { return nil }
      if value.value.utf8.contains(0) || entry.key.utf8.contains(0) {
        error(
          .buildspecValue, "\(what)/\(entry.key) holds a zero byte, which no variable can hold", value.range,
          help: "remove it")
        return nil
      }
      return EnvironmentSection.Variable(name: WrittenText(entry.key, entry.keyRange), value: value)
    }
  }

  /// Yes or no, in YAML's many spellings.
  mutating func flag(_ node: YAMLNode?, _ what: String) -> Bool {
    guard let node, let text = text(node, what) else { return false }
    if let value = node.scalar?.switchValue { return value }
    error(.buildspecValue, "\(what) is \"\(text.value)\"", text.range, help: "write yes or no")
    return false
  }

  mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ node: YAMLNode?, _ what: String, _ type: Choice.Type
  ) -> Written<Choice>? where Choice.RawValue == String {
    guard let text = text(node, what) else { return nil }
    if let choice = Choice.allCases.first(where: { $0.rawValue.lowercased() == text.value.lowercased() }) {
      return Written(choice, text.range)
    }
    let names = Choice.allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: text.value, in: names)
    error(
      .buildspecValue, "\(what) is \"\(text.value)\"", text.range,
      help: near.map { "did you mean \($0)?" } ?? "write \(names.joined(separator: ", "))")
    return nil
  }

  // MARK: Keys

  /// Tells of keys that are not used, and goes on, as CodeBuild does.
  mutating func expectKeys(_ known: [String], in mapping: YAMLMapping, _ what: String) {
    for entry in mapping.entries where !known.contains(entry.key) {
      let near = Suggestion.nearest(to: entry.key, in: known)
      warning(
        .buildspecUnknownKey, "\(what) has no key \(entry.key); it is ignored", entry.keyRange,
        help: near.map { "did you mean \($0)?" } ?? "the keys are \(known.joined(separator: ", "))")
    }
  }

  /// The same where nothing may be ignored.
  mutating func requireKeys(_ known: [String], in mapping: YAMLMapping, _ what: String) {
    for entry in mapping.entries where !known.contains(entry.key) {
      let near = Suggestion.nearest(to: entry.key, in: known)
      error(
        .buildspecUnknownKey, "\(what) has no key \(entry.key)", entry.keyRange,
        help: near.map { "did you mean \($0)?" } ?? "the keys are \(known.joined(separator: ", "))")
    }
  }
}

/// Names of variables that a shell knows.
extension String {
  var isVariableName: Bool {
    guard let first = utf8.first, first == 0x5F || first.isASCIILetter else { return false }
    return utf8.allSatisfy { $0 == 0x5F || $0.isASCIILetter || (0x30...0x39).contains($0) }
  }
}

extension UInt8 {
  var isASCIILetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
}
