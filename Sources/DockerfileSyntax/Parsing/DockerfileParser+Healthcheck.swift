import Diagnostics

extension DockerfileParser {
  mutating func parseHealthcheck(_ line: InstructionLine, _ flags: InstructionFlags) -> HealthcheckInstruction? {
    let text = line.arguments
    guard !text.isEmpty else {
      reportMissingArgument(line, "CMD and a command, or NONE")
      return nil
    }
    let typeEnd = text.bytes.firstIndex(where: ASCII.isBlank) ?? text.bytes.endIndex
    let type = text.word(text.bytes.startIndex..<typeEnd)
    let rest = text[typeEnd..<text.bytes.endIndex].trimmed
    switch type.text.uppercased() {
    case "NONE": return parseNoHealthcheck(line, rest, flags)
    case "CMD": return parseHealthcheckCommand(line, rest, flags)
    default:
      let nearest = Suggestion.nearest(to: type.text, in: ["CMD", "NONE"]).map { "did you mean \($0)?" }
      report(
        "invalid-healthcheck", "HEALTHCHECK takes CMD and a command, or NONE, not '\(type.text)'", at: type.range,
        help: [nearest ?? "write CMD in front of the command"])
      _ = parseTimes(flags)
      return nil
    }
  }

  private mutating func parseNoHealthcheck(
    _ line: InstructionLine, _ rest: LogicalText, _ flags: InstructionFlags
  ) -> HealthcheckInstruction? {
    guard rest.isEmpty else {
      report(
        "invalid-healthcheck", "HEALTHCHECK NONE takes no arguments", at: rest.sourceRange,
        help: ["take them away, or write CMD instead of NONE"])
      return nil
    }
    if let first = line.flags.first {
      warn(
        "ignored-flag", "--\(first.name.text) means nothing with HEALTHCHECK NONE", at: first.range,
        help: ["take it away"])
    }
    return HealthcheckInstruction(check: .none)
  }

  private mutating func parseHealthcheckCommand(
    _ line: InstructionLine, _ rest: LogicalText, _ flags: InstructionFlags
  ) -> HealthcheckInstruction? {
    let errors = diagnostics.count
    let command = parseCommandLine(rest, of: line)
    if rest.isEmpty || command == .exec([]) {
      report(
        "missing-argument", "HEALTHCHECK CMD needs a command", at: line.text.sourceRange,
        help: ["for example: \(InstructionName.healthcheck.example)"])
    }
    let times = parseTimes(flags)
    guard let command, !diagnostics[errors...].contains(where: { $0.severity == .error }) else { return nil }
    var healthcheck = times
    healthcheck.check = .command(command)
    return healthcheck
  }

  /// What the flags say, without a check.
  private mutating func parseTimes(_ flags: InstructionFlags) -> HealthcheckInstruction {
    var healthcheck = HealthcheckInstruction(check: .none)
    healthcheck.interval = parseInterval("interval", flags)
    healthcheck.timeout = parseInterval("timeout", flags)
    healthcheck.startPeriod = parseInterval("start-period", flags)
    healthcheck.startInterval = parseInterval("start-interval", flags)
    healthcheck.retries = parseRetries(flags)
    return healthcheck
  }

  /// A time of at least a millisecond; 0 means the default.
  private mutating func parseInterval(_ name: String, _ flags: InstructionFlags) -> Duration? {
    guard let word = flags.text(name) else { return nil }
    guard let duration = Duration(goDuration: word.text) else {
      report(
        "invalid-duration", "'\(word.text)' is no duration", at: word.range,
        help: ["write a number with a unit: 300ms, 30s, 5m, 1h30m"])
      return nil
    }
    guard duration == .zero || duration >= .milliseconds(1) else {
      report(
        "invalid-duration", "--\(name) cannot be less than 1ms", at: word.range, help: ["0s stands for the default"])
      return nil
    }
    return duration == .zero ? nil : duration
  }

  private mutating func parseRetries(_ flags: InstructionFlags) -> Int? {
    guard let word = flags.text("retries") else { return nil }
    guard let retries = Int32(word.text), retries >= 0 else {
      report(
        "invalid-flag-value", "'\(word.text)' is no number of retries", at: word.range,
        help: ["write a whole number; 0 stands for the default"])
      return nil
    }
    return retries == 0 ? nil : Int(retries)
  }
}
