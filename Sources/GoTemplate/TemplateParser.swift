/// Makes nodes of a template (text/template/parse/parse.go).
struct TemplateParser {
  /// A piece of the template: text, or the inside of an action.
  private enum Piece {
    case text(String)
    case action([TemplateToken], Range<Int>)
  }

  private let source: TemplateSource
  private var pieces: [Piece] = []
  private var position = 0
  private var loops = 0
  /// Those that are declared at this place.
  private var variables: [String] = [""]

  init(_ source: TemplateSource) throws(TemplateError) {
    self.source = source
    try split()
  }

  // MARK: Pieces

  private mutating func split() throws(TemplateError) {
    let characters = source.characters
    var (start, trims) = (0, false)
    while true {
      let open = Self.find("{{", in: characters, from: start) ?? characters.count
      var text = source.text(start..<open)
      if trims { text = String(text.drop(while: \.isWhitespace)) }
      guard open < characters.count else {
        if !text.isEmpty { pieces.append(.text(text)) }
        return
      }
      var inside = open + 2
      if inside + 1 < characters.count, characters[inside] == "-", characters[inside + 1].isWhitespace {
        while text.last?.isWhitespace == true { text.removeLast() }
        inside += 2
      }
      if !text.isEmpty { pieces.append(.text(text)) }
      let close = try end(of: inside, open)
      var last = close
      trims = close - 2 >= inside && characters[close - 1] == "-" && characters[close - 2].isWhitespace
      if trims { last -= 2 }
      if !source.text(inside..<last).hasPrefix("/*") {
        pieces.append(.action(try TemplateLexer(source, inside..<last).tokens, inside..<last))
      }
      start = close + 2
    }
  }

  /// Where the action ends: at braces that are in no quotation marks.
  private func end(of start: Int, _ open: Int) throws(TemplateError) -> Int {
    let characters = source.characters
    if source.text(start..<min(characters.count, start + 2)) == "/*" {
      guard let end = Self.find("*/", in: characters, from: start + 2) else {
        throw source.parseError("unclosed comment", at: open)
      }
      guard let close = Self.find("}}", in: characters, from: end) else {
        throw source.parseError("comment ends before closing delimiter", at: open)
      }
      return close
    }
    var index = start
    var quote: Character?
    while index < characters.count {
      let character = characters[index]
      if let open = quote {
        if character == "\\", open != "`" { index += 1 } else if character == open { quote = nil }
      } else if character == "\"" || character == "`" || character == "'" {
        quote = character
      } else if character == "}", index + 1 < characters.count, characters[index + 1] == "}" {
        return index
      }
      index += 1
    }
    throw source.parseError(quote == nil ? "unclosed action" : "unterminated quoted string", at: open)
  }

  private static func find(_ text: String, in characters: [Character], from start: Int) -> Int? {
    let wanted = Array(text)
    guard start + wanted.count <= characters.count else { return nil }
    return (start...(characters.count - wanted.count)).first { Array(characters[$0..<($0 + wanted.count)]) == wanted }
  }

  // MARK: Nodes

  mutating func parse() throws(TemplateError) -> [TemplateNode] {
    let (nodes, end) = try list()
    guard let end else { return nodes }
    throw source.parseError("unexpected {{\(end.word)}}", at: end.range.lowerBound)
  }

  /// What ended a list of nodes: `end`, or `else` with what follows it.
  private struct End {
    var word: String
    var tokens: [TemplateToken]
    var range: Range<Int>
  }

  private mutating func list() throws(TemplateError) -> ([TemplateNode], End?) {
    var nodes: [TemplateNode] = []
    while position < pieces.count {
      let piece = pieces[position]
      position += 1
      switch piece {
      case .text(let text): nodes.append(.text(text))
      case .action(let tokens, let range):
        guard case .identifier(let word)? = tokens.first?.kind else {
          nodes.append(.action(try pipeline(tokens, range, declares: 1)))
          continue
        }
        let rest = Array(tokens.dropFirst())
        switch word {
        case "end", "else": return (nodes, End(word: word, tokens: rest, range: range))
        case "if", "with", "range": nodes.append(try block(word, rest, range))
        case "break", "continue":
          guard loops > 0 else { throw source.parseError("{{\(word)}} outside {{range}}", at: range.lowerBound) }
          nodes.append(.stop(isBreak: word == "break"))
        case "define", "template", "block":
          throw source.parseError("unexpected {{\(word)}}: it is not available", at: range.lowerBound)
        default: nodes.append(.action(try pipeline(tokens, range, declares: 1)))
        }
      }
    }
    return (nodes, nil)
  }

