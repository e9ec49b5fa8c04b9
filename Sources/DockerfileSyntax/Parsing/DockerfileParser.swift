import Diagnostics

/// Reads a file from top to bottom, collects everything there is to say about it, and goes on behind errors.
struct DockerfileParser {
  let file: SourceFile
  var diagnostics: [Diagnostic] = []
  var escape = EscapeCharacter.backslash
  var lines: LineScanner
  private(set) var directives: [ParserDirective] = []
  private var comments: [Comment] = []
  /// What was suggested for words that are no instructions.
  var suggestions: [String: String?] = [:]
  /// How many here-documents of unknown instructions turned out to be none.
  var missedHeredocs = 0
  /// Directives stand above everything else, other comments included.
  private var lineMayBeDirective = true
  /// Whether the first line is a `#!…`. BuildKit looks for `syntax` and `check` below it, but not for `escape`.
  private var hasShebang = false

  init(_ file: SourceFile) {
    self.file = file
    self.lines = LineScanner(file.bytes, from: file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
  }

  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  mutating func report(
    _ code: DiagnosticCode, _ message: String, at range: SourceRange, label: String = "", help: [String] = []
  ) {
    diagnostics.append(.error(code, message, at: SourceAnnotation(file, range, label: label), help: help))
  }

  mutating func warn(_ code: DiagnosticCode, _ message: String, at range: SourceRange, help: [String] = []) {
    diagnostics.append(.warning(code, message, at: SourceAnnotation(file, range), help: help))
  }

  /// Whether the file is text at all; reports it if not.
  mutating func checkEncoding() -> Bool {
    let start = file.bytes.prefix(2)
    guard start.elementsEqual([0xFF, 0xFE]) || start.elementsEqual([0xFE, 0xFF]) else { return true }
    report(
      "not-utf8", "the file is encoded in UTF-16", at: SourceRange(0, 2),
      help: ["save it as UTF-8"])
    return false
  }

  /// The next instruction, split but not understood; nil at the end of the file.
  mutating func nextInstruction() -> InstructionLine? {
    while let line = nextLogicalLine() {
      guard checkText(line.sourceRange) else { continue }
      var instruction = InstructionLine(line)
      guard !instruction.text.isEmpty else {
        report(
          "empty-instruction", "the line is continued, but nothing follows", at: line.sourceRange,
          help: ["remove the \(escape.name) at its end"])
        continue
      }
      instruction.comments = comments
      comments = []
      instruction.heredocs = readHeredocs(of: instruction)
      return instruction
    }
    return nil
  }
}

// MARK: Lines

extension DockerfileParser {
  /// The next line that holds an instruction, joined with the lines that continue it.
  private mutating func nextLogicalLine() -> LogicalText? {
    while let line = lines.next() {
      let content = withoutLeadingBlanks(line.content)
      guard let first = file.bytes[content].first else {
        comments = []
        lineMayBeDirective = false
        continue
      }
      if first == ASCII.numberSign {
        readComment(content)
        continue
      }
      lineMayBeDirective = false
      if let kept = continued(content) { return joined(kept, start: content) }
      return LogicalText(file: file, range: content)
    }
    return nil
  }

  private mutating func joined(_ first: Range<Int>, start: Range<Int>) -> LogicalText {
    var builder = LogicalTextBuilder()
    builder.append(file.bytes[first])
    var emptyLines: [SourceRange] = []
    while let line = lines.next() {
      let content = line.content
      let trimmed = withoutLeadingBlanks(content)
      guard !trimmed.isEmpty else {
        emptyLines.append(SourceRange(content))
        continue
      }
      if file.bytes[trimmed.lowerBound] == ASCII.numberSign { continue }
      guard let kept = continued(content) else {
        builder.append(file.bytes[content])
        break
      }
      builder.append(file.bytes[kept])
    }
    if let empty = emptyLines.first {
      warn(
        "no-empty-continuation", "an empty line stands inside a continued instruction", at: empty,
        help: ["remove the line, or make it a comment; a future release of the Dockerfile language refuses it"])
    }
    return builder.text(orAt: start.lowerBound)
  }

