import Diagnostics

extension ParseResult<Dockerfile> {
  /// Checks a Dockerfile by all rules.
  ///
  /// A file with errors has the parser's findings only. Nothing is read or fetched: what lies outside of the file
  /// comes by the context.
  public func check(_ context: CheckContext = CheckContext()) -> CheckReport {
    guard let value else { return reportOfBrokenFile(context) }
    let checker = DockerfileChecker(value, context, parserDiagnostics: diagnostics)
    return checker.check()
  }

  /// The directives of a broken file are not known, so that nothing is skipped but by the context.
  private func reportOfBrokenFile(_ context: CheckContext) -> CheckReport {
    let options = context.options ?? CheckOptions()
    var report = CheckReport(findings: [], remarks: [], options: options)
    for diagnostic in diagnostics {
      guard diagnostic.code == DockerfileChecker.emptyContinuationCode else {
        report.remarks.append(diagnostic)
        continue
      }
      guard let rule = CheckRule[.noEmptyContinuation], options.isEnabled(rule) else { continue }
      var finding = diagnostic
      finding.code = rule.code
      report.findings.append(finding)
    }
    return report
  }
}

/// Applies the rules to a file, its stages and their instructions, in one pass.
private struct DockerfileChecker {
  /// The parser's code for what the rule NoEmptyContinuation says.
  static let emptyContinuationCode: DiagnosticCode = "no-empty-continuation"

  private let file: CheckedFile
  private var options = CheckOptions()
  private var remarks: [Diagnostic] = []
  private var collector: FindingCollector

  init(_ dockerfile: Dockerfile, _ context: CheckContext, parserDiagnostics: [Diagnostic]) {
    file = CheckedFile(dockerfile, context, parserDiagnostics: parserDiagnostics)
    let directive = dockerfile.directive(.check)
    var reader = CheckOptionsReader(dockerfile.file, invalidSeverity: .error)
    if let given = context.options {
      options = given
    } else if let directive {
      options = reader.read(LogicalText(file: dockerfile.file, range: directive.value.range.range))
      remarks += reader.diagnostics
    }
    let local = LocalCheckOptions(file)
    remarks += local.diagnostics
    collector = FindingCollector(
      dockerfile.file, dockerfile.expansion, options: options, localOptions: local.options)
  }

  consuming func check() -> CheckReport {
    for rule in CheckRule.all {
      guard case .file(let method) = rule.method else { continue }
      collector.rule = rule
      method(file, &collector)
    }
    var scopes: [StageScope] = []
    var indices: [String: Int] = [:]
    for (index, stage) in file.dockerfile.stages.enumerated() {
      let checked = CheckedStage(index: index, from: stage.from, base: base(of: stage.from, indices))
      checkFrom(checked)
      scopes.append(checkInstructions(of: stage, checked, scopes))
      if let name = stage.name { indices[name] = index }
    }
    let findings = collector.findings.inTextOrder
    return CheckReport(
      findings: findings, remarks: (remarks + parserRemarks(besides: findings)).inTextOrder, options: options,
      directive: file.dockerfile.directive(.check).map { SourceAnnotation(file.dockerfile.file, $0.range) })
  }

  // MARK: Stages

  private func base(of from: FromInstruction, _ indices: [String: Int]) -> CheckedStage.Base {
    guard let name = try? file.dockerfile.expansion.expand(from.image, in: file.globals).text else { return .image }
    if let index = indices[name.lowercased()] { return .stage(index) }
    return name == "scratch" ? .scratch : .image
  }

  private mutating func checkFrom(_ stage: CheckedStage) {
    for rule in CheckRule.all {
      guard case .stage(let method) = rule.method else { continue }
      collector.rule = rule
      method(stage, file, &collector)
    }
  }

  /// Returns what is known at the end of the stage.
  private mutating func checkInstructions(
    of stage: Stage, _ checked: CheckedStage, _ scopes: [StageScope]
  ) -> StageScope {
    var scope = StageScope(checked, of: file)
    var triggers: [Instruction] = []
    if case .stage(let index) = checked.base, scopes.indices.contains(index) {
      scope = scopes[index].inherited
      triggers = scopes[index].triggers
    }
    collector.isListening = file.context.isBuilt(checked.index)
    for instruction in triggers + stage.instructions {
      for rule in CheckRule.all {
        guard case .instruction(let method) = rule.method else { continue }
        collector.rule = rule
        method(instruction, scope, &collector)
      }
      scope.apply(instruction)
    }
    collector.isListening = true
    return scope
  }

  // MARK: The parser's warnings

  /// What the parser said and no rule says.
  private func parserRemarks(besides findings: [Diagnostic]) -> [Diagnostic] {
    let code = CheckRule.Name.jsonArgsRecommended.rawValue
    let commands = Set(findings.filter { $0.code.rawValue == code }.compactMap { $0.annotation?.range })
    return file.parserDiagnostics.filter { diagnostic in
      if diagnostic.code == Self.emptyContinuationCode { return false }
      guard diagnostic.code == "invalid-json-form", let range = diagnostic.annotation?.range else { return true }
      return !commands.contains(range)
    }
  }
}

/// `# check=` in comments above instructions, which count for the instruction only.
private struct LocalCheckOptions {
  /// By where the comments begin.
  private(set) var options: [Int: CheckOptions] = [:]
  private(set) var diagnostics: [Diagnostic] = []

  init(_ file: CheckedFile) {
    for (_, comments) in file.commentedRanges {
      // The first one counts.
      guard let (comment, value) = comments.lazy.compactMap({ Self.value(of: $0, in: file) }).first else { continue }
      var reader = CheckOptionsReader(file.dockerfile.file, invalidSeverity: .warning)
      let read = reader.read(value)
      diagnostics += reader.diagnostics
      // One that is wrong counts for nothing.
      if !reader.diagnostics.contains(where: { $0.code == "invalid-check-option" }) {
        options[comment.range.lowerBound] = read
      }
    }
  }

  private static func value(of comment: Comment, in file: CheckedFile) -> (Comment, LogicalText)? {
    let range = comment.range.range
    guard comment.text.utf8.count > 6, comment.text.prefix(5).lowercased() == "check" else { return nil }
    let text = LogicalText(file: file.dockerfile.file, range: (range.lowerBound + 1)..<range.upperBound).trimmed
    guard let equals = text.bytes.firstIndex(of: ASCII.equals),
      text[text.bytes.startIndex..<equals].trimmed.string.lowercased() == "check"
    else { return nil }
    return (comment, text[(equals + 1)..<text.bytes.endIndex].trimmed)
  }
}
