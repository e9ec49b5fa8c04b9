import Diagnostics

/// An instruction split into name, flags and arguments, before anybody knows what they mean.
struct InstructionLine {
  /// The logical line without blanks at its ends.
  var text: LogicalText
  var keyword: Word
  var flags: [InstructionFlag]
  /// What follows the flags, without blanks at its ends.
  var arguments: LogicalText
  var comments: [Comment] = []
  var heredocs: [Heredoc] = []

  /// Nil when the name is none.
  var name: InstructionName? { InstructionName(rawValue: keyword.text.uppercased()) }
}

/// `--name[=value]` in front of an instruction's arguments.
struct InstructionFlag {
  enum Kind {
    /// `--name`, `--name=true`, `--name=false`
    case boolean
    /// `--name=value`, once
    case text
    /// `--name=value`, any number of times
    case list
  }

  /// Without the hyphens.
  var name: Word
  /// Nil without a `=`.
  var value: LogicalText?
  var range: SourceRange
}

extension InstructionLine {
  init(_ line: LogicalText) {
    let text = line.trimmed
    let bytes = text.bytes
    let nameEnd = bytes.firstIndex(where: ASCII.isBlank) ?? bytes.endIndex
    var reader = FlagReader(text[nameEnd..<bytes.endIndex])
    let flags = reader.read()
    self.text = text
    self.keyword = text.word(bytes.startIndex..<nameEnd)
    self.flags = flags
    self.arguments = text[reader.position..<bytes.endIndex].trimmed
  }
}

/// Takes flags off the front of a text. Quotes and backslashes in them are resolved here, before any expansion and
/// whatever the escape character is: this is how BuildKit's `extractBuilderFlags` does it.
private struct FlagReader {
  private let text: LogicalText
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ text: LogicalText) {
    self.text = text
    self.bytes = text.bytes
    self.position = text.bytes.startIndex
  }

  mutating func read() -> [InstructionFlag] {
    var flags: [InstructionFlag] = []
    while true {
      while position < bytes.endIndex, case let length = bytes.spaceLength(at: position), length > 0 {
        position += length
      }
      guard bytes[position...].starts(with: [ASCII.hyphen, ASCII.hyphen]) else { return flags }
      let start = position
      let word = readWord()
      if word.bytes.elementsEqual([ASCII.hyphen, ASCII.hyphen]) { return flags }
      flags.append(flag(word, range: text.sourceRange(start..<position)))
    }
  }

  private func flag(_ word: LogicalText, range: SourceRange) -> InstructionFlag {
    let content = word[min(word.bytes.startIndex + 2, word.bytes.endIndex)..<word.bytes.endIndex]
    let equals = content.bytes.firstIndex(of: ASCII.equals)
    return InstructionFlag(
      name: content.word(content.bytes.startIndex..<(equals ?? content.bytes.endIndex)),
      value: equals.map { content[($0 + 1)..<content.bytes.endIndex] },
      range: range)
  }

  private mutating func readWord() -> LogicalText {
    let start = text.sourceOffset(of: position)
    var word = LogicalTextBuilder()
    var quote: UInt8?
    while position < bytes.endIndex {
      var byte = bytes[position]
      if let open = quote {
        if byte == open {
          quote = nil
          position += 1
          continue
        }
      } else if bytes.spaceLength(at: position) > 0 {
        break
      } else if byte == ASCII.singleQuote || byte == ASCII.doubleQuote {
        quote = byte
        position += 1
        continue
      }
      if byte == ASCII.backslash {
        position += 1
        guard position < bytes.endIndex else { break }
        byte = bytes[position]
      }
      word.append(byte, from: text.sourceOffset(of: position))
      position += 1
    }
    return word.text(orAt: start)
  }
}