  private mutating func block(
    _ word: String, _ tokens: [TemplateToken], _ range: Range<Int>
  ) throws(TemplateError) -> TemplateNode {
    let outer = variables
    let head = try pipeline(tokens, range, declares: word == "range" ? 2 : 1, called: word)
    if word == "range" { loops += 1 }
    var (body, end) = try list()
    if word == "range" { loops -= 1 }
    var other: [TemplateNode] = []
    if let found = end, found.word == "else" {
      if case .identifier(let next)? = found.tokens.first?.kind, next == "if" || next == "with", word != "range" {
        // `else if` is ended by the end of the whole.
        other = [try block(next, Array(found.tokens.dropFirst()), found.range)]
        variables = outer
        return node(word, head, body, other)
      }
      (other, end) = try list()
      if end?.word == "else" { throw source.parseError("expected end; found {{else}}", at: range.lowerBound) }
    }
    guard end?.word == "end" else { throw source.parseError("unexpected EOF", at: source.characters.count) }
    variables = outer
    return node(word, head, body, other)
  }

  private func node(
    _ word: String, _ head: Pipeline, _ body: [TemplateNode], _ other: [TemplateNode]
  ) -> TemplateNode {
    switch word {
    case "if": .conditional(head, then: body, else: other)
    case "with": .with(head, then: body, else: other)
    default: .range(head, body: body, else: other)
    }
  }

  // MARK: Pipelines

  private mutating func pipeline(
    _ tokens: [TemplateToken], _ range: Range<Int>, declares: Int, called word: String = "command"
  ) throws(TemplateError) -> Pipeline {
    var rest = tokens[...]
    var pipeline = Pipeline(range: range)
    try declare(&rest, &pipeline, declares)
    pipeline.commands = try commands(&rest, range, isNested: false, word)
    if let first = pipeline.commands.first, let last = pipeline.commands.last {
      pipeline.range = first.range.lowerBound..<last.range.upperBound
    }
    return pipeline
  }

  private mutating func declare(
    _ rest: inout ArraySlice<TemplateToken>, _ pipeline: inout Pipeline, _ limit: Int
  ) throws(TemplateError) {
    var names: [String] = []
    var look = rest
    while case .variable(let name)? = look.first?.kind {
      names.append(name)
      look = look.dropFirst()
      guard look.first?.kind == .comma else { break }
      look = look.dropFirst()
    }
    guard let sign = look.first?.kind, sign == .declare || sign == .assign, !names.isEmpty else { return }
    guard names.count <= limit else {
      throw source.parseError("too many declarations in command", at: pipeline.range.lowerBound)
    }
    rest = look.dropFirst()
    pipeline.variables = names
    pipeline.assigns = sign == .assign
    variables += names
  }

  private func commands(
    _ rest: inout ArraySlice<TemplateToken>, _ range: Range<Int>, isNested: Bool, _ word: String
  ) throws(TemplateError) -> [Command] {
    var commands: [Command] = []
    var operands: [Operand] = []
    func finish() throws(TemplateError) {
      guard let first = operands.first, let last = operands.last else {
        throw source.parseError("missing value for \(word)", at: range.lowerBound)
      }
      commands.append(Command(operands: operands, range: first.range.lowerBound..<last.range.upperBound))
      operands = []
    }
    while let token = rest.popFirst() {
      switch token.kind {
      case .pipe: try finish()
      case .close:
        guard isNested else { throw source.parseError("unexpected right paren", at: token.range.lowerBound) }
        try finish()
        return commands
      case .field(let name, isAttached: true) where !operands.isEmpty:
        operands[operands.count - 1].fields.append(name)
        operands[operands.count - 1].range = operands[operands.count - 1].range.lowerBound..<token.range.upperBound
      default: operands.append(try operand(token, &rest, range))
      }
    }
    if isNested { throw source.parseError("unclosed left paren", at: range.lowerBound) }
    try finish()
    return commands
  }

  private func operand(
    _ token: TemplateToken, _ rest: inout ArraySlice<TemplateToken>, _ range: Range<Int>
  ) throws(TemplateError) -> Operand {
    switch token.kind {
    case .dot: return Operand(base: .dot, range: token.range)
    case .field(let name, _): return Operand(base: .dot, fields: [name], range: token.range)
    case .literal(let value): return Operand(base: .literal(value), range: token.range)
    case .variable(let name):
      guard variables.contains(name) else {
        throw source.parseError("undefined variable \"$\(name)\"", at: token.range.lowerBound)
      }
      return Operand(base: .variable(name), range: token.range)
    case .identifier(let name):
      guard TemplateFunctions.names.contains(name) else {
        throw source.parseError("function \"\(name)\" not defined", at: token.range.lowerBound)
      }
      return Operand(base: .function(name), range: token.range)
    case .open:
      var inner = rest
      let commands = try commands(&inner, range, isNested: true, "parenthesized pipeline")
      let end =
        inner.startIndex > rest.startIndex ? rest[inner.startIndex - 1].range.upperBound : token.range.upperBound
      rest = inner
      let whole = token.range.lowerBound..<end
      return Operand(base: .nested(Pipeline(commands: commands, range: whole)), range: whole)
    case .pipe, .comma, .declare, .assign, .close:
      throw source.parseError("unexpected \"\(source.text(token.range))\" in operand", at: token.range.lowerBound)
    }
  }
}
