/// What `--help` shows.
enum DockerHelp {
  static func text(ofGroup path: String, _ program: String) -> String {
    let name = path.isEmpty ? program : "\(program) \(path)"
    let prefix = path.isEmpty ? "" : path + " "
    var rows: [(String, String)] = []
    for command in DockerTable.commands where command.refusal == nil {
      for own in command.names where own.hasPrefix(prefix) && !own.dropFirst(prefix.count).contains(" ") {
        rows.append((String(own.dropFirst(prefix.count)), command.summary))
      }
    }
    let groups = path.isEmpty ? DockerTable.groups.filter { !$0.contains(" ") && DockerTable.command($0) == nil } : []
    var text = "Usage:  \(name) [OPTIONS] COMMAND\n\nThis is Slipway: it does docker's work without a daemon.\n"
    text += "\nCommands:\n" + table(rows)
    if !groups.isEmpty { text += "\nGroups of commands: \(groups.joined(separator: ", "))\n" }
    let flags = DockerTable.groupFlags[path] ?? []
    if !flags.isEmpty { text += "\nOptions:\n" + flags.map(line).joined() }
    return text + "\nRun '\(name) COMMAND --help' for more information on a command.\n"
  }

  static func text(of command: DockerCommand, _ spelling: String, _ program: String) -> String {
    var text = "Usage:  \(program) \(spelling) \(command.usage)\n\n\(command.summary)\n"
    if let reason = command.refusal { text += "\nIt is refused: \(reason)\n" }
    if command.names.count > 1 {
      text += "\nAliases:\n  \(command.names.map { "\(program) \($0)" }.joined(separator: ", "))\n"
    }
    if !command.flags.isEmpty { text += "\nOptions:\n" + command.flags.map(line).joined() }
    return text
  }

  private static func line(_ flag: DockerFlag) -> String {
    let name = (flag.short.map { "  -\($0), " } ?? "      ") + "--\(flag.name)"
    let value =
      switch flag.kind {
      case .boolean: ""
      case .value: " value"
      case .list: " list"
      case .optional: "[=value]"
      }
    let words =
      switch flag.treatment {
      case .honoured: ""
      case .withoutEffect(let reason): "no effect: \(reason)"
      case .warned(let warning): "no effect: \(warning)"
      case .only(let values, let reason): "\(values.joined(separator: ", ")) only: \(reason)"
      case .refused(let reason): "refused: \(reason)"
      }
    let left = name + value
    guard !words.isEmpty else { return left + "\n" }
    return left + String(repeating: " ", count: max(2, 32 - left.count)) + words + "\n"
  }

  private static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count + 3))\($0.1)\n" }.joined()
  }
}
