import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// `SLIPWAY_RECORD=1` writes the expected files anew.
@Suite struct CheckGoldenTests {
  static let isRecording = ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] == "1"

  @Test(arguments: CheckFixtures.names)
  func findsWhatIsExpected(_ name: String) throws {
    let folder = CheckFixtures.root.appending(path: name)
    let text = CheckFixtures.text(of: try CheckFixtures.report(on: folder).report)
    let expectedFile = folder.appending(path: "expected.txt")
    if Self.isRecording {
      try text.write(to: expectedFile, atomically: true, encoding: .utf8)
      return
    }
    #expect(Self.difference(of: text, from: try String(contentsOf: expectedFile, encoding: .utf8)) == nil)
    let files = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path()))
    #expect(files.isSubset(of: ["Dockerfile", "expected.txt", "dockerignore", "context"]))
  }

  /// The first line in which a text is not what was expected; nil when there is none.
  static func difference(of text: String, from expected: String) -> String? {
    if text == expected { return nil }
    let (lines, expectedLines) = (text.components(separatedBy: "\n"), expected.components(separatedBy: "\n"))
    for index in 0..<max(lines.count, expectedLines.count) {
      let line = index < lines.count ? lines[index] : "(end)"
      let expectedLine = index < expectedLines.count ? expectedLines[index] : "(end)"
      if line != expectedLine { return "line \(index + 1): '\(line)' instead of '\(expectedLine)'" }
    }
    return "line ends differ"
  }

  /// The comparison itself can fail, and says where.
  @Test(arguments: [
    ("a\nb\n", "a\nc\n", "line 2: 'b' instead of 'c'"),
    ("a\n", "", "line 1: 'a' instead of ''"),
    ("", "warning\n", "line 1: '' instead of 'warning'"),
  ])
  func tellsDifferences(_ text: String, _ expected: String, _ difference: String) {
    #expect(Self.difference(of: text, from: expected) == difference)
  }

  /// A fixture whose expectation is spoilt does not pass.
  @Test func spoiltExpectationsFail() throws {
    let folder = CheckFixtures.root.appending(path: "StageNameCasing-mixed")
    let expected = try String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)
    let text = CheckFixtures.text(of: try CheckFixtures.report(on: folder).report)
    #expect(Self.difference(of: text, from: expected.replacingOccurrences(of: "^", with: "~")) != nil)
    #expect(Self.difference(of: text, from: "") != nil)
  }
}
