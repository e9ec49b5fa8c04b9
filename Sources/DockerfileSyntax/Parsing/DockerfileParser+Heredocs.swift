import Diagnostics

extension DockerfileParser {
  /// Reads the here-documents that an instruction's line announces; they follow it line by line.
  mutating func readHeredocs(of line: InstructionLine) -> [Heredoc] {
    let announced: Bool
    switch line.heredocSupport {
    case .none: return []
    case .yes: announced = true
    case .unknownInstruction:
      // Each look for an end that is not there reads the rest of the file.
      guard missedHeredocs < 100 else { return [] }
      announced = false
    }
    var heredocs: [Heredoc] = []
    for marker in HeredocMarker.all(in: line.text) {
      let start = lines
      if let heredoc = readHeredoc(marker) {
        heredocs.append(heredoc)
      } else if announced {
        reportUnterminated(marker, from: start)
        return heredocs
      } else {
        lines = start
        missedHeredocs += 1
        return heredocs
      }
    }
    return heredocs
  }

  /// Nil when the file ends before the document does.
  private mutating func readHeredoc(_ marker: HeredocMarker) -> Heredoc? {
    let start = lines.position
    let name = Array(marker.name.utf8)
    while let line = lines.next() {
      guard marker.ends(at: file.bytes[line.content], name: name) else { continue }
      let content = LogicalText(file: file, range: start..<line.content.lowerBound)
      _ = checkText(content.sourceRange)
      var heredoc = Heredoc(
        name: marker.name, marker: marker.word, content: content.word, terminatorRange: SourceRange(line.content))
      heredoc.fileDescriptor = marker.fileDescriptor
      heredoc.stripsTabs = marker.stripsTabs
      heredoc.expands = marker.expands
      return heredoc
    }
    return nil
  }

  private mutating func reportUnterminated(_ marker: HeredocMarker, from start: LineScanner) {
    var help = ["end it with a line that holds \(marker.name) and nothing else"]
    var rest = start
    while let line = rest.next() {
      let text = LogicalText(file: file, range: line.content).trimmed
      guard text.bytes.elementsEqual(marker.name.utf8) else { continue }
      let number = file.location(at: line.content.lowerBound).line
      help = ["line \(number) does not end it: there are blanks beside \(marker.name)"]
      if !marker.stripsTabs { help.append("<<-\(marker.name) permits tabs in front of it") }
      break
    }
    report(
      "unterminated-heredoc", "the here-document \(marker.name) does not end", at: marker.word.range, help: help)
  }
}

/// `<<EOF` and its variants in a line.
struct HeredocMarker {
  var name: String
  var word: Word
  var fileDescriptor: UInt
  var stripsTabs: Bool
  var expands: Bool

  /// The markers of a line, in their order. A line whose quotes do not match has none.
  static func all(in line: LogicalText) -> [HeredocMarker] {
    let bytes = line.bytes
    guard zip(bytes, bytes.dropFirst()).contains(where: { $0 == ASCII.less && $1 == ASCII.less }),
      let words = shellWords(of: line)
    else { return [] }
    return words.compactMap { HeredocMarker(line[$0]) }
  }

  /// The marker that a word is: digits, `<<`, perhaps `-`, and a name without `<`.
  init?(_ text: LogicalText) {
    let bytes = text.bytes
    let digits = bytes.prefix(while: ASCII.isDigit)
    var rest = bytes[digits.endIndex...]
    guard rest.starts(with: [ASCII.less, ASCII.less]) else { return nil }
    rest = rest.dropFirst(2)
    let stripsTabs = rest.first == ASCII.hyphen
    if stripsTabs { rest = rest.dropFirst() }
    guard !rest.contains(ASCII.less), let (name, isQuoted) = Self.unquoted(rest), !name.isEmpty else { return nil }
    self.name = String(decoding: name, as: UTF8.self)
    self.word = text.word
    self.fileDescriptor = UInt(String(decoding: digits, as: UTF8.self)) ?? 0
    self.stripsTabs = stripsTabs
    self.expands = !isQuoted
  }

  func ends(at line: ArraySlice<UInt8>, name: [UInt8]) -> Bool {
    let line = stripsTabs ? line.drop { $0 == ASCII.tab } : line
    return line.elementsEqual(name)
  }

  /// A name without quotes and escapes. An escaped name does not count as quoted, which shells see otherwise.
  private static func unquoted(_ bytes: ArraySlice<UInt8>) -> (name: [UInt8], isQuoted: Bool)? {
    var name: [UInt8] = []
    var isQuoted = false
    var quote: UInt8?
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      position += 1
      if byte == quote {
        quote = nil
      } else if quote == nil, byte == ASCII.singleQuote || byte == ASCII.doubleQuote {
        quote = byte
        isQuoted = true
      } else if byte == ASCII.backslash, quote != ASCII.singleQuote {
        guard position < bytes.endIndex else { break }
        let next = bytes[position]
        if quote != nil, next != ASCII.doubleQuote, next != ASCII.dollar, next != ASCII.backslash {
          name.append(byte)
        }
        name.append(next)
        position += 1
      } else {
        name.append(byte)
      }
    }
    return quote == nil ? (name, isQuoted) : nil
  }

  /// The words of a line as a shell sees them, quotes kept; nil when a quote is not closed.
  private static func shellWords(of line: LogicalText) -> [Range<Int>]? {
    let bytes = line.bytes
    var words: [Range<Int>] = []
    var start: Int?
    var quote: UInt8?
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let byte = bytes[position]
      if quote == nil, bytes.spaceLength(at: position) > 0 {
        if let begin = start { words.append(begin..<position) }
        start = nil
        position += bytes.spaceLength(at: position)
        continue
      }
      if start == nil { start = position }
      if byte == quote {
        quote = nil
      } else if quote == nil, byte == ASCII.singleQuote || byte == ASCII.doubleQuote {
        quote = byte
      } else if byte == ASCII.backslash, quote != ASCII.singleQuote {
        position += 1
      }
      position += 1
    }
    if let begin = start { words.append(begin..<bytes.endIndex) }
    return quote == nil ? words : nil
  }
}

extension InstructionLine {
  enum HeredocSupport {
    case none, yes
    /// Whoever meant RUN is not told about each line of its document.
    case unknownInstruction
  }

  var heredocSupport: HeredocSupport {
    guard let name else { return .unknownInstruction }
    if name == .onbuild {
      // A trigger of a trigger is an error; nobody reads documents for it.
      let trigger = InstructionLine(arguments)
      return arguments.isEmpty || trigger.name == .onbuild ? .none : trigger.heredocSupport
    }
    guard name.takesHeredocs else { return .none }
    if case .invalid = JSONStringArray.parse(arguments) { return .yes }
    return .none
  }
}
