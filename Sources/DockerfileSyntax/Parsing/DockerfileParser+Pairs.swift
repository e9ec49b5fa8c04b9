import Diagnostics

extension DockerfileParser {
  /// `key=value…`, or `key rest` when the first word holds no `=`.
  mutating func parsePairs(_ line: InstructionLine) -> (pairs: [KeyValuePair], isLegacy: Bool)? {
    let text = line.arguments
    let words = text.quotedWords(escape: escape)
    guard let first = words.first else {
      reportMissingArgument(line, "a pair key=value")
      return nil
    }
    guard text.bytes[first].contains(ASCII.equals) else { return parseLegacyPair(line).map { ([$0], true) } }
    var pairs: [KeyValuePair] = []
    for word in words {
      guard let equals = text.bytes[word].firstIndex(of: ASCII.equals) else {
        report(
          "missing-equals-sign", "'\(text[word].string)' is no pair key=value", at: text.sourceRange(word),
          help: ["put quotes around a value that holds blanks"])
        continue
      }
      guard equals > word.lowerBound else {
        reportBlankName(text.sourceRange(word), line)
        continue
      }
      pairs.append(
        KeyValuePair(key: text.word(word.lowerBound..<equals), value: text.word((equals + 1)..<word.upperBound)))
    }
    return pairs.count == words.count ? (pairs, false) : nil
  }

  private mutating func parseLegacyPair(_ line: InstructionLine) -> KeyValuePair? {
    let text = line.arguments
    guard let blank = text.bytes.firstIndex(where: ASCII.isBlank) else {
      report(
        "missing-value", "\(line.keyword.text.uppercased()) gives '\(text.string)' no value", at: text.sourceRange,
        help: ["write \(text.string)=value"])
      return nil
    }
    let value = text.bytes[blank...].firstIndex { !ASCII.isBlank($0) } ?? text.bytes.endIndex
    return KeyValuePair(
      key: text.word(text.bytes.startIndex..<blank), value: text.word(value..<text.bytes.endIndex))
  }

  mutating func parseArg(_ line: InstructionLine) -> ArgInstruction? {
    let text = line.arguments
    let words = text.quotedWords(escape: escape)
    guard !words.isEmpty else {
      reportMissingArgument(line, "a name")
      return nil
    }
    var declarations: [ArgInstruction.Declaration] = []
    for word in words {
      let equals = text.bytes[word].firstIndex(of: ASCII.equals)
      let name = word.lowerBound..<(equals ?? word.upperBound)
      guard !name.isEmpty else {
        reportBlankName(text.sourceRange(word), line)
        continue
      }
      declarations.append(
        .init(name: text.word(name), defaultValue: equals.map { text.word(($0 + 1)..<word.upperBound) }))
    }
    return declarations.count == words.count ? ArgInstruction(declarations) : nil
  }

  private mutating func reportBlankName(_ range: SourceRange, _ line: InstructionLine) {
    report(
      "blank-name", "a name of \(line.keyword.text.uppercased()) cannot be empty", at: range,
      help: ["write a name in front of the equals sign, without a blank between them"])
  }
}
