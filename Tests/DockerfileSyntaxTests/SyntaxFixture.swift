import Diagnostics
import DockerfileSyntax
import Foundation
import Testing

/// A folder in `fixtures/dockerfile-syntax` with an input and what is expected of it.
struct SyntaxFixture: Sendable, CustomTestStringConvertible {
  /// What a folder is about, by the name of the folder that it stands in.
  enum Kind: String, CaseIterable {
    /// `Dockerfile` → `expected.ast` (absent when there are errors) and `expected.diagnostics` (absent when nothing is
    /// said about it).
    case cases
    /// `words`, one a line, and `environment`, a `name=value` a line → `expected.txt`: their values in all styles.
    case expansions
    /// `dockerignore` and `paths` → `expected.txt`: the rules, and which paths are ignored.
    case ignores
    /// `trigger`, as the config of an image has it → `expected.txt`.
    case triggers
  }

  static let root = CheckFixtures.repository.appending(path: "fixtures/dockerfile-syntax")

  static let all: [SyntaxFixture] = Kind.allCases.flatMap { kind in
    CheckFixtures.entries(of: root.appending(path: kind.rawValue)).map {
      SyntaxFixture(kind, root.appending(path: "\(kind.rawValue)/\($0)"))
    }
  }

  var kind: Kind
  var folder: URL

  init(_ kind: Kind, _ folder: URL) {
    self.kind = kind
    self.folder = folder
  }

  var testDescription: String { "\(kind.rawValue)/\(folder.lastPathComponent)" }

  private static let expectations: Set = ["expected.ast", "expected.diagnostics", "expected.txt"]

  private var inputs: [String] {
    switch kind {
    case .cases: ["Dockerfile"]
    case .expansions: ["words", "environment"]
    case .ignores: ["dockerignore", "paths"]
    case .triggers: ["trigger"]
    }
  }

  /// What is not as expected, each with the name of the file that it is about.
  func differences() throws -> [String] {
    let outputs = try outputs()
    var differences: [String] = []
    for name in Self.expectations.sorted() {
      let expected = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
      switch (outputs[name], expected) {
      case (nil, nil): break
      case (nil, _): differences.append("\(name): it should not be there")
      case (_, nil): differences.append("\(name): it is missing")
      case (let text?, let expected?):
        if let difference = CheckGoldenTests.difference(of: text, from: expected) {
          differences.append("\(name): \(difference)")
        }
      }
    }
    let strangers = Set(CheckFixtures.entries(of: folder)).subtracting(inputs).subtracting(Self.expectations)
    return differences + strangers.sorted().map { "\($0): nothing reads it" }
  }

  /// Writes the expected files anew.
  func record() throws {
    let outputs = try outputs()
    for name in Self.expectations {
      let file = folder.appending(path: name)
      if let text = outputs[name] {
        try text.write(to: file, atomically: true, encoding: .utf8)
      } else if FileManager.default.fileExists(atPath: file.path()) {
        try FileManager.default.removeItem(at: file)
      }
    }
  }

  private func outputs() throws -> [String: String] {
    switch kind {
    case .cases:
      let result = Dockerfile.parse(try file("Dockerfile"))
      var outputs: [String: String] = [:]
      outputs["expected.ast"] = result.value.map(SyntaxDump.dump)
      let said = DiagnosticRenderer().render(result.diagnostics)
      if !said.isEmpty { outputs["expected.diagnostics"] = said }
      return outputs
    case .expansions: return ["expected.txt": try expansions()]
    case .ignores: return ["expected.txt": try ignores()]
    case .triggers: return ["expected.txt": try trigger()]
    }
  }

  private func file(_ name: String) throws -> SourceFile {
    SourceFile(name: name, bytes: [UInt8](try Data(contentsOf: folder.appending(path: name))))
  }

  private func lines(_ name: String) -> [String] {
    let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    return (text ?? "").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  // MARK: Outputs

  private func expansions() throws -> String {
    var environment: [String: String] = [:]
    for line in lines("environment") where line.contains("=") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      environment[String(parts[0])] = String(parts[1])
    }
    let file = try file("words")
    var out = ""
    for (index, text) in lines("words").enumerated() where !text.isEmpty {
      let start = file.lineStarts[index]
      let word = Word(text, range: SourceRange(start, start + text.utf8.count))
      let value = Self.value(of: word, Expansion(file: file), environment)
      out += "## \(text.utf8.count > 200 ? text.prefix(30) + "…" : text)\n\(value)\n"
      // The other styles, where they give something else.
      for style in [Expansion.Style.document, .verbatim] {
        let other = Self.value(of: word, Expansion(file: file, style: style), environment)
        if other != value { out += "\(style): \(other)\n" }
      }
    }
    return out
  }

  private static func value(of word: Word, _ expansion: Expansion, _ environment: [String: String]) -> String {
    do {
      let value = try expansion.expand(word, in: environment)
      let shown = value.text.count > 200 ? "\(value.text.utf8.count) bytes" : value.text.debugDescription
      let unset = value.unsetVariables.isEmpty ? "" : " unset: \(value.unsetVariables.sorted().joined(separator: ", "))"
      return "\(shown)\(value.words.count == 1 ? "" : " words: \(value.words)")\(unset)"
    } catch {
      return DiagnosticRenderer().render(error.diagnostics)
    }
  }

  private func ignores() throws -> String {
    let result = DockerIgnore.parse(try file("dockerignore"))
    var out = ""
    for rule in result.value?.rules ?? [] { out += "\(rule.isException ? "let in" : "ignore") \(rule.pattern)\n" }
    out += DiagnosticRenderer().render(result.diagnostics)
    guard let ignore = result.value else { return out }
    let matcher = DockerIgnoreMatcher(ignore)
    for path in lines("paths") where !path.isEmpty { out += "\(matcher.match(path) ? "-" : "+") \(path)\n" }
    return out
  }

  private func trigger() throws -> String {
    let result = Instruction.parse(try file("trigger"))
    return (result.value.map { "\($0.originalText)\n" } ?? "") + DiagnosticRenderer().render(result.diagnostics)
  }
}
