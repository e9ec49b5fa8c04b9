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
    let (left, right) = (left.unicodeScalars.map(\.value), right.unicodeScalars.map(\.value))
    #expect(Suggestion.editDistance(left, right) == distance)
    #expect(Suggestion.editDistance(right, left) == distance)
    #expect(Suggestion.editDistance(left, right, limit: distance) == distance)
    #expect(Suggestion.editDistance(left, right, limit: distance - 1) == nil)
  }

  /// Giving up early changes no answer.
  @Test func limitsChangeNothing() {
    let words = (0..<243).map { number in
      (0..<5).map { UInt32(97 + number / [1, 3, 9, 27, 81][$0] % 3) }
    }
    for left in words.prefix(60) {
      for right in words {
        let distance = Suggestion.editDistance(left, right) ?? -1
        for limit in 0...5 {
          #expect(Suggestion.editDistance(left, right, limit: limit) == (distance <= limit ? distance : nil))
        }
      }
    }
  }
}
