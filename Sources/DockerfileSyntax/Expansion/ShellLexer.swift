import Diagnostics

/// Expands one text; the grammar is that of BuildKit's `frontend/dockerfile/shell`.
struct ShellLexer<Environment: VariableEnvironment> {
  /// What is wrong, and where in the text.
  struct Failure: Error {
    var code: DiagnosticCode
    var message: String
    var range: Range<Int>
    var help: [String] = []

    func diagnostic(_ word: Word, _ file: SourceFile) -> Diagnostic {
      .error(code, message, at: SourceAnnotation(file, word.range(of: range)), help: help)
    }
  }

  private let bytes: [UInt8]
  private let environment: Environment
  private let escape: UInt8
  private let readsQuotes: Bool
  private let keepsQuotes: Bool
  private let keepsUnset: Bool
  private var keepsEscapes: Bool
  private var position = 0
  private var depth = 0
  private var used: Set<String> = []
  /// Where each variable that is not set is first asked for.
  private var unset: [String: Range<Int>] = [:]

  /// Braces nested deeper than this are refused, so that no input exhausts the stack.
  private let deepest = 64
  /// Longer values are refused, so that no input exhausts the memory; what is written out may be longer.
  private let longest: Int
  /// The same for the time that a pattern takes: its length times that of the value.
  private let hardestPattern = 100_000_000

  init(_ text: String, _ expansion: Expansion, _ environment: Environment) {
    self.bytes = Array(text.utf8)
    self.longest = max(1 << 22, 2 * bytes.count)
    self.environment = environment
    self.escape = (expansion.style == .document ? .backslash : expansion.escape).rawValue
    self.readsQuotes = expansion.style != .document
    self.keepsQuotes = expansion.style == .verbatim
    self.keepsUnset = expansion.style == .verbatim
    self.keepsEscapes = expansion.style == .verbatim
  }

  mutating func expand() throws(Failure) -> ExpandedText {
    let output = try read(until: nil, from: 0)
    var words = output.words
    var text = ExpandedText(
      text: String(decoding: output.text, as: UTF8.self), words: words.finish(), usedVariables: used,
      unsetVariables: Set(unset.keys))
    text.unsetRanges = unset
    return text
  }

  // MARK: Text

  private struct Output {
    var text: [UInt8] = []
    var words = WordCollector()
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// Reads up to the byte `end` and past it, or to the end of the text. `start` is where what `end` ends begins.
  private mutating func read(until end: UInt8?, from start: Int) throws(Failure) -> Output {
    var output = Output()
    while let byte = peek {
      if byte == end {
        position += 1
        return output
      }
      switch byte {
      case ASCII.dollar:
        let value = try readDollar()
        output.text += value
        output.words.add(value)
      case ASCII.singleQuote where readsQuotes:
        let value = try readSingleQuoted()
        output.text += value
        output.words.addQuoted(value)
      case ASCII.doubleQuote where readsQuotes:
        let value = try readDoubleQuoted()
        output.text += value
        output.words.addQuoted(value)
      default: readPlain(into: &output)
      }
      guard output.text.count <= longest else { throw tooLong(start) }
    }
    guard end == nil else { throw unclosed(start) }
    return output
  }

  private mutating func readPlain(into output: inout Output) {
    let start = position
    position += characterLength
    guard bytes[start] == escape else {
      let character = bytes[start..<position]
      output.text += character
      output.words.add(character)
      return
    }
    if keepsEscapes {
      output.text.append(escape)
      output.words.addQuoted([escape])
    }
    // An escape character at the end of the text goes away.
    guard position < bytes.count else { return }
    let escaped = position
    position += characterLength
    output.text += bytes[escaped..<position]
    output.words.addQuoted(bytes[escaped..<position])
  }

  private var characterLength: Int { bytes[...].decodeScalar(at: position).length }

  private mutating func readSingleQuoted() throws(Failure) -> [UInt8] {
    let start = position
    position += 1
    guard let end = bytes[position...].firstIndex(of: ASCII.singleQuote) else { throw unclosedQuote(start, "single") }
    position = end + 1
    return Array(keepsQuotes ? bytes[start...end] : bytes[(start + 1)..<end])
  }

  private mutating func readDoubleQuoted() throws(Failure) -> [UInt8] {
    let start = position
    var result: [UInt8] = keepsQuotes ? [ASCII.doubleQuote] : []
    position += 1
    while let byte = peek {
      switch byte {
      case ASCII.doubleQuote:
        position += 1
        if keepsQuotes { result.append(byte) }
        return result
      case ASCII.dollar: result += try readDollar()
      case escape:
        position += 1
        if keepsEscapes { result.append(byte) }
        guard let next = peek else { break }
        if next == ASCII.doubleQuote || next == ASCII.dollar || next == escape {
          result.append(next)
          position += 1
        } else if !keepsEscapes {
          result.append(byte)
        }
      default:
        result.append(byte)
        position += 1
      }
    }
    throw unclosedQuote(start, "double")
  }

