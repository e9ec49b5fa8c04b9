public import Diagnostics

/// The rules of a `.dockerignore` file, or of `--exclude` flags.
public struct DockerIgnore: Sendable, Hashable {
  /// One line.
  public struct Rule: Sendable, Hashable {
    /// The cleaned pattern, without its `!`.
    public var pattern: String
    /// Whether it begins with `!`, so that what it matches is not ignored.
    public var isException: Bool
    /// Where the line stands; nil for rules that come from elsewhere.
    public var range: SourceRange?
    let matcher: PathPattern
  }

  public var rules: [Rule]

  /// Rules from patterns such as `--exclude` gives; empty ones are left out.
  ///
  /// - Throws: `DockerfileSyntaxError` without a place for the first pattern that is not well-formed.
  public init(patterns: [String]) throws(DockerfileSyntaxError) {
    rules = []
    for pattern in patterns {
      do {
        if let rule = try Rule(pattern, range: nil) { rules.append(rule) }
      } catch {
        throw DockerfileSyntaxError(.error("bad-pattern", error.message(for: pattern), help: [error.help]))
      }
    }
  }

  /// Rules that ignore nothing.
  public init() {
    rules = []
  }

  /// Reads a `.dockerignore` file: comments begin with `#` in the first column; a byte order mark, blanks at both ends
  /// and a leading `/` do not count; patterns are cleaned like paths.
  public static func parse(_ file: SourceFile) -> ParseResult<DockerIgnore> {
    var ignore = DockerIgnore()
    var diagnostics: [Diagnostic] = []
    var lines = LineScanner(file.bytes, from: file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
    while let line = lines.next() {
      guard file.bytes[line.content].first != ASCII.numberSign else { continue }
      let text = LogicalText(file: file, range: line.content).trimmed
      guard !text.isEmpty else { continue }
      do {
        if let rule = try Rule(Self.normalized(text.string), range: text.sourceRange) { ignore.rules.append(rule) }
      } catch {
        diagnostics.append(
          .error(
            "bad-pattern", error.message(for: text.string), at: SourceAnnotation(file, text.sourceRange),
            help: [error.help]))
      }
    }
    return ParseResult(value: diagnostics.isEmpty ? ignore : nil, diagnostics: diagnostics)
  }

  /// A leading `/` stands for the root of the context, which all patterns are relative to.
  private static func normalized(_ line: String) -> String {
    let isException = line.hasPrefix("!")
    let pattern = isException ? trimmed(String(line.dropFirst())) : line
    guard !pattern.isEmpty else { return line }
    var cleaned = CleanPath.cleaned(pattern)
    if cleaned.count > 1, cleaned.hasPrefix("/") { cleaned.removeFirst() }
    return (isException ? "!" : "") + cleaned
  }

  fileprivate static func trimmed(_ text: String) -> String {
    let file = SourceFile(name: "", text: text)
    return LogicalText(file: file, range: 0..<file.bytes.count).trimmed.string
  }
}

extension DockerIgnore.Rule {
  /// Nil for a blank pattern.
  fileprivate init?(_ text: String, range: SourceRange?) throws(PathPatternReader.Failure) {
    let trimmed = DockerIgnore.trimmed(text)
    guard !trimmed.isEmpty else { return nil }
    let cleaned = CleanPath.cleaned(trimmed)
    self.isException = cleaned.hasPrefix("!")
    self.pattern = isException ? String(cleaned.dropFirst()) : cleaned
    self.range = range
    guard !pattern.isEmpty else { throw PathPatternReader.Failure(reason: "nothing follows the !") }
    var reader = PathPatternReader(pattern, hasDoubleStars: true)
    self.matcher = try reader.read()
  }
}

extension PathPatternReader.Failure {
  fileprivate func message(for pattern: String) -> String { "'\(pattern)' is no pattern: \(reason)" }
}

/// Paths in their shortest form.
enum CleanPath {
  /// As Go's `filepath.Clean`: no empty and no `.` components, `..` resolved as far as it goes, no slash at the end.
  static func cleaned(_ path: String) -> String {
    let isAbsolute = path.hasPrefix("/")
    var components: [Substring] = []
    for component in path.split(separator: "/") where component != "." {
      if component == "..", let last = components.last, last != ".." {
        components.removeLast()
      } else if component != ".." || !isAbsolute {
        components.append(component)
      }
    }
    let joined = components.joined(separator: "/")
    return isAbsolute ? "/" + joined : joined.isEmpty ? "." : joined
  }
}
