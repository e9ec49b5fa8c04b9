/// A half-open range of UTF-8 byte offsets in a `SourceFile`.
public struct SourceRange: Sendable, Hashable, Codable {
  public var lowerBound: Int
  public var upperBound: Int

  public init(_ lowerBound: Int, _ upperBound: Int) {
    self.lowerBound = lowerBound
    self.upperBound = max(lowerBound, upperBound)
  }

  public init(_ range: Range<Int>) { self.init(range.lowerBound, range.upperBound) }

  public var range: Range<Int> { lowerBound..<max(lowerBound, upperBound) }
  public var isEmpty: Bool { range.isEmpty }

  /// The smallest range that covers both.
  public func union(_ other: SourceRange) -> SourceRange {
    SourceRange(min(lowerBound, other.lowerBound), max(upperBound, other.upperBound))
  }
}

/// A place in a text as people count it: lines and columns start at 1, columns count Unicode scalars.
public struct SourceLocation: Sendable, Hashable, Codable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}

/// A named text that diagnostics point into. It is immutable, so a reference to it may be kept anywhere.
public final class SourceFile: Sendable {
  /// What people call the file: a path relative to where they stand, or `<stdin>`.
  public let name: String
  /// The text, as it was read.
  public let bytes: [UInt8]
  /// The offset of the first byte of each line.
  public let lineStarts: [Int]
  /// How many Unicode scalars stand in front of each multiple of `markDistance`, so that places on long lines are
  /// found without counting from the line's beginning.
  private let scalarMarks: [Int]
  private static let markDistance = 4096

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
    self.lineStarts = starts
    var marks = [0]
    var start = 0
    while bytes.count - start >= Self.markDistance {
      marks.append((marks.last ?? 0) + Self.scalars(in: bytes[start..<(start + Self.markDistance)]))
      start += Self.markDistance
    }
    self.scalarMarks = marks
  }

  public convenience init(name: String, text: String) {
    self.init(name: name, bytes: Array(text.utf8))
  }

  /// The index (from 0) of the line that holds `offset`; an offset behind the end belongs to the last line.
  public func lineIndex(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while low + 1 < high {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low
  }

  public func location(at offset: Int) -> SourceLocation {
    let line = lineIndex(at: offset)
    let start = lineStarts[line]
    let end = min(max(offset, start), bytes.count)
    let column =
      end - start <= 2 * Self.markDistance
      ? Self.scalars(in: bytes[start..<end]) : scalars(before: end) - scalars(before: start)
    return SourceLocation(line: line + 1, column: column + 1)
  }

  private func scalars(before offset: Int) -> Int {
    let mark = offset / Self.markDistance
    return scalarMarks[mark] + Self.scalars(in: bytes[(mark * Self.markDistance)..<offset])
  }

  /// The text of a line (index from 0) without its line ending. Invalid UTF-8 is repaired.
  public func line(_ index: Int) -> String {
    String(decoding: lineBytes(index), as: UTF8.self)
  }

  /// The text of a range. Invalid UTF-8 is repaired.
  public func text(in range: SourceRange) -> String {
    let lower = min(max(range.lowerBound, 0), bytes.count)
    let upper = min(max(range.upperBound, lower), bytes.count)
    return String(decoding: bytes[lower..<upper], as: UTF8.self)
  }

  func lineBytes(_ index: Int) -> ArraySlice<UInt8> {
    guard lineStarts.indices.contains(index) else { return [] }
    var end = index + 1 < lineStarts.count ? lineStarts[index + 1] - 1 : bytes.count
    if end > lineStarts[index], bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return bytes[lineStarts[index]..<end]
  }

  static func scalars(in bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
  }
}

extension SourceFile: Hashable {
  public static func == (left: SourceFile, right: SourceFile) -> Bool {
    left === right || (left.name == right.name && left.bytes == right.bytes)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(bytes.count)
  }
}
