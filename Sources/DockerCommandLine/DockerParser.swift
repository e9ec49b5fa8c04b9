/// Docker's command line (cli/docker.go and cli/cobra.go of docker/cli): words become a command with its flags.
public enum DockerParser {
  /// - Parameter program: `docker`, or what it was called by.
  /// - Throws: `DockerUsageError`.
  public static func parse(_ words: [String], program: String = "docker") throws(DockerUsageError) -> DockerLine {
    var (path, rest): (String, [String]) = ("", words)
    var values: [String: [String]] = [:]
    var warnings: [String] = []
    while true {
      let group = try groupFlags(path, rest, program)
      values.merge(group.values) { _, new in new }
      warnings += group.warnings
      if group.asksForHelp { return .help(DockerHelp.text(ofGroup: path, program)) }
      if path.isEmpty, group.values["version"] == ["true"] { return .version }
      if path == "compose", group.values["version"] == ["true"], let command = DockerTable.command("compose version") {
        return try finish(command, command.name, [], values, warnings, program)
      }
      rest = group.arguments
      guard !rest.isEmpty else {
        if path == "help" { return .help(DockerHelp.text(ofGroup: "", program)) }
        return .help(DockerHelp.text(ofGroup: path, program))
      }
      let word = rest.removeFirst()
      if path.isEmpty, word == "help" { return try help(rest, program) }
      let candidate = path.isEmpty ? word : "\(path) \(word)"
      if let command = DockerTable.command(candidate) {
        return try finish(command, candidate, rest, values, warnings, program)
      }
      guard DockerTable.isGroup(candidate) else { throw unknown(word, in: path, program) }
      path = candidate
    }
  }

  private static func groupFlags(
    _ path: String, _ words: [String], _ program: String
  ) throws(DockerUsageError) -> FlagParser {
    var parser = FlagParser(DockerTable.groupFlags[path] ?? [], takesFlagsAnywhere: false)
    do { try parser.parse(words) } catch { throw usage(error, path.isEmpty ? program : "\(program) \(path)") }
    return parser
  }

  static func finish(
    _ command: DockerCommand, _ spelling: String, _ words: [String], _ values: [String: [String]],
    _ warnings: [String], _ program: String
  ) throws(DockerUsageError) -> DockerLine {
    let name = "\(program) \(spelling)"
    if let reason = command.refusal {
      if words.first == "--help" || words.first == "-h" {
        return .help(DockerHelp.text(of: command, spelling, program))
      }
      throw DockerUsageError(message: "\(name) is not available: \(reason)", exitCode: 1)
    }
    var parser = FlagParser(command.flags, takesFlagsAnywhere: command.takesFlagsAnywhere)
    do { try parser.parse(words) } catch { throw usage(error, name) }
    if parser.asksForHelp { return .help(DockerHelp.text(of: command, spelling, program)) }
    guard command.arguments.contains(parser.arguments.count) else {
      throw DockerUsageError(
        message: """
          \(program): '\(name)' \(requirement(command.arguments))

          Usage:  \(name) \(command.usage)

          See '\(name) --help' for more information
          """, exitCode: 1)
    }
    var invocation = DockerInvocation(command: command, spelling: spelling)
    invocation.values = values.merging(parser.values) { _, new in new }
    invocation.arguments = parser.arguments
    invocation.warnings = warnings + parser.warnings
    return .run(invocation)
  }

  private static func help(_ words: [String], _ program: String) throws(DockerUsageError) -> DockerLine {
    let path = words.joined(separator: " ")
    if let command = DockerTable.command(path) { return .help(DockerHelp.text(of: command, path, program)) }
    guard path.isEmpty || DockerTable.isGroup(path) else { throw unknown(words[words.count - 1], in: "", program) }
    return .help(DockerHelp.text(ofGroup: path, program))
  }

  // MARK: Words

  private static func unknown(_ word: String, in path: String, _ program: String) -> DockerUsageError {
    let name = path.isEmpty ? program : "\(program) \(path)"
    let message =
      path.isEmpty
      ? "\(program): '\(word)' is not a docker command.\nSee '\(program) --help'"
      : "\(program): unknown command: \(name) \(word)\n\nRun '\(name) --help' for more information"
    return DockerUsageError(message: message, exitCode: 1)
  }

  private static func usage(_ failure: FlagParser.Failure, _ name: String) -> DockerUsageError {
    let message = failure.isRefusal ? "\(name): \(failure.words)" : "\(failure.words)\nSee '\(name) --help'."
    return DockerUsageError(message: message, exitCode: 125)
  }

  /// As cli/required.go of docker/cli has it.
  private static func requirement(_ range: ClosedRange<Int>) -> String {
    func words(_ count: Int) -> String { "\(count) \(count == 1 ? "argument" : "arguments")" }
    if range == 0...0 { return "accepts no arguments" }
    if range.lowerBound == range.upperBound { return "requires \(words(range.lowerBound))" }
    if range.upperBound == .max { return "requires at least \(words(range.lowerBound))" }
    if range.lowerBound == 0 { return "requires at most \(words(range.upperBound))" }
    return "requires at least \(range.lowerBound) and at most \(range.upperBound) arguments"
  }
}
