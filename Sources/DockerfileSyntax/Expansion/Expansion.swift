public import Diagnostics

/// Where variables get their values from.
public protocol VariableEnvironment {
  /// The value of a variable, nil when it is not set.
  func value(of name: String) -> String?
  /// Names that may have been meant by one that is not set; they need not be all there are.
  var variableNames: [String] { get }
}

extension VariableEnvironment {
  public var variableNames: [String] { [] }
}

extension [String: String]: VariableEnvironment {
  public func value(of name: String) -> String? { self[name] }
  public var variableNames: [String] { keys.sorted() }
}

/// The expansion of variables, quotes and escapes, as BuildKit's shell lexer does it.
///
/// Known are `$v`, `${v}`, `${v:-w}`, `${v-w}`, `${v:+w}`, `${v+w}`, `${v:?w}`, `${v?w}`, `${v#p}`, `${v##p}`,
/// `${v%p}`, `${v%%p}`, `${v/p/w}` and `${v//p/w}`; words and patterns may hold variables in turn.
public struct Expansion: Sendable, Hashable {
  /// What happens to quotes and escapes.
  public enum Style: Sendable, Hashable {
    /// Quotes group and go away, escapes take the meaning off the next character: words of instructions.
    case word
    /// Quotes are plain text: contents of here-documents. The escape character is always the backslash.
    case document
    /// Quotes group and stay, escapes stay, unset variables stay as written.
    case verbatim
  }

  /// The file that the words are from, for messages.
  public var file: SourceFile
  public var escape: EscapeCharacter
  public var style: Style

  public init(file: SourceFile, escape: EscapeCharacter = .backslash, style: Style = .word) {
    self.file = file
    self.escape = escape
    self.style = style
  }

  /// The value of a word.
  ///
  /// - Throws: `DockerfileSyntaxError` with the place of the first thing that is wrong: a quote or brace that is not
  ///   closed, an unknown substitution, a variable that `${v:?}` demands, or a value of more than 4 MiB.
  public func expand(
    _ word: Word, in environment: some VariableEnvironment
  ) throws(DockerfileSyntaxError) -> ExpandedText {
    guard word.text.utf8.contains(where: { mayMatter($0) }) else { return ExpandedText(plain: word.text) }
    var lexer = ShellLexer(word.text, self, environment)
    do {
      return try lexer.expand()
    } catch {
      throw DockerfileSyntaxError(error.diagnostic(word, file))
    }
  }

  /// The expansion of a here-document's content, if its name is not quoted.
  public func expand(
    _ heredoc: Heredoc, in environment: some VariableEnvironment
  ) throws(DockerfileSyntaxError) -> ExpandedText {
    guard heredoc.expands else { return ExpandedText(text: heredoc.text, words: []) }
    var expansion = self
    expansion.style = .document
    return try expansion.expand(heredoc.body, in: environment)
  }

  private func mayMatter(_ byte: UInt8) -> Bool {
    byte == ASCII.dollar || byte == ASCII.doubleQuote || byte == ASCII.singleQuote || byte == escape.rawValue
      || byte == ASCII.backslash || byte >= 0x80 || byte <= ASCII.space
  }
}

/// What an expansion gives.
public struct ExpandedText: Sendable, Hashable {
  /// The text as one word, blanks kept.
  public var text: String
  /// The text split at blanks that are not quoted, those in variables' values included. Empty words are left out.
  public var words: [String]
  /// The names of the variables that had a value.
  public var usedVariables: Set<String>
  /// The names of the variables that were asked for and are not set.
  public var unsetVariables: Set<String>
  /// Where in the text of the word each of them is first asked for, as bytes.
  var unsetRanges: [String: Range<Int>] = [:]

  public init(
    text: String, words: [String], usedVariables: Set<String> = [], unsetVariables: Set<String> = []
  ) {
    self.text = text
    self.words = words
    self.usedVariables = usedVariables
    self.unsetVariables = unsetVariables
  }

  /// A text without blanks, variables, quotes and escapes.
  fileprivate init(plain text: String) {
    self.init(text: text, words: text.isEmpty ? [] : [text])
  }
}

extension Dockerfile {
  /// The expansion of this file's words.
  public var expansion: Expansion { Expansion(file: file, escape: escape) }
}
