@testable import Diagnostics
import Testing

@Suite struct SuggestionTests {
  private static let instructions = ["ADD", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "WORKDIR"]

  @Test(arguments: [
    ("FORM", "FROM"), ("form", "FROM"), ("FROMM", "FROM"), ("RNU", "RUN"), ("ENTYPOINT", "ENTRYPOINT"),
    ("workdri", "WORKDIR"), ("COP", "COPY"), ("run", "RUN"),
  ])
  func findsSlips(_ word: String, _ candidate: String) {
    #expect(Suggestion.nearest(to: word, in: Self.instructions) == candidate)
  }

  @Test(arguments: ["", "x", "MOVE", "INCLUDE", String(repeating: "a", count: 65)])
  func keepsQuietOtherwise(_ word: String) {
    #expect(Suggestion.nearest(to: word, in: Self.instructions) == nil)
  }

  @Test func neverSuggestsAnotherLetter() {
    #expect(Suggestion.nearest(to: "a", in: ["b"]) == nil)
    #expect(Suggestion.nearest(to: "a", in: ["A"]) == "A")
  }

  @Test func takesTheFirstOfEquals() {
    #expect(Suggestion.nearest(to: "webx", in: ["weba", "webb"]) == "weba")
  }

  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("ca", "abc", 3),
    ("kitten", "sitting", 3), ("a cat", "an abct", 4),
  ])
  func countsEdits(_ left: String, _ right: String, _ distance: Int) {
    #expect(Suggestion.editDistance(Array(left.unicodeScalars), Array(right.unicodeScalars)) == distance)
    #expect(Suggestion.editDistance(Array(right.unicodeScalars), Array(left.unicodeScalars)) == distance)
  }
}
