/// All commands of docker that are known here.
public enum DockerTable {
  public static let commands: [DockerCommand] =
    buildCommands + imageCommands + registryCommands + manifestCommands + containerCommands + systemCommands
    + composeCommands

  /// Flags that stand between a group's name and its commands. The empty name is docker itself.
  public static let groupFlags: [String: [DockerFlag]] = [
    "": globalFlags, "buildx": [builder, .flag("debug", "D").withoutEffect("errors always say all")],
    "compose": composeGroupFlags,
  ]

  private static let globalFlags: [DockerFlag] = [
    .value("config"),
    .value("context", "c").withoutEffect("there is no daemon that a context could lead to"),
    .flag("debug", "D").withoutEffect("errors always say all"),
    .list("host", "H").withoutEffect("there is no daemon"),
    .value("log-level", "l").withoutEffect("there is no daemon that writes a log"),
    .flag("tls").withoutEffect("there is no daemon"),
    .value("tlscacert").withoutEffect("there is no daemon"),
    .value("tlscert").withoutEffect("there is no daemon"),
    .value("tlskey").withoutEffect("there is no daemon"),
    .flag("tlsverify").withoutEffect("there is no daemon"),
    .flag("version", "v"),
  ]

  static let builder = DockerFlag.value("builder").withoutEffect("all builders are this one")
  static let contentTrust = DockerFlag.flag("disable-content-trust").withoutEffect("nothing is signed with Notary")

  private static let byName: [String: DockerCommand] = Dictionary(
    commands.flatMap { command in command.names.map { ($0, command) } }
  ) { first, _ in first }

  static let groups: [String] = Set(
    byName.keys.flatMap { name in
      let words = name.split(separator: " ")
      return words.indices.dropFirst().map { words[..<$0].joined(separator: " ") }
    }
  ).sorted()

  /// The command of a whole name, such as `image build`.
  public static func command(_ name: String) -> DockerCommand? { byName[name] }

  static func isGroup(_ name: String) -> Bool { groups.contains(name) }
}
