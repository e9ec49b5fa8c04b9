import Diagnostics

/// Names and cases.
extension CheckRule {
  @Sendable static func checkStageNameCasing(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard let name = stage.from.name, name.text != name.text.lowercased() else { return }
    collector.report(
      "the stage's name '\(name.text)' holds capitals", at: name.range, below: stage.from.comments,
      help: ["write \(name.text.lowercased()); names of stages are compared without case"])
  }

  @Sendable static func checkAsCasing(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard let word = stage.from.asKeyword else { return }
    let keyword = stage.from.keyword.text
    let isLower = keyword == keyword.lowercased()
    // A FROM in mixed case is told of by ConsistentInstructionCasing.
    guard isLower || keyword == keyword.uppercased() else { return }
    let expected = isLower ? "as" : "AS"
    guard word.text != expected else { return }
    collector.report(
      "'\(word.text)' is not written in the case of '\(keyword)'", at: word.range, below: stage.from.comments,
      help: ["write \(expected)"])
  }

  @Sendable static func checkReservedName(
    _ stage: CheckedStage, _ file: CheckedFile, _ collector: inout FindingCollector
  ) {
    guard let name = stage.from.name else { return }
    let meaning: String
    switch name.text.lowercased() {
    case "scratch": meaning = "the empty image"
    case "context": meaning = "the build context"
    default: return
    }
    collector.report(
      "the stage has the reserved name '\(name.text)', which stands for \(meaning)", at: name.range,
      below: stage.from.comments, help: ["give the stage another name"])
  }

  @Sendable static func checkDuplicateStageNames(_ file: CheckedFile, _ collector: inout FindingCollector) {
    var first: [String: Word] = [:]
    for stage in file.dockerfile.stages {
      guard let key = stage.name, let name = stage.from.name else { continue }
      guard let earlier = first[key] else {
        first[key] = name
        continue
      }
      collector.report(
        "there is another stage '\(name.text)' above", at: name.range, below: stage.from.comments,
        notes: [collector.note("it is here", at: earlier.range)],
        help: ["give one of them another name; only the last one of a name can be referred to"])
    }
  }

  @Sendable static func checkInstructionCasing(_ file: CheckedFile, _ collector: inout FindingCollector) {
    let keywords = file.dockerfile.stages.flatMap { stage in
      [(stage.from.keyword, stage.from.comments)] + stage.instructions.map { ($0.keyword, $0.comments) }
    }
    var balance = 0
    for (keyword, _) in keywords {
      if keyword.text == keyword.text.lowercased() {
        balance += 1
      } else if keyword.text == keyword.text.uppercased() {
        balance -= 1
      }
    }
    for (keyword, comments) in keywords {
      let expected = balance > 0 ? keyword.text.lowercased() : keyword.text.uppercased()
      guard keyword.text != expected else { continue }
      let majority = balance > 0 ? "small letters" : "capitals"
      collector.report(
        "'\(keyword.text)' is not written in \(majority), as the other instructions are", at: keyword.range,
        below: comments, help: ["write \(expected)"])
    }
  }

  @Sendable static func checkEmptyContinuations(_ file: CheckedFile, _ collector: inout FindingCollector) {
    var places = file.commentedRanges[...]
    for diagnostic in file.parserDiagnostics where diagnostic.code == "no-empty-continuation" {
      guard let range = diagnostic.annotation?.range else { continue }
      // Both are in the order of the text.
      places = places.drop { $0.range.upperBound < range.lowerBound }
      collector.report(
        diagnostic.message, at: range, below: places.first?.comments ?? [], notes: diagnostic.notes,
        help: diagnostic.help)
    }
  }

  @Sendable static func checkDescriptions(_ file: CheckedFile, _ collector: inout FindingCollector) {
    let arguments = file.dockerfile.preamble + file.dockerfile.stages.flatMap(\.instructions)
    for instruction in arguments {
      guard case .arg(let arg) = instruction.kind else { continue }
      checkDescription("an argument", arg.declarations.map(\.name.text), instruction.comments, &collector)
    }
    for stage in file.dockerfile.stages {
      guard let name = stage.from.name else { continue }
      checkDescription("a stage", [name.text.lowercased()], stage.from.comments, &collector)
    }
  }

  private static func checkDescription(
    _ what: String, _ names: [String], _ comments: [Comment], _ collector: inout FindingCollector
  ) {
    guard let comment = comments.last, let name = names.first, !comment.isCheckOptions else { return }
    let word = String(comment.text.prefix { $0 != " " })
    guard !names.contains(word) else { return }
    let nearest = Suggestion.nearest(to: word, in: names)
    collector.report(
      "the comment above \(what) does not begin with its name", at: comment.range, below: comments,
      help: [
        nearest.map { "did you mean \($0)?" } ?? "write # \(names.count > 1 ? "NAME" : name) and what it is for",
        "if it is no description, put an empty line below it",
      ])
  }
}

extension Comment {
  /// Whether the comment is a `# check=…`.
  var isCheckOptions: Bool {
    guard let equals = text.firstIndex(of: "=") else { return false }
    return text[..<equals].lowercased().split(separator: " ") == ["check"]
  }
}
