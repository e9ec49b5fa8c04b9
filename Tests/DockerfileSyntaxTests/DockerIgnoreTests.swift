import Diagnostics
import DockerfileSyntax
import Testing

@Suite struct DockerIgnoreTests {
  static func matcher(_ text: String) throws -> DockerIgnoreMatcher {
    DockerIgnoreMatcher(try DockerIgnore.parse(SourceFile(name: ".dockerignore", text: text)).get())
  }

  @Test func readsRules() throws {
    let text = "\u{FEFF}# comment\n\n  a/./b/  \r\n!/c/../d\n #not a comment\n/\n! e \n"
    let file = SourceFile(name: ".dockerignore", text: text)
    let ignore = try DockerIgnore.parse(file).get()
    #expect(ignore.rules.map(\.pattern) == ["a/b", "d", "#not a comment", "/", "e"])
    #expect(ignore.rules.map(\.isException) == [false, true, false, false, true])
    #expect(ignore.rules.compactMap(\.range).map(file.text) == ["a/./b/", "!/c/../d", "#not a comment", "/", "! e"])
  }

  @Test(arguments: [
    ("*.md\n!README.md", "a.md", true), ("*.md\n!README.md", "README.md", false),
    ("!README.md\n*.md", "README.md", true), ("*.md", "docs/a.md", false), ("**/*.md", "docs/a.md", true),
    ("**/*.md", "a.md", true), ("docs", "docs/a/b", true), ("docs\n!docs/a", "docs/a/b", false),
    ("docs\n!docs/a", "docs/b", true), ("a/**", "a", false), ("a/**", "a/b/c", true), ("**", "a/b", true),
    ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/xb", false), ("**/b", "xb", false),
    ("**b", "a/xb", true), ("a?c", "abc", true), ("a?c", "a/c", false), ("[a-c]x", "bx", true), ("[^a]x", "ax", false),
    ("\\*", "*", true), ("\\*", "a", false), ("a.b", "axb", false), ("*\n!*/keep", "x/keep", false),
    ("foo\\ bar", "foo bar", true), ("./x/", "x", true), ("../x", "x", false), (".", "x", false), ("", "x", false),
    ("café/*", "café/x", true), ("a$b(c)", "a$b(c)", true),
  ])
  func matches(_ rules: String, _ path: String, _ isIgnored: Bool) throws {
    #expect(try Self.matcher(rules).match(path) == isIgnored)
  }

  @Test func pointsAtBadPatterns() {
    let result = DockerIgnore.parse(SourceFile(name: ".dockerignore", text: "ok\na[\n!\nb\\\n[]\n[-a]\n"))
    #expect(result.value == nil)
    #expect(
      DiagnosticRenderer().render(result.diagnostics).split(separator: "\n").filter { $0.contains("error[") } == [
        "error[bad-pattern]: 'a[' is no pattern: a [ is not closed",
        "error[bad-pattern]: '!' is no pattern: nothing follows the !",
        "error[bad-pattern]: 'b\\' is no pattern: nothing follows its last backslash",
        "error[bad-pattern]: '[]' is no pattern: there is nothing between [ and ]",
        "error[bad-pattern]: '[-a]' is no pattern: a - stands alone between [ and ]",
      ])
    #expect(result.diagnostics.compactMap(\.annotation?.range.lowerBound) == [3, 6, 8, 11, 14])
  }

  @Test(arguments: [
    ("*\n!a/b", "a", true), ("*\n!a/b", "b", false), ("*\n!a/b", "a/b", false), ("*\n!**/x", "deep/er", true),
    ("*\n!a/*/c", "a/b", true), ("*\n!a/*/c", "a/b/d", false), ("*", "a", false), ("*\n!a*", "ab", false),
    ("*\n!a/**", "a", true),
  ])
  func knowsWhereExceptionsMayBe(_ rules: String, _ folder: String, _ expected: Bool) throws {
    #expect(try Self.matcher(rules).mayHaveExceptions(below: folder) == expected)
  }

  @Test func passesMatchesDown() throws {
    let matcher = try Self.matcher("a\n!a/keep")
    let (isIgnored, below) = matcher.match("a", in: matcher.root)
    #expect(isIgnored)
    #expect(matcher.match("a/x", in: below).isIgnored)
    #expect(!matcher.match("a/keep", in: below).isIgnored)
    #expect(matcher.match(Array("a/\u{FFFD}".utf8), in: below).isIgnored)
  }

  @Test func takesPatternsOfFlags() throws {
    let matcher = DockerIgnoreMatcher(try DockerIgnore(patterns: ["*.txt", "!b.txt", " "]))
    #expect(matcher.match("a.txt"))
    #expect(!matcher.match("b.txt"))
    #expect(throws: DockerfileSyntaxError.self) { try DockerIgnore(patterns: ["["]) }
    #expect(!DockerIgnoreMatcher(DockerIgnore()).match("a"))
  }

  @Test func matchesNamesThatAreNoText() throws {
    let matcher = try Self.matcher("a?c")
    #expect(matcher.match([0x61, 0xFF, 0x63], in: matcher.root).isIgnored)
    #expect(!matcher.match([0x61, 0xFF, 0xFE, 0x63], in: matcher.root).isIgnored)
  }

  /// A regular expression with backtracking would take ages.
  @Test(.timeLimit(.minutes(1)))
  func isNotExponential() throws {
    let pattern = String(repeating: "*a", count: 40) + "b"
    let path = String(repeating: "a", count: 500)
    #expect(try !Self.matcher(pattern).match(path))
    #expect(try !GlobPattern(pattern).matches(path))
    #expect(try !Self.matcher(String(repeating: "**/a", count: 40) + "b").match(path))
  }
}

@Suite struct GlobPatternTests {
  @Test(arguments: [("a*", true), ("a?", true), ("[a]", true), ("a\\*", false), ("a\\[b", false), ("abc", false)])
  func findsWildcards(_ text: String, _ hasWildcards: Bool) {
    #expect(GlobPattern.hasWildcards(text) == hasWildcards)
  }

  @Test(arguments: [("a\\*b", "a*b"), ("a\\\\", "a\\"), ("plain", "plain"), ("end\\", "end\\")])
  func takesEscapesOff(_ text: String, _ expected: String) {
    #expect(GlobPattern.unescaped(text) == expected)
  }

  @Test(arguments: [
    ("a/*/c", "a", true), ("a/*/c", "a/b", true), ("a/*/c", "b", false), ("a/*/c", "a/b/c", false), ("a/*/c", "", true),
    ("*", "a", false),
  ])
  func tellsWhichFoldersAreWorthLookingInto(_ text: String, _ folder: String, _ expected: Bool) throws {
    #expect(try GlobPattern(text).mayMatch(below: folder) == expected)
  }

  @Test(arguments: ["[", "a[b", "[]", "[a-]", "[-]", "\\", "a[^"])
  func refusesMalformedPatterns(_ text: String) {
    let error = #expect(throws: DockerfileSyntaxError.self) { try GlobPattern(text) }
    #expect(error?.diagnostics.first?.code == "bad-pattern")
  }
}
