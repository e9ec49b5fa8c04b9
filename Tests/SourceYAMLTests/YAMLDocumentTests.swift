import Diagnostics
import SourceYAML
import Testing

@Suite struct YAMLDocumentTests {
  private func parse(_ text: String) throws -> YAMLDocument {
    try YAMLDocument.parse(SourceFile(name: "f.yml", text: text))
  }

  /// A short form of values.
  private func shape(_ node: YAMLNode) -> String {
    switch node.content {
    case .scalar(let scalar): node.isNull ? "null" : "\"\(scalar.text)\""
    case .sequence(let nodes): "[\(nodes.map(shape).joined(separator: ", "))]"
    case .mapping(let mapping):
      "{\(mapping.entries.map { "\($0.key): \(shape($0.value))" }.joined(separator: ", "))}"
    }
  }

  @Test(arguments: [
    (
      "a: 012345678901\nb: 8.0\nc: 3.10\nd: yes\ne: 0x1F\nf: 1_000\n",
      #"{a: "012345678901", b: "8.0", c: "3.10", d: "yes", e: "0x1F", f: "1_000"}"#
    ),
    ("", "null"), ("# nothing\n", "null"), ("---\n", "null"), ("a:\n", "{a: null}"),
    ("- \n- # x\n- ~\n", "[null, null, null]"),
    ("a: ''\nb: \"null\"\n", #"{a: "", b: "null"}"#),
    ("a: |\n  x\n   y\nb: >\n  x\n  y\n", #"{a: "x\#n y\#n", b: "x y\#n"}"#),
    ("a: x\t\nb: [1, 2]\t\n", #"{a: "x", b: ["1", "2"]}"#),
    ("a: x\r\nb:\r\n  - y\r\n", #"{a: "x", b: ["y"]}"#),
    ("\u{FEFF}a: ü\n", #"{a: "ü"}"#),
    ("a: &n {x: 1}\nb: *n\n", #"{a: {x: "1"}, b: {x: "1"}}"#),
    ("a: &n {x: 1, y: 2}\nb:\n  <<: *n\n  x: 3\n", #"{a: {x: "1", y: "2"}, b: {x: "3", y: "2"}}"#),
    (
      "a: &n {x: 1}\nb: &m {x: 2, y: 2}\nc: {<<: [*n, *m]}\n",
      #"{a: {x: "1"}, b: {x: "2", y: "2"}, c: {x: "1", y: "2"}}"#
    ),
    ("a: {}\nb: []\n", "{a: {}, b: []}"),
    ("- echo \"a\": b\n", #"[{echo "a": "b"}]"#),
  ])
  func values(text: String, expected: String) throws {
    #expect(try shape(parse(text).root) == expected)
  }

  @Test func rangesAreThoseOfTheText() throws {
    let text =
      "\u{FEFF}ä: 'ö x'\r\nphases:\r\n  build:\r\n    commands:\r\n      - echo ü\r\n      - |\r\n        a\r\n        b\r\nlast: {p: [q]}\r\n"
    let file = SourceFile(name: "f.yml", text: text)
    let root = try YAMLDocument.parse(file).root
    let mapping = try #require(root.mapping)
    #expect(file.text(in: try #require(mapping["ä"]).range) == "'ö x'")
    #expect(file.text(in: try #require(mapping.entry("phases")).keyRange) == "phases")
    let commands = try #require(mapping["phases"]?.mapping?["build"]?.mapping?["commands"])
    #expect(file.text(in: try #require(commands.sequence?.first).range) == "echo ü")
    #expect(file.location(at: commands.range.lowerBound) == SourceLocation(line: 5, column: 7))
    #expect(file.text(in: commands.range).hasSuffix("b\r\n"))
    #expect(file.text(in: try #require(mapping["last"]).range) == "{p: [q]}")
    #expect(file.text(in: try #require(mapping["last"]?.mapping?["p"]).range) == "[q]")
  }

  @Test func theLastOfEqualKeysCountsAndAWarningTells() throws {
    let document = try parse("a: 1\nb: 2\na: 3\n")
    #expect(shape(document.root) == #"{a: "3", b: "2"}"#)
    let warning = try #require(document.warnings.first)
    #expect(document.warnings.count == 1)
    #expect(warning.severity == .warning && warning.code == "yaml-duplicate-key")
    #expect(DiagnosticRenderer().render(warning).contains("--> f.yml:3:1"))
    #expect(DiagnosticRenderer().render(warning).contains("f.yml:1:1"))
  }

  @Test func onlyTheFirstDocumentIsRead() throws {
    let document = try parse("a: 1\n---\nb: 2\n")
    #expect(shape(document.root) == #"{a: "1"}"#)
    #expect(document.warnings.map(\.code) == ["yaml-documents"])
  }

  struct Mistake: Sendable {
    var text: String
    var message: String
    var line: Int
    var column: Int
  }

  @Test(arguments: [
    Mistake(text: "a: b: c\n", message: "mapping values are not allowed in this context", line: 1, column: 5),
    Mistake(text: "a:\n\t- b\n", message: "found character that cannot start any token", line: 2, column: 1),
    Mistake(text: "a: [x\nb: y\n", message: "did not find expected ',' or ']'", line: 2, column: 2),
    Mistake(text: "a: \"x\n", message: "found unexpected end of stream", line: 2, column: 1),
    Mistake(text: "a:\n  - 'x' y\n", message: "did not find expected '-' indicator", line: 2, column: 9),
    Mistake(text: "a: *n\n", message: "unknown anchor 'n' referenced", line: 1, column: 4),
    Mistake(text: "a: &n [*n]\n", message: "anchor 'n' value contains itself", line: 1, column: 8),
    Mistake(
      text: "a: {<<: x}\n", message: "map merge requires map or sequence of maps as the value", line: 1, column: 9),
    Mistake(text: "? [a]\n: b\n", message: "a key has to be a text", line: 1, column: 3),
    Mistake(text: "a: 1\nb\n", message: "could not find expected ':'", line: 3, column: 1),
    Mistake(text: "ä: %x\n", message: "found character that cannot start any token", line: 1, column: 4),
  ])
  func mistakesHaveAPlaceAndARemedy(mistake: Mistake) throws {
    let file = SourceFile(name: "f.yml", text: mistake.text)
    let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse(file) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.message == mistake.message)
    let place = try #require(diagnostic.annotation)
    #expect(file.location(at: place.range.lowerBound) == SourceLocation(line: mistake.line, column: mistake.column))
    #expect(!diagnostic.help.isEmpty)
    #expect(error?.exitCode == .usage)
  }

  @Test(arguments: [
    [UInt8]("a: \u{1}\n".utf8), [0x61, 0x3A, 0x20, 0xFF, 0x0A], [0xFF, 0xFE, 0x61, 0x00], [0x61, 0x3A, 0x20, 0xC3],
  ])
  func bytesThatAreNoTextAreRefused(bytes: [UInt8]) throws {
    let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse(SourceFile(name: "f.yml", bytes: bytes)) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "yaml-syntax" && diagnostic.annotation != nil && !diagnostic.help.isEmpty)
  }

  @Test func depthAndAliasesHaveLimits() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: YAMLError.self) { try parse(deep) }
    #expect(throws: YAMLError.self) { try parse(String(repeating: "- ", count: 5_000) + "x\n") }
    var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      bomb += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    let error = #expect(throws: YAMLError.self) { try parse(bomb) }
    #expect(error?.diagnostics.first?.code == "yaml-limit")
    var chain = "a0: &a0 [x]\n"
    for level in 1...400 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(throws: YAMLError.self) { try parse(chain) }
  }

  /// Cut and changed at every place, a text is read or refused, and every range lies within it.
  @Test func damagedTextsAreReadOrRefused() throws {
    let text = Array("a: &x [1, \"ü\", 'y']\nb:\n  - |\n    z\n  - {<<: {k: v}, c: *x}\n? q\n: !t w\n".utf8)
    for place in text.indices {
      for damaged in [
        Array(text[..<place]), text[..<place] + [0x3A, 0x20] + text[place...],
        text[..<place] + [0x09] + text[(place + 1)...],
      ] {
        let file = SourceFile(name: "f.yml", bytes: Array(damaged))
        do {
          let document = try YAMLDocument.parse(file)
          #expect(document.root.range.upperBound <= damaged.count)
        } catch { #expect(!error.diagnostics.isEmpty) }
      }
    }
  }
}
