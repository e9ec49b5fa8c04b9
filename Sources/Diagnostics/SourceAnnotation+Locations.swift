extension SourceAnnotation {
  /// Where the range begins.
  var start: SourceLocation { file.location(at: range.lowerBound) }

  /// Behind the last character of the range. A line end at the end of the range does not count, so that a range of
  /// whole lines does not reach into the next one.
  var end: SourceLocation {
    var offset = min(range.upperBound, file.bytes.count)
    while offset > range.lowerBound, [0x0A, 0x0D].contains(file.bytes[offset - 1]) { offset -= 1 }
    return file.location(at: max(offset, range.lowerBound))
  }
}