  // MARK: Variables

  private mutating func readDollar() throws(Failure) -> [UInt8] {
    let start = position
    position += 1
    guard peek == UInt8(ascii: "{") else {
      let name = readName()
      if name.isEmpty { return [ASCII.dollar] }
      return lookUp(name, from: start).map { Array($0.utf8) } ?? (keepsUnset ? Array("$\(name)".utf8) : [])
    }
    position += 1
    depth += 1
    defer { depth -= 1 }
    guard depth <= deepest else {
      throw Failure(
        code: "substitution-too-deep", message: "more than \(deepest) substitutions stand inside of each other",
        range: start..<position, help: ["set variables one after the other: ARG a=${b:-…}, then ARG c=${a:-…}"])
    }
    let name = readName()
    guard let operation = peek else { throw unclosed(start) }
    guard !name.isEmpty else {
      throw Failure(
        code: "bad-substitution", message: "a variable's name must follow ${", range: start..<(position + 1),
        help: ["for a dollar sign that is plain text, write \(Character(Unicode.Scalar(escape)))$"])
    }
    position += 1
    switch operation {
    case UInt8(ascii: "}"):
      return lookUp(name, from: start).map { Array($0.utf8) } ?? (keepsUnset ? Array("${\(name)}".utf8) : [])
    case ASCII.slash: return try readReplacement(name, from: start)
    default: return try readSubstitution(name, operation, from: start)
    }
  }

  /// A name; digits only when it begins with one; or one of the shell's special parameters.
  private mutating func readName() -> String {
    let start = position
    guard let first = peek else { return "" }
    if ASCII.isDigit(first) {
      while let byte = peek, ASCII.isDigit(byte) { position += 1 }
    } else if "@*#?-$!".utf8.contains(first) {
      position += 1
    } else {
      while position < bytes.count {
        let (scalar, length) = bytes[...].decodeScalar(at: position)
        guard let scalar, Self.isNamePart(scalar) else { break }
        position += length
      }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == "_" { return true }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber:
      return true
    default: return false
    }
  }

  /// The value of a variable that was asked for from `start` up to here.
  private mutating func lookUp(_ name: String, from start: Int) -> String? {
    let value = environment.value(of: name)
    if value != nil { used.insert(name) } else if unset[name] == nil { unset[name] = start..<position }
    return value
  }

  /// `${name-word}`, `+`, `?`, `#`, `%`, with a colon in front or without.
  private mutating func readSubstitution(
    _ name: String, _ first: UInt8, from start: Int
  ) throws(Failure) -> [UInt8] {
    let hasColon = first == UInt8(ascii: ":")
    var operation = first
    if hasColon {
      guard let next = peek else { throw unclosed(start) }
      operation = next
      position += 1
    }
    guard "-+?#%".utf8.contains(operation) else {
      throw bytes[(position - 1)...].spaceLength(at: position - 1) > 0
        ? unclosed(start) : unknownModifier(name, start)
    }
    let isPattern = operation == UInt8(ascii: "#") || operation == UInt8(ascii: "%")
    let wordStart = position
    let word = try readOperand(until: UInt8(ascii: "}"), keepingEscapes: isPattern, from: start)
    guard let value = lookUp(name, from: start) else {
      if keepsUnset { return Array(bytes[start..<wordStart]) + word + [UInt8(ascii: "}")] }
      return try substitute(name, operation, word, isNull: true, start: start) ?? []
    }
    if isPattern { return try trim(value, operation, word, from: start) }
    let isNull = hasColon && value.isEmpty
    return try substitute(name, operation, word, isNull: isNull, start: start) ?? Array(value.utf8)
  }

  /// Nil when the variable's own value counts.
  private func substitute(
    _ name: String, _ operation: UInt8, _ word: [UInt8], isNull: Bool, start: Int
  ) throws(Failure) -> [UInt8]? {
    switch operation {
    case UInt8(ascii: "-"): return isNull ? word : nil
    case UInt8(ascii: "+"): return isNull ? [] : word
    case UInt8(ascii: "?") where isNull:
      let isUnset = unset[name] != nil
      let reason = isUnset ? "is not set" : "is empty"
      let nearest = isUnset ? Suggestion.nearest(to: name, in: environment.variableNames.prefix(1000)) : nil
      throw Failure(
        code: "variable-required", message: word.isEmpty ? "\(name) \(reason)" : "\(name): \(Self.text(word))",
        range: start..<position,
        help: (nearest.map { ["did you mean \($0)?"] } ?? [])
          + ["declare it with ARG \(name) and give a value with --build-arg \(name)=…, or set it with ENV"])
    default: return nil
    }
  }

