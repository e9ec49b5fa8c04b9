/// The reference of commands and flags in docs/docker.md and docs/kaniko.md, made of the tables.
public enum DockerReference {
  /// All of docker's commands.
  public static var docker: String {
    let groups = DockerTable.groupFlags.sorted { $0.key < $1.key }.map { name, flags in
      section(name.isEmpty ? "docker" : "docker \(name)", nil, ["Flags that stand before the command."], flags)
    }
    let available = DockerTable.commands.filter { $0.refusal == nil }.map { command in
      section("docker \(command.name)", command.usage, remarks(on: command), command.flags)
    }
    let refused = DockerTable.commands.filter { $0.refusal != nil }.map { command in
      "| \(command.names.map { "`\($0)`" }.joined(separator: ", ")) | \(cell(command.refusal ?? "")) |\n"
    }
    return (groups + available).joined(separator: "\n")
      + "\n### Commands that are refused\n\n| commands | why |\n| --- | --- |\n" + refused.joined()
  }

  public static var kaniko: String { table(KanikoTable.command.flags) }

  private static func remarks(on command: DockerCommand) -> [String] {
    var remarks = ["\(command.summary)."]
    if command.names.count > 1 {
      remarks.append("Also \(command.names.dropFirst().map { "`\($0)`" }.joined(separator: ", ")).")
    }
    return remarks
  }

  private static func section(_ title: String, _ usage: String?, _ remarks: [String], _ flags: [DockerFlag]) -> String {
    let call = usage.map { "`\(title)\($0.isEmpty ? "" : " \($0)")`\n\n" } ?? ""
    return "### \(title)\n\n\(call)\(remarks.joined(separator: " "))\n" + (flags.isEmpty ? "" : "\n" + table(flags))
  }

  private static func table(_ flags: [DockerFlag]) -> String {
    "| flag | what becomes of it |\n| --- | --- |\n"
      + flags.map { "| `\($0.words)` | \(cell(words(of: $0.treatment))) |\n" }.joined()
  }

  private static func words(of treatment: DockerFlag.Treatment) -> String {
    switch treatment {
    case .honoured: "honoured"
    case .withoutEffect(let reason): "no effect: \(reason)"
    case .warned(let warning): "no effect, with a warning: \(warning)"
    case .only(let values, let reason):
      "\(values.filter { !$0.isEmpty }.map { "`\($0)`" }.joined(separator: ", ")) only, without effect: \(reason)"
    case .refused(let reason): "refused: \(reason)"
    }
  }

  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|").replacing("WARNING: ", with: "")
  }
}
