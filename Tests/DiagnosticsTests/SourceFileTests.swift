import Diagnostics
import Testing

@Suite struct SourceFileTests {
  private static let text = "ab\n\u{E4}\u{1F600}c\r\n\nlast"

  @Test(arguments: [
    (0, 1, 1), (1, 1, 2), (2, 1, 3), (3, 2, 1), (5, 2, 2), (9, 2, 3), (10, 2, 4), (11, 2, 5), (12, 3, 1), (13, 4, 1),
    (17, 4, 5), (18, 4, 5), (1000, 4, 5), (-1, 1, 1), (Int.max, 4, 5), (Int.min, 1, 1),
  ])
  func locates(_ offset: Int, _ line: Int, _ column: Int) {
    let file = SourceFile(name: "f", text: Self.text)
    #expect(file.location(at: offset) == SourceLocation(line: line, column: column))
  }

  @Test(arguments: [(0, "ab"), (1, "\u{E4}\u{1F600}c"), (2, ""), (3, "last"), (4, ""), (-1, "")])
  func givesLines(_ index: Int, _ line: String) {
    #expect(SourceFile(name: "f", text: Self.text).line(index) == line)
  }

  @Test(arguments: [(0, 2, "ab"), (13, 99, "last"), (-5, 2, "ab"), (99, 100, ""), (3, 4, "\u{FFFD}")])
  func givesTextOfRanges(_ lower: Int, _ upper: Int, _ text: String) {
    #expect(SourceFile(name: "f", text: Self.text).text(in: SourceRange(lower, upper)) == text)
  }

  @Test func isEqualByNameAndContent() {
    #expect(SourceFile(name: "f", text: "x") == SourceFile(name: "f", text: "x"))
    #expect(SourceFile(name: "f", text: "x") != SourceFile(name: "g", text: "x"))
    #expect(SourceFile(name: "f", text: "x") != SourceFile(name: "f", text: "y"))
    #expect(SourceFile(name: "f", text: "x").hashValue == SourceFile(name: "f", text: "x").hashValue)
  }

  @Test func rangesAreNeverInverted() {
    #expect(SourceRange(5, 2) == SourceRange(5, 5))
    var range = SourceRange(5, 6)
    range.upperBound = 1
    #expect(range.range == 5..<5)
    #expect(range.isEmpty)
    #expect(SourceRange(1, 3).union(SourceRange(7, 9)) == SourceRange(1, 9))
  }
}
