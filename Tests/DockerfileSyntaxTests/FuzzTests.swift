import Foundation
import Testing

@testable import SyntaxFuzz

/// Texts of all kinds must never end the process, and what is said of them must hold. `make fuzz` goes on for longer.
@Suite struct FuzzTests {
  private static let corpus = FuzzCorpus.read(from: CheckFixtures.repository.appending(path: "fixtures").path())

  @Test(arguments: UInt64(0)..<16)
  func madeUpAndDamagedTextsAreHandled(_ part: UInt64) {
    for input in part * 15..<(part + 1) * 15 {
      var generator = FuzzGenerator(seed: 1, input: input, corpus: Self.corpus)
      let bytes = generator.next()
      #expect(throws: Never.self, "see it with SyntaxFuzz --seed 1 --only \(input)") {
        try FuzzTarget(bytes, variables: generator.variables()).run()
      }
    }
  }

  /// The same number gives the same text, else nothing that is found could be looked at.
  @Test func inputsCanBeHadAgain() {
    func text(_ input: UInt64) -> [UInt8] {
      var generator = FuzzGenerator(seed: 7, input: input, corpus: Self.corpus)
      return generator.next()
    }
    let texts = (0..<20).map { text($0) }
    #expect(texts == (0..<20).map { text($0) })
    #expect(Set(texts).count > 10)
  }
}
