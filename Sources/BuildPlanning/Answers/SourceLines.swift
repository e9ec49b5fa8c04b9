import Diagnostics

/// Lines of a Dockerfile as BuildKit's subrequests name them (BuildKit, `solver/pb`, "Location"): a range for each.
public struct SourceLines: Sendable, Hashable, Codable {
  public struct Position: Sendable, Hashable, Codable {
    /// From 1.
    public var line: Int
  }

  public struct Line: Sendable, Hashable, Codable {
    public var start: Position
    public var end: Position
  }

  public var ranges: [Line]

  init(_ place: SourceAnnotation) { self.init(place.file, place.range) }

  init(_ file: SourceFile, _ range: SourceRange) {
    let first = file.lineIndex(at: range.lowerBound) + 1
    let last = file.lineIndex(at: max(range.lowerBound, range.upperBound - 1)) + 1
    ranges = (first...max(first, last)).map { Line(start: Position(line: $0), end: Position(line: $0)) }
  }
}