  /// The line without the escape character that continues it; nil when it is not continued. Two escape characters
  /// in front of the line end do not continue.
  private func continued(_ line: Range<Int>) -> Range<Int>? {
    var end = line.upperBound
    while end > line.lowerBound, file.bytes[end - 1] == ASCII.space || file.bytes[end - 1] == ASCII.tab { end -= 1 }
    guard end > line.lowerBound, file.bytes[end - 1] == escape.rawValue else { return nil }
    if end - 1 > line.lowerBound, file.bytes[end - 2] == escape.rawValue { return nil }
    return line.lowerBound..<(end - 1)
  }

  private func withoutLeadingBlanks(_ line: Range<Int>) -> Range<Int> {
    let bytes = file.bytes[line]
    var start = line.lowerBound
    while start < line.upperBound, case let length = bytes.spaceLength(at: start), length > 0 { start += length }
    return min(start, line.upperBound)..<line.upperBound
  }

  /// Reports bytes that no instruction can hold.
  mutating func checkText(_ range: SourceRange) -> Bool {
    let bytes = file.bytes[range.range]
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      if byte == 0 {
        report(
          "nul-character", "an instruction cannot hold a NUL character", at: SourceRange(position, position + 1),
          help: ["is the file saved as UTF-16? Save it as UTF-8"])
        return false
      }
      if byte < 0x80 {
        position += 1
        continue
      }
      let (scalar, length) = bytes.decodeScalar(at: position)
      guard scalar != nil else {
        report(
          "not-utf8", "the text is not valid UTF-8", at: SourceRange(position, position + 1),
          help: ["save the file as UTF-8"])
        return false
      }
      position += length
    }
    return true
  }
}

// MARK: Comments and parser directives

extension DockerfileParser {
  private mutating func readComment(_ line: Range<Int>) {
    if directives.isEmpty, lineMayBeDirective, !hasShebang, isShebang(line) {
      hasShebang = true
      return
    }
    if lineMayBeDirective, let directive = parseDirective(line), !(hasShebang && directive.name == .escape) {
      accept(directive)
      return
    }
    lineMayBeDirective = false
    let text = LogicalText(file: file, range: (line.lowerBound + 1)..<line.upperBound).trimmed
    if text.isEmpty {
      comments = []
    } else {
      comments.append(Comment(text: text.string, range: SourceRange(line)))
    }
  }

  private func isShebang(_ line: Range<Int>) -> Bool {
    line.lowerBound <= 3 && file.bytes[line].starts(with: Array("#!".utf8)) && file.lineIndex(at: line.lowerBound) == 0
  }

  private mutating func accept(_ directive: ParserDirective) {
    if let earlier = directives.first(where: { $0.name == directive.name }) {
      diagnostics.append(
        .error(
          "duplicate-directive", "the directive '\(directive.name.rawValue)' is given twice",
          at: SourceAnnotation(file, directive.range),
          notes: [.init("it is given first here", at: SourceAnnotation(file, earlier.range))],
          help: ["keep one of them"]))
      return
    }
    directives.append(directive)
    guard directive.name == .escape else { return }
    let value = Array(directive.value.text.utf8)
    if value.count == 1, let character = EscapeCharacter(rawValue: value[0]) {
      escape = character
    } else {
      report(
        "invalid-escape-directive", "'\(directive.value.text)' cannot be the escape character",
        at: directive.value.range, help: ["it is either \\ or `"])
    }
  }

  /// `# name=value` with a known name.
  private func parseDirective(_ line: Range<Int>) -> ParserDirective? {
    let text = LogicalText(file: file, range: (line.lowerBound + 1)..<line.upperBound).trimmed
    guard let equals = text.bytes.firstIndex(of: ASCII.equals) else { return nil }
    let key = text[text.bytes.startIndex..<equals].trimmed.string
    let value = text[(equals + 1)..<text.bytes.endIndex].trimmed
    guard let name = ParserDirective.Name(rawValue: key.lowercased()), !value.isEmpty else { return nil }
    return ParserDirective(name: name, value: value.word, range: SourceRange(line))
  }
}

extension EscapeCharacter {
  var name: String {
    switch self {
    case .backslash: "backslash"
    case .backtick: "backtick"
    }
  }
}
