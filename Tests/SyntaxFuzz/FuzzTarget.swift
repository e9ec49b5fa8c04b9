import Diagnostics
import DockerfileSyntax

/// Everything that is done to a text, and what must hold whatever it is.
struct FuzzTarget {
  /// What did not hold.
  struct Violation: Error {
    var message: String
  }

  private let bytes: [UInt8]
  private let file: SourceFile
  private let lines: [String]
  private let variables: [String: String]

  init(_ bytes: [UInt8], variables: [String: String]) {
    self.bytes = bytes
    self.file = SourceFile(name: "Dockerfile", bytes: bytes)
    self.lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).prefix(60).map(String.init)
    self.variables = variables
  }

  func run() throws(Violation) {
    let result = Dockerfile.parse(file)
    try check(result.diagnostics, isBroken: result.value == nil)
    try checkRules(result)
    if let dockerfile = result.value { try expandWords(of: dockerfile) }
    try expandLines()
    try parseOthers()
    try matchPaths()
  }

  private func require(_ holds: Bool, _ message: @autoclosure () -> String) throws(Violation) {
    if !holds { throw Violation(message: message()) }
  }

  // MARK: Diagnostics

  private func check(_ diagnostics: [Diagnostic], isBroken: Bool) throws(Violation) {
    try require(
      isBroken == diagnostics.contains { $0.severity == .error }, "there is a value beside errors, or neither")
    try check(diagnostics)
    let starts = diagnostics.compactMap { $0.annotation?.range.lowerBound }
    try require(starts == starts.sorted(), "diagnostics are not in the order of the text")
  }

  private func check(_ diagnostics: [Diagnostic], areIn file: SourceFile? = nil) throws(Violation) {
    for diagnostic in diagnostics.prefix(200) {
      for annotation in [diagnostic.annotation].compactMap({ $0 }) + diagnostic.notes.compactMap(\.annotation) {
        let range = annotation.range
        try require(
          0 <= range.lowerBound && range.upperBound <= annotation.file.bytes.count,
          "\(diagnostic.code) points at \(range) of \(annotation.file.bytes.count)")
      }
      let text = DiagnosticRenderer(color: true).render(diagnostic)
      let escapes = text.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" && $0.value != 0x1B }
      try require(text.utf8.count > 10 && escapes.isEmpty, "\(diagnostic.code) speaks to the terminal")
    }
  }

  // MARK: Checks

  private func checkRules(_ result: ParseResult<Dockerfile>) throws(Violation) {
    var context = CheckContext()
    let ignore = DockerIgnore.parse(SourceFile(name: ".dockerignore", text: lines.suffix(8).joined(separator: "\n")))
    context.ignore = ignore.value
    context.buildArguments = variables
    context.bases[0] = CheckContext.BaseImage(environment: variables, triggers: Array(lines.prefix(5)))
    for image in [CheckContext(), context] {
      let report = result.check(image)
      try check(report.diagnostics)
      let rules = CheckRule.all.map { $0.descriptor() }
      let outputs = [
        SARIFRenderer(toolName: "a", toolVersion: "1", rules: Array(rules.prefix(1))).render(report.diagnostics),
        CheckResultsRenderer(rules: rules).render(report.diagnostics, of: file),
        GitHubAnnotationRenderer().render(report.diagnostics) + ".",
      ]
      try require(outputs.allSatisfy { !$0.isEmpty }, "a report is empty")
      let annotations = outputs[2].utf8.count { $0 == UInt8(ascii: "\n") }
      try require(annotations == report.diagnostics.count, "annotations take more than a line each")
    }
  }

  // MARK: Words

  private func expandWords(of dockerfile: Dockerfile) throws(Violation) {
    let texts =
      dockerfile.stages.flatMap { [$0.from.image.text] + $0.instructions.map(\.originalText) }
      + dockerfile.preamble.map(\.originalText)
    for text in texts.prefix(40) { try expand(text, dockerfile.escape) }
  }

  private func expandLines() throws(Violation) {
    for line in lines.prefix(20) { try expand(line, .backtick) }
    try expand(String(decoding: bytes.prefix(5000), as: UTF8.self), .backslash)
  }

  private func expand(_ text: String, _ escape: EscapeCharacter) throws(Violation) {
    let word = Word(text, range: SourceRange(0, text.utf8.count))
    let file = SourceFile(name: "word", text: text)
    for style in [Expansion.Style.word, .document, .verbatim] {
      let expanded: ExpandedText
      do {
        expanded = try Expansion(file: file, escape: escape, style: style).expand(word, in: variables)
      } catch {
        try check(error.diagnostics)
        continue
      }
      try require(expanded.words.allSatisfy { !$0.isEmpty }, "a word is empty")
      try require(expanded.usedVariables.allSatisfy { variables[$0] != nil }, "an unset variable was used")
      try require(expanded.unsetVariables.allSatisfy { variables[$0] == nil }, "a variable was set")
    }
  }

  // MARK: Other texts

  private func parseOthers() throws(Violation) {
    for line in lines.prefix(10) {
      let trigger = Instruction.parse(SourceFile(name: "trigger", text: line))
      try check(trigger.diagnostics, isBroken: trigger.value == nil)
      let options = CheckOptions.parse(line, from: "--check")
      try check(options.diagnostics, isBroken: options.value == nil)
      if let pattern = try? GlobPattern(line) {
        for path in lines.prefix(10) where pattern.matches(path) {
          try require(pattern.mayMatch(below: ""), "\(line) matches \(path), but nothing at all")
        }
      }
    }
  }

  // MARK: Paths

  private func matchPaths() throws(Violation) {
    let result = DockerIgnore.parse(file)
    try check(result.diagnostics, isBroken: result.value == nil)
    var ignore = result.value ?? DockerIgnore()
    // The lines that are patterns, when others are not.
    if ignore.rules.isEmpty {
      for line in lines { if let one = try? DockerIgnore(patterns: [line]) { ignore.rules += one.rules } }
    }
    ignore.rules = Array(ignore.rules.prefix(60))
    let matcher = DockerIgnoreMatcher(ignore)
    let singles = ignore.rules.map { rule in
      var single = DockerIgnore()
      single.rules = [rule]
      single.rules[0].isException = false
      return (rule.isException, DockerIgnoreMatcher(single))
    }
    let paths =
      lines.prefix(12).flatMap { $0.split(separator: " ").prefix(3) }.map(String.init) + ["a/b/c.go", "src/a"]
    for path in paths where !path.hasPrefix("/") {
      let isIgnored = singles.reduce(false) { isIgnored, single in
        single.0 == isIgnored && single.1.match(path) ? !single.0 : isIgnored
      }
      try require(matcher.match(path) == isIgnored, "\(path): the index finds other rules than there are")
      try checkWalk(to: path, matcher)
    }
  }

  /// What is brought back inside of a folder must be looked for.
  private func checkWalk(to path: String, _ matcher: DockerIgnoreMatcher) throws(Violation) {
    var inheritance = matcher.root
    var folders: [(path: String, isIgnored: Bool)] = []
    let components = path.split(separator: "/")
    for end in components.indices {
      let part = components[...end].joined(separator: "/")
      let (isIgnored, inherited) = matcher.match(part, in: inheritance)
      if !isIgnored, let hidden = folders.last(where: \.isIgnored) {
        try require(
          matcher.mayHaveExceptions(below: hidden.path), "nobody would find \(part) below \(hidden.path)")
      }
      folders.append((part, isIgnored))
      inheritance = inherited
    }
  }
}
