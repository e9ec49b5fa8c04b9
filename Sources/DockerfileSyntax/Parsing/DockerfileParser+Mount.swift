import Diagnostics

extension DockerfileParser {
  /// Nil, and reported, when something is wrong with a mount.
  mutating func parseMount(_ flag: InstructionFlag) -> RunMount? {
    let errors = diagnostics.count
    guard let value = flag.value, let fields = parseFields(value) else { return nil }
    guard let type = parseMountType(fields) else { return nil }
    var builder = MountBuilder(type: type)
    for field in fields where field.key != "type" { add(field, to: &builder) }
    checkSecret(builder, flag)
    guard !diagnostics[errors...].contains(where: { $0.severity == .error }) else { return nil }
    return RunMount(range: flag.range, kind: builder.kind)
  }

  /// Splits at commas, as Go's `encoding/csv` does: a field in double quotes may hold commas, and quotes that are
  /// written twice.
  private mutating func parseFields(_ text: LogicalText) -> [MountField]? {
    var fields: [MountField] = []
    var start = text.bytes.startIndex
    while start <= text.bytes.endIndex {
      if start < text.bytes.endIndex, text.bytes[start] == ASCII.doubleQuote {
        guard let (field, end) = parseQuotedField(text, from: start) else { return nil }
        fields.append(MountField(field))
        start = end + 1
        continue
      }
      let end = text.bytes[start...].firstIndex(of: UInt8(ascii: ",")) ?? text.bytes.endIndex
      let field = text[start..<end]
      if field.bytes.contains(ASCII.doubleQuote) {
        report(
          "invalid-mount", "a double quote stands inside of a mount option", at: field.sourceRange,
          help: ["take it away, or put the whole option into double quotes"])
        return nil
      }
      fields.append(MountField(field))
      start = end + 1
    }
    return fields
  }

  /// The text between quotes, and where the comma behind it stands.
  private mutating func parseQuotedField(_ text: LogicalText, from start: Int) -> (LogicalText, end: Int)? {
    var field = LogicalTextBuilder()
    var position = start + 1
    while position < text.bytes.endIndex {
      let byte = text.bytes[position]
      if byte == ASCII.doubleQuote {
        position += 1
        let next = position < text.bytes.endIndex ? text.bytes[position] : UInt8(ascii: ",")
        if next == UInt8(ascii: ",") { return (field.text(orAt: text.sourceOffset(of: start)), position) }
        guard next == ASCII.doubleQuote else { break }
      }
      field.append(byte, from: text.sourceOffset(of: position))
      position += 1
    }
    report(
      "invalid-mount", "the quotes of a mount option do not match",
      at: text.sourceRange(start..<text.bytes.endIndex), help: ["a comma follows the closing quote"])
    return nil
  }

  private mutating func parseMountType(_ fields: [MountField]) -> MountType? {
    guard let field = fields.last(where: { $0.key == "type" }) else { return .bind }
    let word = field.value?.word ?? field.name
    if let type = MountType(rawValue: word.text.lowercased()) { return type }
    let names = MountType.allCases.map(\.rawValue)
    var help = "the types are \(names.joined(separator: ", "))"
    if word.mayExpand {
      help = "the type must be written out"
    } else if let nearest = Suggestion.nearest(to: word.text, in: names) {
      help = "did you mean \(nearest)?"
    }
    report("unknown-mount-type", "there is no mount type '\(word.text)'", at: word.range, help: [help])
    return nil
  }

  private mutating func add(_ field: MountField, to builder: inout MountBuilder) {
    guard let option = MountOptionName(spelling: field.key) else {
      reportUnknownOption(field, builder.type)
      return
    }
    guard field.value != nil || option.isSwitch else {
      report(
        "invalid-mount", "the mount option '\(field.name.text)' needs a value", at: field.name.range,
        help: ["write \(field.name.text)=value"])
      return
    }
    let word = field.value?.word ?? Word("true", range: field.name.range)
    guard checkVariables(option, word) else { return }
    switch builder.set(option, word, name: field.name) {
    case .set: break
    case .invalid(let makeDiagnostic): diagnostics.append(makeDiagnostic(file))
    case .ignored:
      warn(
        "ignored-mount-option", "'\(field.name.text)' means nothing for a mount of type \(builder.type.rawValue)",
        at: field.name.range, help: ["take it away"])
    case .refused:
      report(
        "invalid-mount", "a mount of type \(builder.type.rawValue) takes no option '\(field.name.text)'",
        at: field.name.range,
        help: ["it takes \(builder.type.options.map(\.rawValue).joined(separator: ", "))"])
    }
  }

  private mutating func checkVariables(_ option: MountOptionName, _ word: Word) -> Bool {
    guard option == .from, word.text.utf8.dropLast().contains(ASCII.dollar) else { return true }
    report(
      "variable-in-mount-from", "'from' cannot hold variables", at: word.range,
      help: ["give the image a stage: FROM \(word.text) AS name, and write from=name"])
    return false
  }

  private mutating func reportUnknownOption(_ field: MountField, _ type: MountType) {
    let nearest = Suggestion.nearest(to: field.key, in: type.options.flatMap(\.spellings))
    let takes = "a mount of type \(type.rawValue) takes \(type.options.map(\.rawValue).joined(separator: ", "))"
    report(
      "unknown-mount-option",
      field.key.isEmpty ? "a mount option is empty" : "there is no mount option '\(field.name.text)'",
      at: field.range, help: [nearest.map { "did you mean '\($0)'?" } ?? takes])
  }

  private mutating func checkSecret(_ builder: MountBuilder, _ flag: InstructionFlag) {
    guard case .secret(let secret) = builder.kind, secret.id == nil, secret.target == nil, !builder.hasErrors
    else { return }
    report(
      "invalid-mount", "a secret needs an id or a target", at: flag.range, help: ["write --mount=type=secret,id=name"])
  }
}

/// `key=value` in a mount.
private struct MountField {
  var name: Word
  /// In lower case.
  var key: String
  var value: LogicalText?
  var range: SourceRange

  init(_ text: LogicalText) {
    let equals = text.bytes.firstIndex(of: ASCII.equals)
    name = text.word(text.bytes.startIndex..<(equals ?? text.bytes.endIndex))
    key = name.text.lowercased()
    value = equals.map { text[($0 + 1)..<text.bytes.endIndex] }
    range = text.sourceRange
  }
}
