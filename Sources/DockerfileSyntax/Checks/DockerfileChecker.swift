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
  private static let instructionRules = CheckRule.all.compactMap { rule in
    if case .instruction(let method) = rule.method { (rule, method) } else { nil }
  }
  /// How many more triggers are looked into: stages times triggers may be far more than there are lines.
  private var triggerBudget = 20_000

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
    remarks += file.globals.errors
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
      findings: findings, remarks: (remarks + parserRemarks(besides: findings)).withoutRepetitions.inTextOrder,
      options: options,
      directive: file.dockerfile.directive(.check).map { SourceAnnotation(file.dockerfile.file, $0.range) })
  }

  // MARK: Stages

  private func base(of from: FromInstruction, _ indices: [String: Int]) -> CheckedStage.Base {
    guard let name = try? file.dockerfile.expansion.expand(from.image, in: file.globals).text else { return .image }
    if let index = indices[name.lowercased()] { return .stage(index) }
    return name == "scratch" ? .scratch : .image
  }

  private mutating func checkFrom(_ stage: CheckedStage) {
    for word in [stage.from.image, stage.from.platform].compactMap({ $0 }) {
      do {
        _ = try file.dockerfile.expansion.expand(word, in: file.globals)
      } catch {
        remarks += error.diagnostics
      }
    }
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
    collector.isListening = file.context.isBuilt(checked.index)
    if case .stage(let index) = checked.base, scopes.indices.contains(index) {
      scope = scopes[index].inherited
      checkTriggers(scopes[index].triggers, &scope)
    } else {
      checkTriggers(ofImageOf: checked, &scope)
    }
    for instruction in stage.instructions { check(instruction, &scope) }
    collector.isListening = true
    return scope
  }

  private mutating func check(_ instruction: Instruction, _ scope: inout StageScope) {
    if collector.isListening, collector.place == nil { remarks += errors(of: instruction, scope) }
    for (rule, method) in Self.instructionRules {
      collector.rule = rule
      method(instruction, scope, &collector)
    }
    scope.apply(instruction, at: collector.place)
  }

  /// The triggers of the stage that this one starts from.
  private mutating func checkTriggers(_ triggers: [Instruction], _ scope: inout StageScope) {
    guard triggers.count <= triggerBudget else {
      scope.forget()
      return
    }
    triggerBudget -= triggers.count
    for trigger in triggers { check(trigger, &scope) }
  }

  /// The triggers of the image that the stage starts from: what they say has no place in the file.
  private mutating func checkTriggers(ofImageOf stage: CheckedStage, _ scope: inout StageScope) {
    guard case .image = stage.base, let triggers = file.context.bases[stage.index]?.triggers else { return }
    collector.place = stage.from.image.range
    for text in triggers {
      let parsed = Instruction.parse(SourceFile(name: "ONBUILD", text: text))
      // Who builds is told about one that is none.
      guard var instruction = parsed.value, triggerBudget > 0 else {
        scope.forget()
        continue
      }
      triggerBudget -= 1
      instruction.comments = stage.from.comments
      collector.trigger = text
      check(instruction, &scope)
    }
    collector.place = nil
    collector.trigger = nil
  }

  /// What is wrong with the words of an instruction: quotes and substitutions that nothing can be made of.
  private func errors(of instruction: Instruction, _ scope: StageScope) -> [Diagnostic] {
    var uses = scope.uses(of: instruction)
    if case .expose(let expose) = instruction.kind { uses += expose.ports.map { ExpandedUse(word: $0) } }
    var errors: [Diagnostic] = []
    for use in uses {
      var expansion = file.dockerfile.expansion
      expansion.style = use.style
      do {
        _ = try expansion.expand(use.word, in: scope)
      } catch {
        // Whether a variable is set is not always known here.
        errors += error.diagnostics.filter { $0.code != "variable-required" }
      }
    }
    return errors
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
