public import Diagnostics

extension Dockerfile {
  /// Reads a Dockerfile.
  ///
  /// All errors are reported at once, each with its place.
  public static func parse(_ file: SourceFile) -> ParseResult<Dockerfile> {
    var parser = DockerfileParser(file)
    guard parser.checkEncoding() else { return ParseResult(value: nil, diagnostics: parser.diagnostics) }
    var assembly = StageAssembly()
    while let line = parser.nextInstruction() { assembly.add(line, &parser) }
    if assembly.isEmpty, !parser.hasErrors { parser.reportMissingFrom(isEmpty: assembly.preamble.isEmpty) }
    let diagnostics = parser.sortedDiagnostics
    guard !parser.hasErrors else { return ParseResult(value: nil, diagnostics: diagnostics) }
    let dockerfile = Dockerfile(
      file: file, directives: parser.directives, escape: parser.escape, preamble: assembly.preamble,
      stages: assembly.stages)
    return ParseResult(value: dockerfile, diagnostics: diagnostics)
  }
}

extension Instruction {
  /// Reads one instruction that stands by itself, such as an ONBUILD trigger in an image's config.
  public static func parse(_ file: SourceFile) -> ParseResult<Instruction> {
    var parser = DockerfileParser(file)
    var instructions: [Instruction] = []
    var count = 0
    while let line = parser.nextInstruction() {
      count += 1
      if line.name == .from {
        parser.report(
          "misplaced-from", "FROM cannot stand here", at: line.keyword.range,
          help: ["a trigger is an instruction inside of a stage, such as RUN or COPY"])
      } else if let instruction = parser.parseInstruction(line) {
        instructions.append(instruction)
      }
    }
    if count != 1, !parser.hasErrors {
      parser.report(
        "not-one-instruction", "one instruction is expected here, not \(count)", at: SourceRange(0, file.bytes.count))
    }
    let value = parser.hasErrors ? nil : instructions.first
    return ParseResult(value: value, diagnostics: parser.sortedDiagnostics)
  }
}

/// Deals instructions out to stages.
private struct StageAssembly {
  private(set) var preamble: [Instruction] = []
  private(set) var stages: [Stage] = []
  /// Whether there was a FROM, even one with errors.
  private var hasFrom = false
  private var hasReportedMissingFrom = false

  var isEmpty: Bool { !hasFrom }

  mutating func add(_ line: InstructionLine, _ parser: inout DockerfileParser) {
    if line.name == .from {
      hasFrom = true
      if let from = parser.parseFrom(line) { stages.append(Stage(from: from)) }
      return
    }
    let instruction = parser.parseInstruction(line)
    if !hasFrom, line.name != .arg, line.name != nil {
      guard !hasReportedMissingFrom else { return }
      hasReportedMissingFrom = true
      parser.report(
        "missing-from", "\(line.keyword.text.uppercased()) stands before the first FROM", at: line.keyword.range,
        help: ["begin with a FROM; only ARG may stand before it"])
    }
    guard let instruction else { return }
    if !hasFrom {
      preamble.append(instruction)
    } else if !stages.isEmpty {
      stages[stages.count - 1].instructions.append(instruction)
    }
  }
}

extension DockerfileParser {
  fileprivate mutating func reportMissingFrom(isEmpty: Bool) {
    let end = SourceRange(file.bytes.count, file.bytes.count)
    if isEmpty {
      report("no-instructions", "the file holds no instructions", at: end, help: ["begin with a FROM"])
    } else {
      report("missing-from", "the file has no FROM", at: end, help: ["a stage begins with a FROM"])
    }
  }

  fileprivate var sortedDiagnostics: [Diagnostic] {
    diagnostics.enumerated().sorted { left, right in
      let leftOffset = left.element.annotation?.range.lowerBound ?? 0
      let rightOffset = right.element.annotation?.range.lowerBound ?? 0
      return (leftOffset, left.offset) < (rightOffset, right.offset)
    }.map(\.element)
  }
}
