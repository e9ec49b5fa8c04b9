/// A line of a file as an excerpt shows it, and where its marks stand. What a long line has far away from them is left
/// out.
struct ShownLine {
  let text: String
  /// The blanks in front of the marks.
  let lead: Int
  /// The number of marks, at least one.
  let length: Int

  /// No line is shown at greater length, in bytes.
  private static let longest = 240
  /// How much of a longer line is shown in front of what is marked.
  private static let context = 60
  private static let ellipsis = "\u{2026}"

  init(_ line: Int, of file: SourceFile, marking range: SourceRange) {
    let bytes = file.lineBytes(line)
    let start = file.lineStarts[line]
    // Marks of what began further up begin with the line's text.
    let from =
      range.lowerBound >= start
      ? min(range.lowerBound, bytes.endIndex) : bytes.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.endIndex
    let upper = min(max(range.upperBound, from), bytes.endIndex)
    let window = Self.window(of: bytes, around: from)
    let isCutInFront = window.startIndex > bytes.startIndex
    text =
      (isCutInFront ? Self.ellipsis : "")
      + DiagnosticRenderer.printable(String(decoding: window, as: UTF8.self))
      + (window.endIndex < bytes.endIndex ? Self.ellipsis : "")
    lead = Self.columns(of: window[..<from]) + (isCutInFront ? 1 : 0)
    length = max(1, Self.columns(of: window[from..<min(upper, window.endIndex)]))
  }

  /// The part of a line that is shown; it holds `position`, and is cut between characters only.
  private static func window(of bytes: ArraySlice<UInt8>, around position: Int) -> ArraySlice<UInt8> {
    guard bytes.count > longest else { return bytes }
    var lower = max(bytes.startIndex, min(position - context, bytes.endIndex - longest))
    var upper = min(lower + longest, bytes.endIndex)
    while lower > bytes.startIndex, bytes[lower] & 0xC0 == 0x80, position - lower < longest { lower -= 1 }
    while upper < bytes.endIndex, bytes[upper] & 0xC0 == 0x80, upper - lower < 2 * longest { upper += 1 }
    return bytes[lower..<upper]
  }

  private static func columns(of bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 + ($1 == 0x09 ? 4 : $1 & 0xC0 == 0x80 ? 0 : 1) }
  }
}
