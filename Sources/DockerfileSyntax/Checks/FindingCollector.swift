import Diagnostics

/// Takes what rules find, and drops what nobody wants to hear of.
struct FindingCollector {
  let file: SourceFile
  let expansion: Expansion
  private let options: CheckOptions
  /// `# check=` in comments above instructions, by where the comments begin.
  private let localOptions: [Int: CheckOptions]
  private var known: Set<Diagnostic> = []
  private var comparisons = 0
  private(set) var findings: [Diagnostic] = []
  /// The rule that is being checked.
  var rule: CheckRule?
  /// Whether what is found counts.
  var isListening = true
  /// What findings in triggers of base images point at: the image of the FROM that starts them.
  var place: SourceRange?
  /// The trigger of a base image that is being checked, as the image has it.
  var trigger: String?

  init(_ file: SourceFile, _ expansion: Expansion, options: CheckOptions, localOptions: [Int: CheckOptions]) {
    self.file = file
    self.expansion = expansion
    self.options = options
    self.localOptions = localOptions
  }

  /// Whether a finding of the current rule below these comments would be kept.
  func isWanted(below comments: [Comment]) -> Bool {
    guard isListening, let rule else { return false }
    let local = comments.lazy.compactMap { localOptions[$0.range.lowerBound] }
    if rule.isExperimental { return options.isEnabled(rule) || local.contains { $0.isEnabled(rule) } }
    return options.isEnabled(rule) && local.allSatisfy { $0.isEnabled(rule) }
  }

  /// Notes a finding of the current rule at an instruction with these comments.
  mutating func report(
    _ message: String, at range: SourceRange, below comments: [Comment], notes: [Diagnostic.Note] = [],
    help: [String]
  ) {
    guard isWanted(below: comments), let rule else { return }
    var finding = Diagnostic.warning(
      rule.code, message, at: SourceAnnotation(file, place ?? range), notes: notes, help: help)
    if let trigger {
      finding.notes.append(Diagnostic.Note("the base image brings it along: ONBUILD \(trigger)"))
      finding.help = ["mend it in the base image, or write above this FROM: # check=skip=\(rule.code)"]
    }
    // A trigger is looked at once for each stage that it runs in.
    if known.insert(finding).inserted { findings.append(finding) }
  }

  /// The candidate that was meant, as long as there were not so many to compare that it takes its time.
  mutating func suggestion(for word: String, in candidates: @autoclosure () -> Set<String>) -> String? {
    guard comparisons < 200_000 else { return nil }
    let candidates = candidates()
    comparisons += candidates.count + 1
    return Suggestion.nearest(to: word, in: candidates.sorted())
  }

  func note(_ message: String, at range: SourceRange) -> Diagnostic.Note {
    Diagnostic.Note(message, at: SourceAnnotation(file, range))
  }
}
