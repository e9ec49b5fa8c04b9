extension DockerTable {
  private static let force = DockerFlag.flag("force", "f").withoutEffect("nothing is asked")

  static let systemCommands: [DockerCommand] = [
    DockerCommand(
      "version", usage: "[OPTIONS]", "Show the Docker version information", arguments: 0...0,
      flags: [.value("format", "f"), .value("kubeconfig").withoutEffect("there is no Kubernetes here")]),
    DockerCommand(
      "info", "system info", usage: "[OPTIONS]", "Display system-wide information", arguments: 0...0,
      flags: [.value("format", "f")]),
    DockerCommand(
      "system prune", usage: "[OPTIONS]", "Remove unused data", arguments: 0...0,
      flags: [
        .flag("all", "a"), .list("filter").refused("slipway prune --filter says what goes"), force,
        .flag("volumes"),
      ]),
    DockerCommand(
      "system df", usage: "[OPTIONS]", "Show docker disk usage", arguments: 0...0,
      flags: [.value("format").refused("slipway du --format json has it"), .flag("verbose", "v")]),
    DockerCommand("context ls", "context list", usage: "", "List contexts", arguments: 0...0),
    DockerCommand("context use", usage: "CONTEXT", "Set the current docker context", arguments: 1...1),
    DockerCommand("context show", usage: "", "Print the name of the current context", arguments: 0...0),
    .refused("events", "system events", reason: "there is no daemon that tells of events"),
    .refused("system dial-stdio", reason: "there is no daemon"),
    .refused(
      "swarm", "service", "stack", "node", "secret", "config", "plugin", "checkpoint", "top", "stats", "attach",
      "update", "pause", "unpause", "port", "rename", "restart", reason: "there is no daemon that keeps services"),
  ]
}
