public import Diagnostics

/// A piece of a Dockerfile whose variables are not expanded yet.
///
/// Its text is what BuildKit would hand to the expansion: continuation lines are joined; quotes and escapes are
/// still there, except in flags and in JSON strings, where they are taken off beforehand.
public struct Word: Sendable, Hashable {
  public let text: String
  /// Where the word stands in its file, from its first to behind its last byte.
  public let range: SourceRange
  /// Where runs of the text come from; empty when text and file agree byte by byte.
  let segments: [TextSegment]

  /// A word whose text stands in the file as it is, or, when the lengths differ, is known by its whole range only.
  public init(_ text: String, range: SourceRange) {
    self.init(text, range: range, segments: [])
  }

  init(_ text: String, range: SourceRange, segments: [TextSegment]) {
    self.text = text
    self.range = range
    self.segments = segments
  }

  /// Where the bytes `part` of the UTF-8 text stand in the file; the whole range when that is not known.
  public func range(of part: Range<Int>) -> SourceRange {
    let count = text.utf8.count
    let lower = min(max(part.lowerBound, 0), count)
    let upper = min(max(part.upperBound, lower), count)
    guard segments.isEmpty else {
      let first = segments.sourceOffset(of: lower)
      let last = upper > lower ? segments.sourceOffset(of: upper - 1) + 1 : first
      return SourceRange(first, last)
    }
    guard count == range.range.count else { return range }
    return SourceRange(range.lowerBound + lower, range.lowerBound + upper)
  }

  /// Whether the text holds a `$`, so that its value may depend on variables.
  public var mayExpand: Bool {
    text.utf8.contains { $0 == UInt8(ascii: "$") }
  }
}

/// From `textOffset` on, up to the next segment, the text is a copy of the file from `sourceOffset` on.
struct TextSegment: Sendable, Hashable {
  var textOffset: Int
  var sourceOffset: Int
}

extension [TextSegment] {
  /// The index of the segment that holds the text's byte at `offset`; 0 when there is none.
  func lastIndex(notBehind offset: Int) -> Int {
    var low = 0
    var high = count
    while low + 1 < high {
      let middle = (low + high) / 2
      if self[middle].textOffset <= offset { low = middle } else { high = middle }
    }
    return low
  }

  /// The offset in the file of the text's byte at `offset`.
  func sourceOffset(of offset: Int) -> Int {
    let index = lastIndex(notBehind: offset)
    guard indices.contains(index) else { return offset }
    return self[index].sourceOffset + offset - self[index].textOffset
  }
}