  private func trim(
    _ value: String, _ operation: UInt8, _ word: [UInt8], from start: Int
  ) throws(Failure) -> [UInt8] {
    let isLongest = word.first == operation
    let pattern = try pattern(isLongest ? word[1...] : word[...], for: value, from: start)
    let trimmed =
      operation == UInt8(ascii: "%")
      ? pattern.trimmingSuffix(of: value, longest: isLongest) : pattern.trimmingPrefix(of: value, longest: isLongest)
    return Array(trimmed.utf8)
  }

  /// `${name/pattern/word}` and `${name//pattern/word}`
  private mutating func readReplacement(_ name: String, from start: Int) throws(Failure) -> [UInt8] {
    let replacesAll = peek == ASCII.slash
    if replacesAll { position += 1 }
    let patternText = try readOperand(until: ASCII.slash, keepingEscapes: true, from: start)
    let replacement = try readOperand(until: UInt8(ascii: "}"), keepingEscapes: true, from: start)
    let value = lookUp(name, from: start)
    let pattern = try pattern(patternText[...], for: value ?? "", from: start)
    guard let value else { return keepsUnset ? Array(bytes[start..<position]) : [] }
    return Array(pattern.replacing(in: value, with: Self.text(replacement), all: replacesAll).utf8)
  }

  private mutating func readOperand(
    until end: UInt8, keepingEscapes: Bool, from start: Int
  ) throws(Failure) -> [UInt8] {
    let kept = keepsEscapes
    keepsEscapes = keepingEscapes
    defer { keepsEscapes = kept }
    return try read(until: end, from: start).text
  }

  private func pattern(
    _ bytes: ArraySlice<UInt8>, for value: String, from start: Int
  ) throws(Failure) -> ShellPattern {
    guard bytes.count.multipliedReportingOverflow(by: value.utf8.count).partialValue <= hardestPattern else {
      throw tooLong(start)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let pattern = ShellPattern(text) else {
      throw Failure(
        code: "bad-pattern", message: "'\(text)' is no pattern", range: start..<position,
        help: ["a backslash may stand before *, ?, /, } and another backslash only"])
    }
    return pattern
  }

  // MARK: Failures

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// Points at what stands in the same line.
  private func unclosed(_ start: Int) -> Failure {
    let end = bytes[start...].firstIndex(of: ASCII.lineFeed) ?? bytes.count
    return Failure(
      code: "bad-substitution", message: "the substitution is not closed", range: start..<end,
      help: ["close it with a }"])
  }

  private func tooLong(_ start: Int) -> Failure {
    Failure(
      code: "expansion-too-long", message: "the value becomes too long", range: start..<max(position, start),
      help: ["a variable may hold \(longest >> 20) MiB at most; does one hold itself several times?"])
  }

  private func unclosedQuote(_ start: Int, _ kind: String) -> Failure {
    Failure(
      code: "unclosed-quote", message: "a \(kind) quote is not closed", range: start..<(start + 1),
      help: ["close it, or write \(Character(Unicode.Scalar(escape))) in front of it if it is part of the text"])
  }

  private func unknownModifier(_ name: String, _ start: Int) -> Failure {
    Failure(
      code: "bad-substitution", message: "the builder does not know this substitution of \(name)",
      range: start..<position,
      help: [
        "it knows ${v:-w}, ${v-w}, ${v:+w}, ${v+w}, ${v:?w}, ${v?w}, ${v#p}, ${v##p}, ${v%p}, ${v%%p}, ${v/p/w}, ${v//p/w}"
      ])
  }
}

/// Splits what comes out of an expansion into words.
struct WordCollector {
  private var words: [String] = []
  private var word: [UInt8] = []

  /// Adds text in which blanks separate words.
  mutating func add(_ text: some Collection<UInt8>) {
    let bytes = ArraySlice(text)
    var position = bytes.startIndex
    while position < bytes.endIndex {
      let space = bytes.spaceLength(at: position)
      if space > 0 {
        end()
        position += space
      } else {
        word.append(bytes[position])
        position += 1
      }
    }
  }

  /// Adds text in which blanks are like any other character.
  mutating func addQuoted(_ text: some Collection<UInt8>) {
    word += text
  }

  mutating func finish() -> [String] {
    end()
    return words
  }

  private mutating func end() {
    guard !word.isEmpty else { return }
    words.append(String(decoding: word, as: UTF8.self))
    word = []
  }
}
