extension LogicalText {
  /// The words between blanks; quotes mean nothing.
  var blankSeparatedWords: [Range<Int>] {
    var words: [Range<Int>] = []
    var start: Int?
    for index in indices {
      if ASCII.isBlank(bytes[index]) {
        if let begin = start { words.append(begin..<index) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let begin = start { words.append(begin..<bytes.endIndex) }
    return words
  }

  /// The words between white space that is neither quoted nor escaped. Quotes and escapes stay.
  func quotedWords(escape: EscapeCharacter) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let space = bytes.spaceLength(at: position)
      if space > 0 {
        position += space
        continue
      }
      let word = quotedWord(from: position, escape: escape)
      if !word.range.isEmpty { words.append(word.range) }
      position = word.end
    }
    return words
  }

  /// The word that begins at `start`; an escape character at the very end of the text does not belong to it.
  private func quotedWord(from start: Int, escape: EscapeCharacter) -> (range: Range<Int>, end: Int) {
    var position = start
    var quote: UInt8?
    while position < bytes.endIndex {
      let byte = bytes[position]
      if let open = quote {
        if byte == open { quote = nil }
      } else if bytes.spaceLength(at: position) > 0 {
        return (start..<position, position)
      } else if byte == ASCII.singleQuote || byte == ASCII.doubleQuote {
        quote = byte
      }
      if byte == escape.rawValue, quote != ASCII.singleQuote {
        guard position + 1 < bytes.endIndex else { return (start..<position, bytes.endIndex) }
        position += 1
      }
      position += 1
    }
    return (start..<min(position, bytes.endIndex), bytes.endIndex)
  }
}
