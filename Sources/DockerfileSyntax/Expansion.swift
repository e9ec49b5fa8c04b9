public import Diagnostics

/// Where variables get their values from.
public protocol VariableEnvironment {
  /// The value of a variable, nil when it is not set.
  func value(of name: String) -> String?
}

extension [String: String]: VariableEnvironment {
  public func value(of name: String) -> String? { self[name] }
}

/// The expansion of variables, quotes and escapes, as BuildKit's shell lexer does it.
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

  public init(
    text: String, words: [String], usedVariables: Set<String> = [], unsetVariables: Set<String> = []
  ) {
    self.text = text
    self.words = words
    self.usedVariables = usedVariables
    self.unsetVariables = unsetVariables
  }
}

extension Dockerfile {
  /// The expansion of this file's words.
  public var expansion: Expansion { Expansion(file: file, escape: escape) }
}
