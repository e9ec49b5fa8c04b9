import Diagnostics
import DockerfileSyntax
import Testing

@Suite struct ExpansionTests {
  static let environment = [
    "X": "value", "EMPTY": "", "SPACED": "two words", "PATH": "/usr/bin:/bin", "FILE": "a.tar.gz", "É": "accent",
    "BRACES": "${X}", "STAR": "*y*", "STARS": "\\**", "ESCAPED": "\\*",
    "1A": "never",
  ]

  static func expand(
    _ text: String, _ style: Expansion.Style = .word, _ escape: EscapeCharacter = .backslash
  ) throws -> ExpandedText {
    let file = SourceFile(name: "Dockerfile", text: text)
    let word = Word(text, range: SourceRange(0, file.bytes.count))
    return try Expansion(file: file, escape: escape, style: style).expand(word, in: environment)
  }

  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("$X", "value"), ("${X}", "value"), ("a${X}b", "avalueb"), ("$Xb", ""),
    ("$X$X", "valuevalue"), ("$", "$"), ("$ X", "$ X"), ("$.", "$."), ("a$", "a$"), ("$É", "accent"), ("$1A", "A"),
    ("$$", ""), ("$#", ""), ("$UNSET", ""), ("[${UNSET}]", "[]"), ("$BRACES", "${X}"),
    ("'$X'", "$X"), ("\"$X\"", "value"), ("\"a 'b' $X\"", "a 'b' value"), ("'a \"b\"'", "a \"b\""),
    ("a\"b c\"d", "ab cd"), ("''", ""), ("\"\"", ""), ("\\$X", "$X"), ("\\\\$X", "\\value"), ("a\\ b", "a b"),
    ("\\a", "a"), ("\"\\a\"", "\\a"), ("\"\\\"\\$X\\\\\"", "\"$X\\"), ("'\\'", "\\"), ("end\\", "end"),
    ("\"it's\"", "it's"), ("SPACE  KEPT", "SPACE  KEPT"), ("日本$X語", "日本"), ("日本${X}語", "日本value語"),
  ])
  func expandsPlainText(_ text: String, _ expected: String) throws {
    #expect(try Self.expand(text).text == expected)
  }

  @Test(arguments: [
    ("${X:-d}", "value"), ("${EMPTY:-d}", "d"), ("${UNSET:-d}", "d"), ("${X-d}", "value"), ("${EMPTY-d}", ""),
    ("${UNSET-d}", "d"), ("${X:+d}", "d"), ("${EMPTY:+d}", ""), ("${UNSET:+d}", ""), ("${X+d}", "d"),
    ("${EMPTY+d}", "d"), ("${UNSET+d}", ""), ("${X:?no}", "value"), ("${X?no}", "value"), ("${EMPTY?no}", ""),
    ("${UNSET:-${X}}", "value"), ("${UNSET:-${EMPTY:-${X}s}}", "values"), ("${UNSET:-\"a b\"}", "a b"),
    ("${UNSET:-a b}", "a b"), ("${UNSET:-'$X'}", "$X"), ("${UNSET:-a\\}b}", "a}b"), ("\"${UNSET:-\"q\"}\"", "q"),
    ("${UNSET:-}", ""), ("${UNSET:-:-}", ":-"),
    ("${FILE#*.}", "tar.gz"), ("${FILE##*.}", "gz"), ("${FILE%.*}", "a.tar"), ("${FILE%%.*}", "a"),
    ("${FILE%.gz}", "a.tar"), ("${FILE#b}", "a.tar.gz"), ("${FILE#?}", ".tar.gz"), ("${FILE:#a.}", "tar.gz"),
    ("${FILE%}", "a.tar.gz"), ("${UNSET#a}", ""), ("${FILE#${X}}", "a.tar.gz"), ("${FILE#\"a.\"}", "tar.gz"),
    ("${PATH/:/;}", "/usr/bin;/bin"), ("${PATH//\\//_}", "_usr_bin:_bin"), ("${PATH//bin}", "error"),
    ("${PATH/bin/}", "/usr/:/bin"), ("${PATH//bin/${X}}", "/usr/value:/value"), ("${UNSET/a/b}", ""),
    ("${PATH//\\//\\/}", "\\/usr\\/bin:\\/bin"), ("${X//$EMPTY/-}", "-v-a-l-u-e-"), ("${X/$EMPTY/-}", "-value"),
    ("${X///}", "value"), ("${X//}", "error"), ("${X=a}", "error"), ("${STAR#\\*}", "y*"), ("${STAR%%$STARS}", ""),
    ("${STAR%\\*}", "*y"), ("${STAR/$ESCAPED/.}", ".y*"),
    ("${PATH/\\/usr*:/}", "/bin"), ("${X/\\*/star}", "value"),
  ])
  func substitutes(_ text: String, _ expected: String) throws {
    if expected == "error" {
      #expect(throws: DockerfileSyntaxError.self) { try Self.expand(text) }
    } else {
      #expect(try Self.expand(text).text == expected)
    }
  }

  @Test(arguments: [
    ("a b  c", ["a", "b", "c"]), ("  ", []), ("$SPACED", ["two", "words"]), ("\"$SPACED\"", ["two words"]),
    ("a\\ b", ["a b"]), ("'a b'c d", ["a bc", "d"]), ("$X:$SPACED:x", ["value:two", "words:x"]), ("\"\" a", ["a"]),
    ("${UNSET:-a b}", ["a", "b"]), ("a\u{A0}b\u{3000}c", ["a", "b", "c"]), ("$UNSET", []), ("one", ["one"]),
  ])
  func splits(_ text: String, _ expected: [String]) throws {
    #expect(try Self.expand(text).words == expected)
  }

  @Test(arguments: [
    ("it's \"$X\" \\$X \\a", "it's \"value\" $X a"), ("'$X'", "'value'"), ("${UNSET:-\"d\"}", "\"d\""),
    ("line 1\n\t$X\n", "line 1\n\tvalue\n"),
  ])
  func documentsKeepQuotes(_ text: String, _ expected: String) throws {
    #expect(try Self.expand(text, .document).text == expected)
    #expect(try Self.expand(text, .document, .backtick).text == expected)
  }

  @Test(arguments: [
    ("'$X' \"$X\" \\$X", "'$X' \"value\" \\$X"),
    ("$UNSET ${UNSET} ${UNSET:-a} $X", "$UNSET ${UNSET} ${UNSET:-a} value"),
    ("${UNSET/a/b}${UNSET##c}", "${UNSET/a/b}${UNSET##c}"), ("\"\\\"\"", "\"\\\"\""),
  ])
  func verbatimTextStays(_ text: String, _ expected: String) throws {
    #expect(try Self.expand(text, .verbatim).text == expected)
  }

  @Test(arguments: [
    ("`$X c:\\dir", "$X c:\\dir"), ("\"`\" \\ `$\"", "\" \\ $"), ("${UNSET:-a`}b}", "a}b"),
  ])
  func backtickEscapes(_ text: String, _ expected: String) throws {
    #expect(try Self.expand(text, .word, .backtick).text == expected)
  }

  @Test func tellsWhichVariablesWereUsed() throws {
    let expanded = try Self.expand("$X '$EMPTY' ${UNSET:-$OTHER} ${EMPTY:+$FILE}")
    #expect(expanded.usedVariables == ["X", "EMPTY", "FILE"])
    #expect(expanded.unsetVariables == ["UNSET", "OTHER"])
  }

  @Test(arguments: [
    ("a \"b", "unclosed-quote", "a double quote is not closed", 2..<3),
    ("ab 'c", "unclosed-quote", "a single quote is not closed", 3..<4),
    ("a${X", "bad-substitution", "the substitution is not closed", 1..<4),
    ("${X:-${Y}", "bad-substitution", "the substitution is not closed", 0..<9),
    ("${X:", "bad-substitution", "the substitution is not closed", 0..<4),
    ("${X/a", "bad-substitution", "the substitution is not closed", 0..<5),
    ("${}", "bad-substitution", "a variable's name must follow ${", 0..<3),
    ("${", "bad-substitution", "the substitution is not closed", 0..<2),
    ("x${{a}}", "bad-substitution", "a variable's name must follow ${", 1..<4),
    ("${X^^}", "bad-substitution", "the builder does not know this substitution of X", 0..<4),
    ("${X:=a}", "bad-substitution", "the builder does not know this substitution of X", 0..<5),
    ("${UNSET:?}", "variable-required", "UNSET is not set", 0..<10),
    ("${EMPTY:?}", "variable-required", "EMPTY is empty", 0..<10),
    ("a ${UNSET?give $X}", "variable-required", "UNSET: give value", 2..<18),
    ("${X#\\a}", "bad-pattern", "'\\a' is no pattern", 0..<7),
  ])
  func pointsAtErrors(_ text: String, _ code: DiagnosticCode, _ message: String, _ range: Range<Int>) {
    let error = #expect(throws: DockerfileSyntaxError.self) { try Self.expand(text) }
    let diagnostic = error?.diagnostics.first
    #expect(error?.diagnostics.count == 1)
    #expect(diagnostic?.code == code)
    #expect(diagnostic?.message == message)
    #expect(diagnostic?.annotation?.range == SourceRange(range))
    #expect(diagnostic?.help.isEmpty == false)
  }

  @Test func refusesDeepNesting() {
    let text = String(repeating: "${UNSET:-", count: 10_000)
    let error = #expect(throws: DockerfileSyntaxError.self) { try Self.expand(text) }
    #expect(error?.diagnostics.first?.code == "substitution-too-deep")
    #expect(error?.exitCode == .usage)
  }

  @Test func errorsPointIntoContinuedAndUnquotedText() throws {
    let text = "FROM a\nENV a=b\\\n${X^} c=d\nCOPY --chown=\"a:${Y^}\" a b\n"
    let file = SourceFile(name: "Dockerfile", text: text)
    let dockerfile = try Dockerfile.parse(file).get()
    var found: [String] = []
    for instruction in dockerfile.stages[0].instructions {
      let word: Word?
      switch instruction.kind {
      case .env(let env): word = env.variables[0].value
      case .copy(let copy): word = copy.chown
      default: word = nil
      }
      let error = #expect(throws: DockerfileSyntaxError.self) {
        try dockerfile.expansion.expand(#require(word), in: Self.environment)
      }
      found.append(error?.diagnostics.first?.annotation.map { file.text(in: $0.range) } ?? "")
    }
    #expect(found == ["${X^", "${Y^"])
  }

  @Test func expandsHeredocs() throws {
    let text = "FROM a\nCOPY <<-A <<'B' /x/\n\t$X\n\t\t'$X' ${Y^}\nA\n$X\nB\n"
    let file = SourceFile(name: "Dockerfile", text: text)
    let dockerfile = try Dockerfile.parse(file).get()
    guard case .copy(let copy) = dockerfile.stages[0].instructions[0].kind else {
      Issue.record("no COPY")
      return
    }
    let error = #expect(throws: DockerfileSyntaxError.self) {
      try dockerfile.expansion.expand(copy.heredocs[0], in: Self.environment)
    }
    #expect(error?.diagnostics.first?.annotation.map { file.text(in: $0.range) } == "${Y^")
    #expect(try dockerfile.expansion.expand(copy.heredocs[1], in: Self.environment).text == "$X\n")
  }

  @Test(arguments: [
    ("${SPACD:?}", "did you mean SPACED?"), ("${FIEL?no}", "did you mean FILE?"),
    ("${NOTHING:?}", "declare it with ARG NOTHING and give a value with --build-arg NOTHING=…, or set it with ENV"),
  ])
  func namesWhatWasMeant(_ text: String, _ help: String) {
    let error = #expect(throws: DockerfileSyntaxError.self) { try Self.expand(text) }
    #expect(error?.diagnostics.first?.help.first == help)
  }
}
