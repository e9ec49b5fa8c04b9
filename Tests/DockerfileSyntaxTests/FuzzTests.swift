import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// Damaged Dockerfiles must never end the process, and every message must have a place inside of the file.
@Suite struct FuzzTests {
  /// SplitMix64.
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var value = state
      value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
      value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
      return value ^ (value >> 31)
    }
  }

  static let snippets =
    [
      "\\", "\\\n", "`", "\n", "\r\n", "\"", "'", "<<EOF", "<<-\"E F\"", "\nEOF\n", "$", "${", "${X:-", "}",
      "${X//a/b}", "[", "]",
      "[\"a\"", ",", "--", "--mount=type=", "--from=", "=", " ", "\t", "#", "# escape=`\n", "FROM a\n", "RUN ", "COPY ",
      "ONBUILD ", "HEALTHCHECK ", "ENV ", "\u{A0}", "é", "😀", "\0", "\u{FEFF}", "999999999999999999999h", "*", "**/",
      "!",
      "{\"a\":[", "\\u12", "\\ud83d",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x80]]

  static func mutate(_ bytes: [UInt8], _ generator: inout Generator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      let position = Int.random(in: 0...bytes.count, using: &generator)
      let end = min(bytes.count, position + Int.random(in: 0...12, using: &generator))
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes.removeSubrange(position..<end)
      case 1:
        bytes.insert(contentsOf: Array(bytes[position..<end]), at: Int.random(in: 0...bytes.count, using: &generator))
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
      default: bytes.insert(contentsOf: snippets.randomElement(using: &generator) ?? [], at: position)
      }
    }
    return bytes
  }

  @Test(arguments: CheckFixtures.entries(of: SyntaxFixture.root.appending(path: "cases")))
  func damagedFilesAreHandled(_ name: String) throws {
    let original = [UInt8](try Data(contentsOf: SyntaxFixture.root.appending(path: "cases/\(name)/Dockerfile")))
    var generator = Generator(state: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    for _ in 0..<60 {
      let bytes = Self.mutate(original, &generator)
      let file = SourceFile(name: "Dockerfile", bytes: bytes)
      let result = Dockerfile.parse(file)
      #expect((result.value == nil) == result.diagnostics.contains { $0.severity == .error })
      check(result.diagnostics, file)
      if let dockerfile = result.value {
        #expect(!SyntaxDump.dump(dockerfile).isEmpty)
        expandEverything(dockerfile)
      }
      check(DockerIgnore.parse(file).diagnostics, file)
      exerciseMatching(String(decoding: bytes, as: UTF8.self))
    }
  }

  private func check(_ diagnostics: [Diagnostic], _ file: SourceFile) {
    for diagnostic in diagnostics {
      let range = diagnostic.annotation?.range.range
      #expect(range.map { 0 <= $0.lowerBound && $0.upperBound <= file.bytes.count } == true)
      #expect(!DiagnosticRenderer().render(diagnostic).isEmpty)
    }
  }

  private func expandEverything(_ dockerfile: Dockerfile) {
    let words = dockerfile.stages.flatMap(\.instructions).map(\.originalText) + dockerfile.stages.map(\.from.image.text)
    for text in words {
      for style in [Expansion.Style.word, .document, .verbatim] {
        let file = SourceFile(name: "word", text: text)
        let expansion = Expansion(file: file, escape: dockerfile.escape, style: style)
        do {
          let word = Word(text, range: SourceRange(0, file.bytes.count))
          let expanded = try expansion.expand(word, in: ["X": "a*b/c", "a": ""])
          #expect(expanded.words.allSatisfy { !$0.isEmpty })
        } catch {
          check(error.diagnostics, file)
        }
      }
    }
  }

  private func exerciseMatching(_ text: String) {
    let lines = text.split(separator: "\n").map(String.init)
    guard let pattern = lines.first, let path = lines.last else { return }
    if let glob = try? GlobPattern(pattern), glob.matches(path) { #expect(glob.mayMatch(below: "")) }
  }
}
