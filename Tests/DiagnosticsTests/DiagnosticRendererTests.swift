import Diagnostics
import Testing

@Suite struct DiagnosticRendererTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var diagnostic: Diagnostic
    var text: String
    var testDescription: String { name }
  }

  private static func diagnostic(
    _ text: String, _ range: Range<Int>, label: String = "", notes: [Diagnostic.Note] = [], help: [String] = []
  ) -> Diagnostic {
    let file = SourceFile(name: "Dockerfile", text: text)
    return .error(
      "sample", "something is wrong", at: SourceAnnotation(file, SourceRange(range), label: label), notes: notes,
      help: help)
  }

  private static let twelveLines = (1...12).map { "line \($0)\n" }.joined()

  static let cases: [Case] = [
    Case(
      name: "one line", diagnostic: diagnostic("FORM alpine\n", 0..<4, label: "unknown", help: ["did you mean FROM?"]),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:1
          |
        1 | FORM alpine
          | ^^^^ unknown
          = help: did you mean FROM?

        """),
    Case(
      name: "no place", diagnostic: .warning("sample", "mind this", help: ["first\nand more", "second"]),
      text: """
        warning[sample]: mind this
          = help: first
                  and more
          = help: second

        """),
    Case(
      name: "notes with and without a place",
      diagnostic: diagnostic(
        "FROM a AS b\nFROM c AS b\n", 22..<23,
        notes: [
          .init(
            "the first one is here",
            at: SourceAnnotation(SourceFile(name: "Dockerfile", text: "FROM a AS b\n"), SourceRange(10, 11))),
          .init("names ignore case"),
        ]),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:2:11
          |
        2 | FROM c AS b
          |           ^
        note: the first one is here
         --> Dockerfile:1:11
          |
        1 | FROM a AS b
          |           ^
          = note: names ignore case

        """),
    Case(
      name: "several lines", diagnostic: diagnostic("RUN a \\\n    b \\\n    c\n", 4..<21, label: "this"),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:5
          |
        1 | RUN a \\
          |     ^^^
        2 |     b \\
          |     ^^^
        3 |     c
          |     ^ this

        """),
    Case(
      name: "a long range", diagnostic: diagnostic(twelveLines, 0..<79, label: "all"),
      text: """
        error[sample]: something is wrong
          --> Dockerfile:1:1
           |
         1 | line 1
           | ^^^^^^
         2 | line 2
           | ^^^^^^
        ...
        11 | line 11
           | ^^^^^^^ all

        """),
    Case(
      name: "tabs", diagnostic: diagnostic("\tRUN\tx\n", 5..<6),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:6
          |
        1 |     RUN    x
          |            ^

        """),
    Case(
      name: "several bytes a character", diagnostic: diagnostic("ENV ä=ö ß\n", 7..<9),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:7
          |
        1 | ENV ä=ö ß
          |       ^

        """),
    Case(
      name: "the end of the file", diagnostic: diagnostic("RUN x\n", 6..<6, label: "here"),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:2:1
          |
        2 |
          | ^ here

        """),
    Case(
      name: "the end of a line without line feed", diagnostic: diagnostic("RUN", 3..<3),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:4
          |
        1 | RUN
          |    ^

        """),
    Case(
      name: "an empty file", diagnostic: diagnostic("", 0..<0),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:1

        """),
    Case(
      name: "behind the end", diagnostic: diagnostic("RUN", 90..<99),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:4
          |
        1 | RUN
          |    ^

        """),
    Case(
      name: "carriage returns", diagnostic: diagnostic("FROM a\r\nRUN b\r\n", 8..<15),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:2:1
          |
        2 | RUN b
          | ^^^^^

        """),
    Case(
      name: "blanks at the end", diagnostic: diagnostic("RUN   \n", 0..<3),
      text: """
        error[sample]: something is wrong
         --> Dockerfile:1:1
          |
        1 | RUN
          | ^^^

        """),
  ]

  @Test(arguments: cases)
  func rendersAsRustDoes(_ sample: Case) {
    #expect(DiagnosticRenderer().render(sample.diagnostic) == sample.text)
  }

  @Test func separatesDiagnosticsByAnEmptyLine() {
    let diagnostics: [Diagnostic] = [.error("a", "one"), .warning("b", "two")]
    #expect(DiagnosticRenderer().render(diagnostics) == "error[a]: one\n\nwarning[b]: two\n")
    #expect(DiagnosticRenderer().render([]) == "")
  }

  @Test func colours() {
    let file = SourceFile(name: "f", text: "xy\n")
    let diagnostic = Diagnostic.error(
      "c", "m", at: SourceAnnotation(file, SourceRange(1, 2), label: "l"), notes: [.init("n")], help: ["h"])
    let text = DiagnosticRenderer(color: true).render(diagnostic)
    let expected = [
      "\u{1B}[1;31merror[c]\u{1B}[0m\u{1B}[1m: m\u{1B}[0m", " \u{1B}[34m-->\u{1B}[0m f:1:2", " \u{1B}[34m |\u{1B}[0m",
      "\u{1B}[34m1 |\u{1B}[0m xy", " \u{1B}[34m |\u{1B}[0m  \u{1B}[1;31m^ l\u{1B}[0m",
      "  \u{1B}[34m= note\u{1B}[0m: n", "  \u{1B}[34m= help\u{1B}[0m: h", "",
    ]
    #expect(text == expected.joined(separator: "\n"))
  }

  @Test(arguments: [
    (Diagnostic.Severity.error, "\u{1B}[1;31m"), (.warning, "\u{1B}[1;33m"), (.note, "\u{1B}[1;36m"),
  ])
  func coloursBySeverity(_ severity: Diagnostic.Severity, _ start: String) {
    #expect(DiagnosticRenderer(color: true).render(Diagnostic(severity, "c", "m")).hasPrefix(start + severity.rawValue))
  }

  /// What comes from files and registries must not speak to the terminal.
  @Test(arguments: [
    ("\u{1B}[2J", "\u{241B}[2J"), ("\u{7F}", "\u{2421}"), ("\u{9B}2J", "\u{FFFD}2J"), ("\u{202E}x", "\u{FFFD}x"),
  ])
  func showsControlCharacters(_ text: String, _ shown: String) {
    let file = SourceFile(name: "name\(text)", text: "\(text)\n")
    let annotation = SourceAnnotation(file, SourceRange(0, 1), label: text)
    let rendered = DiagnosticRenderer().render(
      .error("c", "message \(text)", at: annotation, notes: [.init("note \(text)")], help: ["help \(text)"]))
    #expect(!rendered.contains(text))
    for place in ["message \(shown)", "name\(shown):", "| \(shown)", "^ \(shown)", "note \(shown)", "help \(shown)"] {
      #expect(rendered.contains(place), "\(place)")
    }
  }

  @Test func keepsLinesOfMessages() {
    #expect(DiagnosticRenderer().render(.error("c", "one\ntwo")) == "error[c]: one\ntwo\n")
  }

  /// Ranges come from arithmetic; none may trap.
  @Test func rendersAnyRange() {
    let texts = ["", "\n", "\r\n", "a", "a\n\nb", "\t\u{E4}\n \n", "\n\n\n\n\n\n"]
    for text in texts {
      let file = SourceFile(name: "f", text: text)
      for lower in -2...(file.bytes.count + 2) {
        for upper in lower...(file.bytes.count + 3) {
          let annotation = SourceAnnotation(file, SourceRange(lower, upper))
          let lines = DiagnosticRenderer().render(.error("c", "m", at: annotation)).split(separator: "\n")
          #expect(lines.count >= 2)
          #expect(
            lines.filter { $0.contains("^") }.count
              == (text.isEmpty ? 0 : (lines.count - 3 - lines.count { $0 == ".." }) / 2))
        }
      }
    }
  }

  /// Of a long line, what is around the marks is shown.
  @Test(arguments: [(0, 3), (500, 503), (997, 1000), (300, 900), (1000, 1000)])
  func cropsLongLines(_ lower: Int, _ upper: Int) throws {
    let text = (0..<1000).map { $0 == lower ? "X" : $0 % 10 == 0 ? "é" : "a" }.joined()
    let offset = { (column: Int) in String(text.prefix(column)).utf8.count }
    let file = SourceFile(name: "Dockerfile", text: text)
    let range = SourceRange(offset(lower), offset(upper))
    let lines = DiagnosticRenderer().render(.error("a", "b", at: SourceAnnotation(file, range)))
      .split(separator: "\n").map { Array($0) }
    #expect(String(lines[1]) == " --> Dockerfile:1:\(lower + 1)")
    let (excerpt, marks) = (lines[3], lines[4])
    #expect(excerpt.count <= 250)
    let first = try #require(marks.firstIndex(of: "^"))
    if lower < 1000 { #expect(excerpt[first] == "X") }
    let isCutInFront = lower > 60
    #expect((excerpt[4] == "…") == isCutInFront)
    #expect((excerpt.last == "…") == (lower < 700))
  }

  /// Places on long lines are those that counting from their beginnings gives.
  @Test func countsColumnsOfLongLines() {
    let line = String(repeating: "aé😀", count: 5000)
    let file = SourceFile(name: "a", text: "é\n" + line + "\n" + line)
    for index in stride(from: 0, through: 15_000, by: 611) {
      let offset = String(line.unicodeScalars.prefix(index)).utf8.count
      #expect(file.location(at: 3 + offset) == SourceLocation(line: 2, column: index + 1))
      #expect(file.location(at: 4 + line.utf8.count + offset) == SourceLocation(line: 3, column: index + 1))
    }
  }
}
