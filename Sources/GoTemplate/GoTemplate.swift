/// A template of Go's text/template, as docker's `--format` takes it.
///
/// Known are fields, variables, pipelines, `if`, `with`, `range`, comments, trim markers, Go's functions and those that
/// docker adds (docker/cli templates/templates.go). `define`, `template` and `block` are not.
public struct GoTemplate: Sendable {
  /// What a field becomes that a record does not have, or a key that a map does not have.
  public enum MissingKey: Sendable, Hashable {
    /// `<no value>`.
    case noValue
    case error
  }

  let nodes: [TemplateNode]
  private let source: TemplateSource
  private let missingKey: MissingKey

  /// - Throws: `TemplateError`, in Go's words.
  public init(parsing text: String, missingKey: MissingKey = .error) throws(TemplateError) {
    source = TemplateSource(text)
    var parser = try TemplateParser(source)
    nodes = try parser.parse()
    self.missingKey = missingKey
  }

  /// - Throws: `TemplateError`, in Go's words.
  public func text(of value: TemplateValue) throws(TemplateError) -> String {
    var evaluator = TemplateEvaluator(source, root: value, missingKey)
    try evaluator.execute(nodes, value)
    return evaluator.output
  }
}

/// A template that is not usable, or does not fit what it is given.
public struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
  /// As Go says it: `template: :1:2: executing "" at <.X>: …`.
  public var message: String

  public var description: String { message }
}

/// The text of a template, for places in messages.
struct TemplateSource: Sendable {
  let characters: [Character]

  init(_ text: String) { characters = Array(text) }

  func text(_ range: Range<Int>) -> String { String(characters[range]) }

  func line(at position: Int) -> Int { characters[..<min(position, characters.count)].count { $0 == "\n" } + 1 }

  /// The number of bytes before a place in its line, as Go counts columns.
  func column(at position: Int) -> Int {
    let before = characters[..<min(position, characters.count)]
    let start = before.lastIndex(of: "\n").map { $0 } ?? 0
    return before[start...].reduce(0) { $0 + $1.utf8.count }
  }

  func parseError(_ words: String, at position: Int) -> TemplateError {
    TemplateError(message: "template: :\(line(at: position)): \(words)")
  }

  func executionError(_ words: String, in range: Range<Int>) -> TemplateError {
    var excerpt = text(range)
    // Go cuts long ones.
    if excerpt.count > 20 { excerpt = excerpt.prefix(20) + "..." }
    let place = "\(line(at: range.lowerBound)):\(column(at: range.lowerBound))"
    return TemplateError(message: "template: :\(place): executing \"\" at <\(excerpt)>: \(words)")
  }
}
