import Diagnostics

/// Forms of instructions.
extension CheckRule {
  @Sendable static func checkCommandForm(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    let command: CommandLine
    let name: String
    switch instruction.kind {
    case .cmd(let cmd): (command, name) = (cmd.command, "CMD")
    case .entrypoint(let entrypoint): (command, name) = (entrypoint.command, "ENTRYPOINT")
    default: return
    }
    // Whoever sets a shell wants it.
    guard case .shell(let text) = command, !scope.hasShell else { return }
    collector.report(
      "\(name) starts a shell, which keeps signals from the program",
      at: text.text.isEmpty ? instruction.keyword.range : text.range,
      below: instruction.comments, help: [helpForCommand(text.text, name)])
  }

  private static func helpForCommand(_ text: String, _ name: String) -> String {
    if text.hasPrefix("["), text.hasSuffix("]") {
      let fixed = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\"")
      return isStringArray(fixed)
        ? "strings take double quotes: write \(name) \(fixed)"
        : "it looks like a JSON array: strings take double quotes, commas stand between them"
    }
    let words = text.split(separator: " ").map { "\"\($0)\"" }
    let isPlain = text.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && !"\"'\\$`|&;<>(){}[]*?!~#".utf8.contains(byte) || byte == ASCII.space
    }
    if isPlain, !words.isEmpty { return "write \(name) [\(words.joined(separator: ", "))]" }
    return "write it as a JSON array; if the shell is needed, name it: \(name) [\"/bin/sh\", \"-c\", \"exec …\"]"
  }

  private static func isStringArray(_ text: String) -> Bool {
    let file = SourceFile(name: "", text: text)
    let outcome = JSONStringArray.parse(LogicalText(file: file, range: 0..<file.bytes.count))
    if case .strings = outcome { return true }
    return false
  }

  @Sendable static func checkPairForm(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    let pairs: [KeyValuePair]
    switch instruction.kind {
    case .env(let env) where env.usesLegacyForm: pairs = env.variables
    case .label(let label) where label.usesLegacyForm: pairs = label.labels
    default: return
    }
    let name = instruction.keyword.text.uppercased()
    for pair in pairs {
      let value = pair.value.text
      let isPlain = !value.utf8.contains { $0 <= 0x20 || "\"'\\`".utf8.contains($0) }
      let isQuotable = !value.utf8.contains { $0 < 0x20 || "\"'\\`".utf8.contains($0) }
      let shown = isPlain ? value : isQuotable ? "\"\(value)\"" : "\"…\""
      collector.report(
        "a blank stands between the name and the value of \(name)", at: pair.key.range.union(pair.value.range),
        below: instruction.comments, help: ["write \(name) \(pair.key.text)=\(shown)"])
    }
  }

  @Sendable static func checkMaintainer(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    guard case .maintainer(let maintainer) = instruction.kind else { return }
    collector.report(
      "MAINTAINER is deprecated", at: instruction.keyword.range, below: instruction.comments,
      help: ["write LABEL org.opencontainers.image.authors=\"\(maintainer.name.text.filter { $0 != "\"" })\""])
  }

  @Sendable static func checkRepetition(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    let single: StageScope.Single
    switch instruction.kind {
    case .cmd: single = .cmd
    case .entrypoint: single = .entrypoint
    case .healthcheck: single = .healthcheck
    default: return
    }
    guard let earlier = scope.singles[single] else { return }
    let name = instruction.keyword.text.uppercased()
    collector.report(
      "this \(name) means nothing, another one follows in the stage", at: earlier.range,
      below: earlier.comments + instruction.comments,
      notes: [collector.note("it is here", at: collector.place ?? instruction.keyword.range)],
      help: ["take one of them away"])
  }

  @Sendable static func checkWorkdir(
    _ instruction: Instruction, _ scope: StageScope, _ collector: inout FindingCollector
  ) {
    guard case .workdir(let workdir) = instruction.kind, !scope.hasWorkdir else { return }
    // What begins with a slash is absolute, whatever the variables in it are.
    guard !workdir.path.text.hasPrefix("/"), let value = scope.evaluate(workdir.path) else { return }
    guard value.isCertain || !workdir.path.text.hasPrefix("$"), !value.text.text.hasPrefix("/") else { return }
    let shown = value.text.text.isEmpty ? workdir.path.text : value.text.text
    collector.report(
      "where '\(shown)' is depends on the working folder of the base image", at: workdir.path.range,
      below: instruction.comments, help: ["write an absolute path: WORKDIR /\(shown.drop { "./$".contains($0) })"])
  }
}
