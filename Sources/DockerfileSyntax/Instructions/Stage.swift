public import Diagnostics

/// A FROM and the instructions up to the next one.
public struct Stage: Sendable, Hashable {
  public var from: FromInstruction
  public var instructions: [Instruction]

  public init(from: FromInstruction, instructions: [Instruction] = []) {
    self.from = from
    self.instructions = instructions
  }

  /// The name in lower case, by which stages are found; nil when the stage has none.
  public var name: String? { from.name?.text.lowercased() }
}

/// `FROM [--platform=…] image [AS name]`
public struct FromInstruction: Sendable, Hashable {
  /// `FROM` as it was written.
  public var keyword: Word
  /// From the keyword to the end of the logical line.
  public var range: SourceRange
  /// The logical line: continuation lines joined, comments taken out, blanks at both ends trimmed.
  public var originalText: String
  public var comments: [Comment]
  /// An image, an earlier stage or `scratch`. Global arguments may stand in it.
  public var image: Word
  public var platform: Word?
  /// `AS` as it was written.
  public var asKeyword: Word?
  /// The stage's name as it was written.
  public var name: Word?

  public init(
    keyword: Word, range: SourceRange, originalText: String, comments: [Comment] = [], image: Word
  ) {
    self.keyword = keyword
    self.range = range
    self.originalText = originalText
    self.comments = comments
    self.image = image
  }
}
