import Diagnostics

/// What `# check=skip=RuleA,RuleB;error=true;experimental=RuleC` says (Dockerfile reference, "check").
public struct CheckOptions: Sendable, Hashable {
  /// A list of rules, or `all`.
  public struct Selection: Sendable, Hashable {
    public var includesAll: Bool
    public var names: Set<CheckRule.Name>

    public init(includesAll: Bool = false, names: Set<CheckRule.Name> = []) {
      self.includesAll = includesAll
      self.names = names
    }

    func contains(_ name: CheckRule.Name) -> Bool { includesAll || names.contains(name) }
  }

  /// Rules that are not wanted. They mean nothing for experimental rules.
  public var skip = Selection()
  /// Experimental rules that are wanted.
  public var experimental = Selection()
  /// `error=true`: a build ends when there is a finding.
  public var treatsFindingsAsErrors = false

  public init() {}

  /// Whether a rule is on.
  public func isEnabled(_ rule: CheckRule) -> Bool {
    rule.isExperimental ? experimental.contains(rule.name) : !skip.contains(rule.name)
  }

  /// Reads options that come from elsewhere, such as a command line; `origin` is what they are called in messages.
  public static func parse(_ text: String, from origin: String) -> ParseResult<CheckOptions> {
    let file = SourceFile(name: origin, text: text)
    var reader = CheckOptionsReader(file, invalidSeverity: .error)
    let options = reader.read(LogicalText(file: file, range: 0..<file.bytes.count).trimmed)
    let hasErrors = reader.diagnostics.contains { $0.severity == .error }
    return ParseResult(value: hasErrors ? nil : options, diagnostics: reader.diagnostics.inTextOrder)
  }
}

/// Reads options and says what is wrong with them.
struct CheckOptionsReader {
  private let file: SourceFile
  private let invalidSeverity: Diagnostic.Severity
  private(set) var diagnostics: [Diagnostic] = []

  /// BuildKit refuses wrong options at the top of a file, and passes over them elsewhere.
  init(_ file: SourceFile, invalidSeverity: Diagnostic.Severity) {
    self.file = file
    self.invalidSeverity = invalidSeverity
  }

  /// What follows `check=`, up to the first blank: BuildKit reads no further.
  mutating func read(_ text: LogicalText) -> CheckOptions {
    var options = CheckOptions()
    guard !text.isEmpty else { return options }
    let end = text.bytes.firstIndex(of: ASCII.space) ?? text.bytes.endIndex
    if case let rest = text[end..<text.bytes.endIndex].trimmed, !rest.isEmpty {
      warn(
        "ignored-check-option", "what follows a blank is not read", at: rest.sourceRange,
        help: ["write the options without blanks: # check=skip=RuleA,RuleB;error=true"])
    }
    for part in Self.split(text[text.bytes.startIndex..<end], at: UInt8(ascii: ";")) { read(part, into: &options) }
    return options
  }

  private mutating func read(_ part: LogicalText, into options: inout CheckOptions) {
    guard let equals = part.bytes.firstIndex(of: ASCII.equals) else {
      reportInvalid("'\(part.string)' is no check option", at: part.sourceRange, help: Self.usage)
      return
    }
    let key = part[part.bytes.startIndex..<equals].trimmed
    let value = part[(equals + 1)..<part.bytes.endIndex].trimmed
    switch key.string {
    case "skip": options.skip = readSelection(value)
    case "experimental": options.experimental = readSelection(value, isExperimental: true)
    case "error":
      guard let flag = Self.boolean(value.string) else {
        reportInvalid("error is true or false, not '\(value.string)'", at: value.sourceRange, help: "write error=true")
        return
      }
      options.treatsFindingsAsErrors = flag
    default:
      let nearest = Suggestion.nearest(to: key.string, in: ["skip", "error", "experimental"])
      reportInvalid(
        "there is no check option '\(key.string)'", at: key.sourceRange,
        help: nearest.map { "did you mean \($0)?" } ?? Self.usage)
    }
  }

  private mutating func readSelection(_ text: LogicalText, isExperimental: Bool = false) -> CheckOptions.Selection {
    if text.string == "all" { return CheckOptions.Selection(includesAll: true) }
    var selection = CheckOptions.Selection()
    for part in Self.split(text, at: UInt8(ascii: ",")).map(\.trimmed) where !part.isEmpty {
      guard let name = CheckRule.Name(rawValue: part.string) else {
        let candidates = CheckRule.Name.allCases.map(\.rawValue) + ["all"]
        let nearest = Suggestion.nearest(to: part.string, in: candidates)
        warn(
          "unknown-check", "there is no check '\(part.string)'", at: part.sourceRange,
          help: [nearest.map { "did you mean \($0)?" } ?? "docs/checks/README.md lists the checks"])
        continue
      }
      if isExperimental, CheckRule[name]?.isExperimental != true {
        warn(
          "ignored-check-option", "\(name.rawValue) is not experimental, it is on by itself", at: part.sourceRange,
          help: ["take it away"])
      }
      selection.names.insert(name)
    }
    return selection
  }

  /// As Go's `strconv.ParseBool` has it.
  private static func boolean(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "true", "TRUE", "True": true
    case "0", "f", "F", "false", "FALSE", "False": false
    default: nil
    }
  }

  private static func split(_ text: LogicalText, at separator: UInt8) -> [LogicalText] {
    var parts: [LogicalText] = []
    var start = text.bytes.startIndex
    while start <= text.bytes.endIndex {
      let end = text.bytes[start...].firstIndex(of: separator) ?? text.bytes.endIndex
      parts.append(text[start..<end])
      start = end + 1
    }
    return parts
  }

  private static let usage = "write skip=RuleA,RuleB or skip=all, error=true, experimental=RuleC, with ; between them"

  private mutating func reportInvalid(_ message: String, at range: SourceRange, help: String) {
    diagnostics.append(
      Diagnostic(
        invalidSeverity, "invalid-check-option", message, at: SourceAnnotation(file, range), help: [help]))
  }

  private mutating func warn(_ code: DiagnosticCode, _ message: String, at range: SourceRange, help: [String]) {
    diagnostics.append(.warning(code, message, at: SourceAnnotation(file, range), help: help))
  }
}
