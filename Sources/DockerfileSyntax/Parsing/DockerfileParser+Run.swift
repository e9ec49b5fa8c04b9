import Diagnostics

extension DockerfileParser {
  mutating func parseRun(_ line: InstructionLine, _ flags: InstructionFlags) -> RunInstruction? {
    let command = parseCommandLine(line.arguments, of: line)
    let mounts = flags.list("mount").map { parseMount($0) }
    let network: RunInstruction.Network?? = parseChoice(flags.text("network"), of: "network")
    let security: RunInstruction.Security?? = parseChoice(flags.text("security"), of: "security")
    guard let command, let network, let security, mounts.allSatisfy({ $0 != nil }) else { return nil }
    var run = RunInstruction(command: command, heredocs: line.heredocs, mounts: mounts.compactMap { $0 })
    run.network = network
    run.security = security
    run.devices = flags.list("device").compactMap { $0.value?.word }
    return run
  }

  /// Nil inside when there is no value, nil outside when it is wrong.
  private mutating func parseChoice<Choice: RawRepresentable & CaseIterable>(
    _ word: Word?, of flag: String
  ) -> Choice?? where Choice.RawValue == String {
    guard let word else { return .some(nil) }
    if let choice = Choice(rawValue: word.text) { return choice }
    let choices = Choice.allCases.map(\.rawValue)
    let help = Suggestion.nearest(to: word.text, in: choices).map { "did you mean \($0)?" }
    report(
      "invalid-flag-value", "'\(word.text)' is no value for --\(flag)", at: word.range,
      help: [help ?? "--\(flag) takes \(choices.joined(separator: ", "))"])
    return nil
  }
}
