import Diagnostics

/// Bytes to be parsed that know where in the file they come from.
struct LogicalText: Sendable {
  let bytes: ArraySlice<UInt8>
  /// Empty when the indices of `bytes` are offsets in the file.
  private let segments: [TextSegment]

  /// A part of the file as it stands there.
  init(file: SourceFile, range: Range<Int>) {
    self.init(bytes: file.bytes[range], segments: [])
  }

  fileprivate init(bytes: ArraySlice<UInt8>, segments: [TextSegment]) {
    self.bytes = bytes
    self.segments = segments
  }

  var indices: Range<Int> { bytes.startIndex..<bytes.endIndex }
  var isEmpty: Bool { bytes.isEmpty }
  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// A part of the text; its indices are the same as here.
  subscript(part: Range<Int>) -> LogicalText {
    LogicalText(bytes: bytes[part], segments: segments)
  }

  /// The offset in the file of the byte at `index`, which may be the end.
  func sourceOffset(of index: Int) -> Int {
    segments.isEmpty ? index : segments.sourceOffset(of: index)
  }

  /// Where a part of the text stands in the file.
  func sourceRange(_ part: Range<Int>) -> SourceRange {
    guard !part.isEmpty else {
      // Behind the byte before it rather than at the next line, if the text is continued there.
      let offset =
        part.lowerBound > bytes.startIndex
        ? sourceOffset(of: part.lowerBound - 1) + 1 : sourceOffset(of: part.lowerBound)
      return SourceRange(offset, offset)
    }
    return SourceRange(sourceOffset(of: part.lowerBound), sourceOffset(of: part.upperBound - 1) + 1)
  }

  var sourceRange: SourceRange { sourceRange(indices) }

  func word(_ part: Range<Int>) -> Word {
    let text = String(decoding: bytes[part], as: UTF8.self)
    return Word(text, range: sourceRange(part), segments: segments(in: part))
  }

  var word: Word { word(indices) }

  /// The text without blanks at its ends.
  var trimmed: LogicalText {
    var lower = bytes.startIndex
    var upper = bytes.endIndex
    while lower < upper, case let length = bytes.spaceLength(at: lower), length > 0 { lower += length }
    while lower < upper, case let length = bytes.spaceLength(before: upper), length > 0 {
      upper = max(lower, upper - length)
    }
    return self[lower..<upper]
  }

  private func segments(in part: Range<Int>) -> [TextSegment] {
    guard !segments.isEmpty, !part.isEmpty else { return [] }
    let first = segments.lastIndex(notBehind: part.lowerBound)
    let last = segments.lastIndex(notBehind: part.upperBound - 1)
    guard first < last else { return [] }
    return segments[first...last].map { segment in
      let skipped = max(0, part.lowerBound - segment.textOffset)
      return TextSegment(
        textOffset: segment.textOffset + skipped - part.lowerBound, sourceOffset: segment.sourceOffset + skipped)
    }
  }
}

/// Collects bytes from several places of a file.
struct LogicalTextBuilder {
  private var bytes: [UInt8] = []
  private var segments: [TextSegment] = []

  var count: Int { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }

  mutating func append(_ byte: UInt8, from source: Int) {
    note(source)
    bytes.append(byte)
  }

  /// Appends a part of the file.
  mutating func append(_ part: ArraySlice<UInt8>) {
    guard !part.isEmpty else { return }
    note(part.startIndex)
    bytes += part
  }

  private mutating func note(_ source: Int) {
    if let last = segments.last, last.sourceOffset + bytes.count - last.textOffset == source { return }
    segments.append(TextSegment(textOffset: bytes.count, sourceOffset: source))
  }

  /// What was collected. An empty text stands at `fallback`.
  func text(orAt fallback: Int) -> LogicalText {
    let segments = segments.isEmpty ? [TextSegment(textOffset: 0, sourceOffset: fallback)] : segments
    return LogicalText(bytes: bytes[...], segments: segments)
  }
}
