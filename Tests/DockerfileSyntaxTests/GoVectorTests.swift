import Diagnostics
import Foundation
import Testing

@testable import DockerfileSyntax

/// What Go 1.19 and moby/patternmatcher 0.5.0 answer to random questions, recorded in
/// `fixtures/dockerfile-syntax/vectors`; `README.md` there says how.
@Suite struct GoVectorTests {
  private struct Ignore: Decodable {
    var patterns: [String]
    var valid: Bool
    /// By the path alone.
    var paths: [String: Bool]
    /// Folder by folder.
    var walked: [String: Bool]
  }

  @Test func ignoresWhatPatternmatcherIgnores() throws {
    for row in try rows("ignore", of: Ignore.self) {
      let file = SourceFile(name: ".dockerignore", text: row.patterns.joined(separator: "\n"))
      let result = DockerIgnore.parse(file)
      #expect((result.value != nil) == row.valid, "\(row.patterns)")
      guard let ignore = result.value else { continue }
      let matcher = DockerIgnoreMatcher(ignore)
      for (path, isIgnored) in row.paths {
        #expect(matcher.match(path) == isIgnored, "\(row.patterns) on \(path)")
      }
      for (path, isIgnored) in row.walked {
        #expect(isIgnoredInWalk(path, matcher) == isIgnored, "\(row.patterns) on \(path), walking")
      }
    }
  }

  /// The way of a walker that does not enter ignored folders without need.
  private func isIgnoredInWalk(_ path: String, _ matcher: DockerIgnoreMatcher) -> Bool {
    var inheritance = matcher.root
    var folder = ""
    for component in path.split(separator: "/") {
      let here = folder.isEmpty ? String(component) : folder + "/" + component
      let (isIgnored, below) = matcher.match(here, in: inheritance)
      if here == path { return isIgnored }
      if isIgnored, !matcher.mayHaveExceptions(below: here) { return true }
      inheritance = below
      folder = here
    }
    return false
  }

  private struct Glob: Decodable {
    var pattern: String
    var valid: Bool
    var names: [String: Bool]
  }

  @Test func globsAsFilepathMatch() throws {
    for row in try rows("glob", of: Glob.self) {
      guard let pattern = try? GlobPattern(row.pattern) else {
        // Go 1.19 does not look at the rest of a pattern once it cannot match any more.
        #expect(!row.names.values.contains(true), "\(row.pattern)")
        continue
      }
      #expect(row.valid, "\(row.pattern)")
      for (name, matches) in row.names {
        #expect(pattern.matches(name) == matches, "\(row.pattern) on \(name)")
        #expect(pattern.matches(Array(name.utf8)) == matches, "\(row.pattern) on the bytes of \(name)")
      }
    }
  }

  private struct JSONArray: Decodable {
    var text: String
    var kind: String
    var strings: [String]
  }

  @Test func readsJSONAsEncodingJSON() throws {
    for row in try rows("json", of: JSONArray.self) {
      let file = SourceFile(name: "json", text: row.text)
      let kind: String
      var strings: [String] = []
      switch JSONStringArray.parse(LogicalText(file: file, range: 0..<file.bytes.count)) {
      case .strings(let words):
        kind = "strings"
        strings = words.map(\.text)
      case .otherElement: kind = "other"
      case .invalid: kind = "invalid"
      }
      #expect(kind == row.kind, "\(row.text)")
      #expect(strings == row.strings, "\(row.text)")
    }
  }

  private struct DurationRow: Decodable {
    var text: String
    var valid: Bool
    var nanoseconds: String?
  }

  @Test func readsDurationsAsTimeParseDuration() throws {
    for row in try rows("durations", of: DurationRow.self) {
      let duration = Duration(goDuration: row.text)
      #expect((duration != nil) == row.valid, "\(row.text)")
      guard let text = row.nanoseconds, let nanoseconds = Int64(text) else { continue }
      #expect(duration == .nanoseconds(nanoseconds), "\(row.text)")
    }
  }

  @Test(arguments: ["1h30m", "2h", "1m0.5s", "30s", "2.25s", "300ms", "1h0.001s", "24h"])
  func durationsAreWrittenAsTheyAreRead(_ text: String) throws {
    let duration = try #require(Duration(goDuration: text))
    let written = duration.goText
    #expect(Duration(goDuration: written) == duration)
    #expect(written == text)
  }

  private struct Clean: Decodable {
    var path: String
    var clean: String
  }

  @Test func cleansPathsAsFilepathClean() throws {
    for row in try rows("clean", of: Clean.self) {
      #expect(CleanPath.cleaned(row.path) == row.clean, "\(row.path)")
    }
  }

  private struct Trim: Decodable {
    var pattern, value, prefixShort, prefixLong, suffixShort, suffixLong, first, all: String
  }

  @Test func trimsAsGoRegularExpressions() throws {
    for row in try rows("trim", of: Trim.self) {
      let pattern = try #require(ShellPattern(row.pattern))
      let comment = Comment(rawValue: "\(row.pattern.debugDescription) on \(row.value.debugDescription)")
      #expect(pattern.trimmingPrefix(of: row.value, longest: false) == row.prefixShort, comment)
      #expect(pattern.trimmingPrefix(of: row.value, longest: true) == row.prefixLong, comment)
      #expect(pattern.trimmingSuffix(of: row.value, longest: false) == row.suffixShort, comment)
      #expect(pattern.trimmingSuffix(of: row.value, longest: true) == row.suffixLong, comment)
      #expect(pattern.replacing(in: row.value, with: "<>", all: false) == row.first, comment)
      #expect(pattern.replacing(in: row.value, with: "<>", all: true) == row.all, comment)
    }
  }

  private typealias Comment = Testing.Comment

  private func rows<Row: Decodable>(_ name: String, of type: Row.Type) throws -> [Row] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "fixtures/dockerfile-syntax/vectors")
    let text = try String(contentsOf: folder.appending(path: "\(name).jsonl"), encoding: .utf8)
    let rows = try text.split(separator: "\n").map { try JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
    try #require(rows.count > 100)
    return rows
  }
}
