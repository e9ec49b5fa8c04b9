import Diagnostics

extension Word {
  /// Where the word first asks for a variable, as `$name` or `${name…}`; the whole word when that is not found.
  func range(ofVariable name: String, escape: EscapeCharacter, readsQuotes: Bool = true) -> SourceRange {
    let bytes = Array(text.utf8)
    var isInDoubleQuotes = false
    var position = 0
    while position < bytes.count {
      switch bytes[position] {
      case escape.rawValue: position += 1
      case ASCII.doubleQuote where readsQuotes: isInDoubleQuotes.toggle()
      case ASCII.singleQuote where readsQuotes && !isInDoubleQuotes:
        position = bytes[(position + 1)...].firstIndex(of: ASCII.singleQuote) ?? bytes.count
      case ASCII.dollar:
        if let end = Self.end(ofVariable: Array(name.utf8), in: bytes, at: position) {
          return range(of: position..<end)
        }
      default: break
      }
      position += 1
    }
    return range
  }

  /// Behind the `$name` or `${name…}` that begins at `start`; nil when something else stands there.
  private static func end(ofVariable name: [UInt8], in bytes: [UInt8], at start: Int) -> Int? {
    let hasBrace = start + 1 < bytes.count && bytes[start + 1] == UInt8(ascii: "{")
    let nameStart = start + (hasBrace ? 2 : 1)
    guard nameStart <= bytes.count, bytes[nameStart...].starts(with: name) else { return nil }
    let nameEnd = nameStart + name.count
    if nameEnd < bytes.count, isNamePart(bytes[nameEnd]), name.first.map(isNamePart) == true { return nil }
    return hasBrace ? closingBrace(in: bytes, from: nameEnd) : nameEnd
  }

  private static func closingBrace(in bytes: [UInt8], from start: Int) -> Int {
    var depth = 1
    for position in start..<bytes.count {
      if bytes[position] == UInt8(ascii: "{") { depth += 1 }
      if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return position + 1 }
    }
    return bytes.count
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
      || ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || byte >= 0x80
  }
}
