import HostOS
import SystemPackage
import TestSupport
import Testing

/// Whatever is wrong with a Dockerfile, there is a plan or a list of mistakes.
@Suite struct DamagedDockerfileTests {
  /// The lines of a text without one of them, or without all from one on, or with one of them twice.
  static func damaged(_ text: [UInt8]) -> [[UInt8]] {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.indices.flatMap { index -> [[UInt8]] in
      let changes = [
        Array(lines[..<index] + lines[(index + 1)...]), Array(lines[..<index]),
        Array(lines[...index] + lines[index...]),
      ]
      return changes.map { Array($0.joined(separator: [UInt8(ascii: "\n")])) }
    }
  }

  @Test(arguments: GoldenTests.cases)
  func plansOrTellsWhatIsWrong(_ name: String) throws {
    let folder = PlanningCase(GoldenTests.root.appending(name))
    let text = try Files.read(folder.folder.appending("Dockerfile"))
    for damaged in Self.damaged(text) {
      let outcome = try folder.outcome(of: damaged)
      #expect(
        (outcome["plan.txt"] == nil) != (outcome["error.txt"] == nil), "\(String(decoding: damaged, as: UTF8.self))")
    }
  }

  @Test func damages() {
    let texts = Self.damaged(Array("a\nb".utf8)).map { String(decoding: $0, as: UTF8.self) }
    #expect(texts == ["b", "", "a\na\nb", "a", "a", "a\nb\nb"])
  }
}
