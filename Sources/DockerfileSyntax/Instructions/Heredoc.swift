public import Diagnostics

/// A here-document of RUN, COPY or ADD.
public struct Heredoc: Sendable, Hashable {
  /// The line that ends the document, quotes taken off; COPY and ADD take it as the name of a file.
  public var name: String
  /// `<<EOF` as it was written, with its file descriptor in front when there is one.
  public var marker: Word
  /// 0 when none is written.
  public var fileDescriptor: UInt
  /// Whether it is a `<<-`, so that tabs at the beginnings of lines go away.
  public var stripsTabs: Bool
  /// Whether no part of the name is quoted, so that variables in the content count.
  public var expands: Bool
  /// The lines up to the one that ends the document, as they stand in the file, line ends included.
  public var content: Word
  /// The line that ends the document, without its line end.
  public var terminatorRange: SourceRange

  public init(name: String, marker: Word, content: Word, terminatorRange: SourceRange) {
    self.name = name
    self.marker = marker
    self.fileDescriptor = 0
    self.stripsTabs = false
    self.expands = true
    self.content = content
    self.terminatorRange = terminatorRange
  }
}

extension Heredoc {
  /// The content, without the tabs at the beginnings of lines if it is a `<<-`.
  public var text: String { body.text }

  /// The content as `text` has it, with its places in the file.
  public var body: Word {
    guard stripsTabs else { return content }
    var bytes: [UInt8] = []
    var segments: [TextSegment] = []
    var isAtStart = true
    for (offset, byte) in content.text.utf8.enumerated() {
      if isAtStart, byte == ASCII.tab { continue }
      if isAtStart {
        segments.append(TextSegment(textOffset: bytes.count, sourceOffset: content.range.lowerBound + offset))
      }
      bytes.append(byte)
      isAtStart = byte == ASCII.lineFeed
    }
    return Word(String(decoding: bytes, as: UTF8.self), range: content.range, segments: segments)
  }
}
