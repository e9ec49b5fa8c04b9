/// A word of an action.
struct TemplateToken: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case dot
    /// `.A`; whether it stands right behind what comes before.
    case field(String, isAttached: Bool)
    case variable(String)
    case identifier(String)
    case literal(TemplateValue)
    case pipe, comma, declare, assign, open, close
  }

  var kind: Kind
  var range: Range<Int>
}

/// Splits the inside of an action into words (text/template/parse/lex.go).
struct TemplateLexer {
  private let source: TemplateSource
  private let end: Int
  private var position: Int
  private(set) var tokens: [TemplateToken] = []

  init(_ source: TemplateSource, _ range: Range<Int>) throws(TemplateError) {
    self.source = source
    end = range.upperBound
    position = range.lowerBound
    while position < end { try next() }
  }

  private var character: Character? { position < end ? source.characters[position] : nil }

  private mutating func next() throws(TemplateError) {
    let start = position
    guard let first = character else { return }
    position += 1
    switch first {
    case " ", "\t", "\r", "\n", "\r\n": return
    case "|": add(.pipe, start)
    case ",": add(.comma, start)
    case "(": add(.open, start)
    case ")": add(.close, start)
    case "=": add(.assign, start)
    case ":" where character == "=":
      position += 1
      add(.declare, start)
    case "\"": try quoted(start)
    case "`": try raw(start)
    case "'": try letter(start)
    case "$":
      add(.variable(word()), start)
    case "." where character?.isNumber == true: try number(start)
    case ".": dot(start)
    case _ where first.isNumber || ((first == "-" || first == "+") && character?.isNumber == true): try number(start)
    case _ where Self.isWordPart(first):
      position = start
      identifier(word(), start)
    default: throw source.parseError("unexpected \"\(first)\" in operand", at: start)
    }
  }

  private mutating func add(_ kind: TemplateToken.Kind, _ start: Int) {
    tokens.append(TemplateToken(kind: kind, range: start..<position))
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private mutating func word() -> String {
    let start = position
    while let character, Self.isWordPart(character) { position += 1 }
    return source.text(start..<position)
  }

  private mutating func dot(_ start: Int) {
    let name = word()
    let isAttached = tokens.last.map { $0.range.upperBound == start } ?? false
    add(name.isEmpty ? .dot : .field(name, isAttached: isAttached), start)
  }

  private mutating func identifier(_ name: String, _ start: Int) {
    switch name {
    case "true": add(.literal(.bool(true)), start)
    case "false": add(.literal(.bool(false)), start)
    case "nil": add(.literal(.null), start)
    default: add(.identifier(name), start)
    }
  }

  // MARK: Literals

  private mutating func number(_ start: Int) throws(TemplateError) {
    while let character, Self.isWordPart(character) || character == "." { position += 1 }
    let text = source.text(start..<position).replacing("_", with: "")
    if let value = Int64(text) {
      add(.literal(.integer(value)), start)
    } else if text.lowercased().hasPrefix("0x"), let value = Int64(text.dropFirst(2), radix: 16) {
      add(.literal(.integer(value)), start)
    } else if let value = Double(text) {
      add(.literal(.number(value)), start)
    } else {
      throw source.parseError("bad number syntax: \"\(source.text(start..<position))\"", at: start)
    }
  }

  private mutating func raw(_ start: Int) throws(TemplateError) {
    let begin = position
    while let character, character != "`" { position += 1 }
    guard character != nil else { throw source.parseError("unterminated raw quoted string", at: start) }
    let text = source.text(begin..<position)
    position += 1
    add(.literal(.text(text)), start)
  }

  private mutating func quoted(_ start: Int) throws(TemplateError) {
    var text = ""
    while let next = character, next != "\"" {
      guard next != "\n" else { break }
      position += 1
      text += next == "\\" ? try escape(start) : String(next)
    }
    guard character == "\"" else { throw source.parseError("unterminated quoted string", at: start) }
    position += 1
    add(.literal(.text(text)), start)
  }

  private mutating func letter(_ start: Int) throws(TemplateError) {
    guard let next = character, next != "'" else {
      throw source.parseError("unterminated character constant", at: start)
    }
    position += 1
    let text = next == "\\" ? try escape(start) : String(next)
    guard character == "'", let scalar = text.unicodeScalars.first else {
      throw source.parseError("unterminated character constant", at: start)
    }
    position += 1
    add(.literal(.integer(Int64(scalar.value))), start)
  }

  /// What stands behind a backslash in Go's strings.
  private mutating func escape(_ start: Int) throws(TemplateError) -> String {
    guard let next = character else { throw source.parseError("unterminated quoted string", at: start) }
    position += 1
    switch next {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "\\", "\"", "'": return String(next)
    case "x": return try hexadecimal(2, start)
    case "u": return try hexadecimal(4, start)
    default: throw source.parseError("invalid syntax", at: start)
    }
  }

  private mutating func hexadecimal(_ count: Int, _ start: Int) throws(TemplateError) -> String {
    let digits = source.text(position..<min(end, position + count))
    guard digits.count == count, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
      throw source.parseError("invalid syntax", at: start)
    }
    position += count
    return String(Character(scalar))
  }
}
