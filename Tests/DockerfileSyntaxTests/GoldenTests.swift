import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// Folders in `fixtures/dockerfile-syntax/cases` with a `Dockerfile`, the tree that is expected of it (`expected.ast`, absent
/// when it has errors) and what is said about it (`expected.diagnostics`, absent when that is nothing).
///
/// `SLIPWAY_RECORD=1` writes the expected files anew.
@Suite struct GoldenTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "fixtures/dockerfile-syntax/cases")
  static let isRecording = ProcessInfo.processInfo.environment["SLIPWAY_RECORD"] == "1"

  static let cases: [String] = {
    let names = try? FileManager.default.contentsOfDirectory(atPath: root.path())
    return (names ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }()

  @Test func thereAreCases() {
    #expect(Self.cases.count > 30)
  }

  @Test(arguments: cases)
  func parsesAsExpected(_ name: String) throws {
    let folder = Self.root.appending(path: name)
    let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "Dockerfile")))
    let result = Dockerfile.parse(SourceFile(name: "Dockerfile", bytes: bytes))
    let diagnostics = DiagnosticRenderer().render(result.diagnostics)
    try compare(result.value.map(SyntaxDump.dump), with: folder.appending(path: "expected.ast"))
    try compare(diagnostics.isEmpty ? nil : diagnostics, with: folder.appending(path: "expected.diagnostics"))
    #expect((result.value == nil) == result.diagnostics.contains { $0.severity == .error })
    let files = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path()))
    #expect(files.isSubset(of: ["Dockerfile", "expected.ast", "expected.diagnostics"]))
  }

  private func compare(_ text: String?, with url: URL) throws {
    let expected = try? String(contentsOf: url, encoding: .utf8)
    if Self.isRecording, expected != text {
      if let text { try text.write(to: url, atomically: true, encoding: .utf8) }
      if text == nil { try FileManager.default.removeItem(at: url) }
      return
    }
    #expect(text == expected, "\(url.lastPathComponent)")
  }
}
