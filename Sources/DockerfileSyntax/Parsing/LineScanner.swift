/// Goes through a file line by line.
struct LineScanner {
  /// A line of the file.
  struct Line {
    /// Without the line feed and the carriage returns before it.
    var content: Range<Int>
    /// With its line end.
    var whole: Range<Int>
  }

  private let bytes: [UInt8]
  private(set) var position: Int

  init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  mutating func next() -> Line? {
    guard position < bytes.count else { return nil }
    let start = position
    var end = start
    while end < bytes.count, bytes[end] != ASCII.lineFeed { end += 1 }
    position = min(end + 1, bytes.count)
    var contentEnd = end
    while contentEnd > start, bytes[contentEnd - 1] == ASCII.carriageReturn { contentEnd -= 1 }
    return Line(content: start..<contentEnd, whole: start..<position)
  }
}
