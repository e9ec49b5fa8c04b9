import Diagnostics

/// A JSON array of strings with the places that they have in the file.
enum JSONStringArray {
  enum Outcome {
    case strings([Word])
    /// Valid JSON, but an element is something else than a string.
    case otherElement(Range<Int>)
    /// No JSON array.
    case invalid
  }

  static func parse(_ text: LogicalText) -> Outcome {
    var reader = JSONReader(text)
    return reader.array()
  }
}

private struct JSONReader {
  private let text: LogicalText
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let deepest = 500

  init(_ text: LogicalText) {
    self.text = text
    self.bytes = text.bytes
    self.position = text.bytes.startIndex
  }

  mutating func array() -> JSONStringArray.Outcome {
    var strings: [Word] = []
    var other: Range<Int>?
    skipBlanks()
    guard take("[") else { return .invalid }
    skipBlanks()
    if !take("]") {
      repeat {
        skipBlanks()
        let start = position
        if peek == ASCII.doubleQuote {
          guard let string = string() else { return .invalid }
          strings.append(string)
        } else {
          guard skipValue(depth: 0) else { return .invalid }
          if other == nil { other = start..<position }
        }
        skipBlanks()
      } while take(",")
      guard take("]") else { return .invalid }
    }
    skipBlanks()
    guard position == bytes.endIndex else { return .invalid }
    return other.map { .otherElement($0) } ?? .strings(strings)
  }

  private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == ASCII.space || byte == ASCII.tab || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  // MARK: Strings

  private mutating func string() -> Word? {
    let opening = position
    guard take("\"") else { return nil }
    var builder = LogicalTextBuilder()
    while let byte = peek {
      let source = text.sourceOffset(of: position)
      switch byte {
      case ASCII.doubleQuote:
        position += 1
        let range = text.sourceRange((opening + 1)..<(position - 1))
        let word = builder.text(orAt: range.lowerBound).word
        return Word(word.text, range: range, segments: word.segments)
      case ASCII.backslash:
        guard let scalar = escape() else { return nil }
        for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { builder.append(unit, from: source) }
      case 0..<0x20: return nil
      default:
        builder.append(byte, from: source)
        position += 1
      }
    }
    return nil
  }

  private mutating func escape() -> Unicode.Scalar? {
    position += 1
    guard let byte = peek else { return nil }
    position += 1
    switch byte {
    case ASCII.doubleQuote, ASCII.backslash, ASCII.slash: return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return unicodeEscape()
    default: return nil
    }
  }

  /// What follows `\u`; halves of pairs that stand alone become U+FFFD, as in Go.
  private mutating func unicodeEscape() -> Unicode.Scalar? {
    guard let first = hexadecimal(at: position) else { return nil }
    position += 4
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, position + 6 <= bytes.endIndex, bytes[position] == ASCII.backslash,
      bytes[position + 1] == UInt8(ascii: "u"), let second = hexadecimal(at: position + 2),
      (0xDC00...0xDFFF).contains(second)
    else { return "\u{FFFD}" }
    position += 6
    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
  }

  private func hexadecimal(at index: Int) -> UInt32? {
    guard index + 4 <= bytes.endIndex else { return nil }
    var value: UInt32 = 0
    for byte in bytes[index..<(index + 4)] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  // MARK: Other values

  private mutating func skipValue(depth: Int) -> Bool {
    guard depth < deepest else { return false }
    skipBlanks()
    switch peek {
    case ASCII.doubleQuote: return string() != nil
    case UInt8(ascii: "["): return skipMembers(until: "]", depth: depth) { $0.skipValue(depth: depth + 1) }
    case UInt8(ascii: "{"):
      return skipMembers(until: "}", depth: depth) { reader in
        reader.skipBlanks()
        guard reader.string() != nil else { return false }
        reader.skipBlanks()
        return reader.take(":") && reader.skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "t"): return skipLiteral("true")
    case UInt8(ascii: "f"): return skipLiteral("false")
    case UInt8(ascii: "n"): return skipLiteral("null")
    default: return skipNumber()
    }
  }

  private mutating func skipMembers(
    until end: Unicode.Scalar, depth: Int, member: (inout JSONReader) -> Bool
  ) -> Bool {
    position += 1
    skipBlanks()
    if take(end) { return true }
    repeat {
      guard member(&self) else { return false }
      skipBlanks()
    } while take(",")
    return take(end)
  }

  private mutating func skipLiteral(_ literal: String) -> Bool {
    guard bytes[position...].starts(with: literal.utf8) else { return false }
    position += literal.utf8.count
    return true
  }

  private mutating func skipNumber() -> Bool {
    _ = take("-")
    guard let first = peek, ASCII.isDigit(first) else { return false }
    if first == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
    if take(".") {
      guard skipDigits() > 0 else { return false }
    }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      guard skipDigits() > 0 else { return false }
    }
    return true
  }

  @discardableResult
  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = peek, ASCII.isDigit(byte) { position += 1 }
    return position - start
  }
}
