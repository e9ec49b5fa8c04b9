public import Diagnostics

/// A Dockerfile as written: nothing is expanded, every token knows its range.
///
/// The language is that of BuildKit's frontend `docker/dockerfile` 1.x.
public struct Dockerfile: Sendable, Hashable {
  public var file: SourceFile
  /// The parser directives at the top, in their order.
  public var directives: [ParserDirective]
  public var escape: EscapeCharacter
  /// The ARG instructions before the first FROM; every `kind` is `.arg`.
  public var preamble: [Instruction]
  /// At least one.
  public var stages: [Stage]

  public init(
    file: SourceFile, directives: [ParserDirective], escape: EscapeCharacter, preamble: [Instruction],
    stages: [Stage]
  ) {
    self.file = file
    self.directives = directives
    self.escape = escape
    self.preamble = preamble
    self.stages = stages
  }

  /// The ARG instructions before the first FROM.
  public var globalArguments: [ArgInstruction] {
    preamble.compactMap { if case .arg(let arg) = $0.kind { arg } else { nil } }
  }

  /// The value of the parser directive `name`, such as `syntax`.
  public func directive(_ name: ParserDirective.Name) -> ParserDirective? {
    directives.first { $0.name == name }
  }
}

/// A line such as `# syntax=docker/dockerfile:1` at the top of a Dockerfile.
public struct ParserDirective: Sendable, Hashable {
  public enum Name: String, Sendable, Hashable, CaseIterable {
    case syntax, escape, check
  }

  public var name: Name
  public var value: Word
  public var range: SourceRange

  public init(name: Name, value: Word, range: SourceRange) {
    self.name = name
    self.value = value
    self.range = range
  }
}

/// A comment line above an instruction, without its `#` and the blanks around it.
public struct Comment: Sendable, Hashable {
  public var text: String
  public var range: SourceRange

  public init(text: String, range: SourceRange) {
    self.text = text
    self.range = range
  }
}

/// What came out of a text: a value when there was no error, and everything there is to say about it.
public struct ParseResult<Value: Sendable>: Sendable {
  /// Absent when `diagnostics` holds an error.
  public var value: Value?
  /// All errors and warnings in the order of the text.
  public var diagnostics: [Diagnostic]

  public init(value: Value?, diagnostics: [Diagnostic]) {
    self.value = value
    self.diagnostics = diagnostics
  }

  /// The value.
  ///
  /// - Throws: `DockerfileSyntaxError` with all diagnostics when there is none.
  public func get() throws(DockerfileSyntaxError) -> Value {
    guard let value else { throw DockerfileSyntaxError(diagnostics) }
    return value
  }
}

/// Why a text is no Dockerfile, or why a word of it has no value.
public struct DockerfileSyntaxError: DiagnosticError, Hashable {
  public var diagnostics: [Diagnostic]
  public var exitCode: ExitCode { .usage }

  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }

  public init(_ diagnostic: Diagnostic) {
    self.init([diagnostic])
  }
}
