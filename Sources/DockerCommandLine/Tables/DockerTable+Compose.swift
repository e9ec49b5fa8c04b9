extension DockerTable {
  static let composeGroupFlags: [DockerFlag] = [
    .flag("all-resources").withoutEffect("images and services alone count here"),
    .value("ansi").withoutEffect("output has no colours"),
    .flag("compatibility").withoutEffect("names of images are those of compose v2"),
    .flag("dry-run").refused("docker compose config shows what would be done"),
    .list("env-file"),
    .list("file", "f"),
    .flag("no-ansi").withoutEffect("output has no colours"),
    .value("parallel").withoutEffect("services are built one after the other, and their steps side by side"),
    .list("profile"),
    .value("progress").withoutEffect("progress is shown as lines"),
    .value("project-directory"),
    .value("project-name", "p"),
    .flag("verbose").withoutEffect("errors always say all"),
    .flag("version", "v"),
  ]

  private static let reason =
    "of compose files Slipway does what is about images: build, push, pull, config and images, and up and run of one "
    + "service in the foreground"

  static let composeCommands: [DockerCommand] = [
    DockerCommand(
      "compose build", usage: "[OPTIONS] [SERVICE...]", "Build or rebuild services", arguments: 0...Int.max,
      flags: [
        .list("build-arg"), builder, .flag("check").refused("slipway check says what is wrong with a Dockerfile"),
        .flag("compress").withoutEffect("no context is sent anywhere"),
        .flag("force-rm").withoutEffect("no containers are left behind"),
        .value("memory", "m").withoutEffect("BuildKit has no such limit either"), .flag("no-cache"),
        .flag("no-rm").withoutEffect("no containers are left behind"),
        .flag("parallel").withoutEffect("steps of a build run side by side"),
        .value("progress").withoutEffect("progress is shown as lines"),
        .value("provenance").only(["false"], "attestations are not made; leave it away"),
        .value("sbom").only(["false"], "attestations are not made; leave it away"), .flag("pull"), .flag("push"),
        .flag("quiet", "q"), .value("ssh"), .flag("with-dependencies"),
      ]),
    DockerCommand(
      "compose push", usage: "[OPTIONS] [SERVICE...]", "Push service images", arguments: 0...Int.max,
      flags: [
        .flag("ignore-push-failures"), .flag("include-deps"), .flag("quiet", "q"),
      ]),
    DockerCommand(
      "compose pull", usage: "[OPTIONS] [SERVICE...]", "Pull service images", arguments: 0...Int.max,
      flags: [
        .flag("ignore-buildable"), .flag("ignore-pull-failures"), .flag("include-deps"), .value("policy"),
        .flag("quiet", "q"), .flag("parallel").withoutEffect("blobs of an image are fetched side by side"),
        .flag("no-parallel").withoutEffect("images are pulled one after the other"),
      ]),
    DockerCommand(
      "compose config", "compose convert", usage: "[OPTIONS] [SERVICE...]",
      "Parse, resolve and render compose file in canonical format", arguments: 0...Int.max,
      flags: [
        .value("format"), .flag("images"), .flag("quiet", "q"), .flag("services"),
        .flag("no-interpolate").refused("variables are always put in"),
        .value("output", "o"),
      ]),
    DockerCommand(
      "compose images", usage: "[OPTIONS] [SERVICE...]", "List images used by the services", arguments: 0...Int.max,
      flags: [.value("format").only(["table"], "docker images --format writes other forms"), .flag("quiet", "q")]),
    DockerCommand(
      "compose run", usage: "[OPTIONS] SERVICE [COMMAND] [ARGS...]", "Run a one-off command on a service",
      arguments: 1...Int.max,
      flags: [
        .flag("build"), .flag("detach", "d").refused("a container ends with this command"), .value("entrypoint"),
        .list("env", "e"), .flag("interactive", "i").withoutEffect("input is always passed on"),
        .list("label", "l").withoutEffect("containers are not kept"), .value("name"), .flag("no-TTY", "T"),
        .flag("no-deps"), .list("publish", "p").withoutEffect("a container listens on the network of this machine"),
        .flag("quiet-pull").withoutEffect("progress goes to standard error"),
        .flag("rm").withoutEffect("containers are always removed when they end"),
        .flag("service-ports").withoutEffect("a container listens on the network of this machine"),
        .flag("tty", "t").withoutEffect("a terminal is used when there is one"), .value("user", "u"),
        .list("volume", "v"), .value("workdir", "w"),
      ]
    ).endingFlags(),
    DockerCommand(
      "compose up", usage: "[OPTIONS] [SERVICE...]", "Create and start containers", arguments: 0...Int.max,
      flags: [
        .flag("build"), .flag("no-build"), .flag("detach", "d").refused("a container ends with this command"),
        .flag("abort-on-container-exit").withoutEffect("there is one container, and its end is the end"),
        .value("exit-code-from").withoutEffect("there is one container, and its exit code is that of the command"),
        .flag("force-recreate").withoutEffect("containers are always new"),
        .flag("no-color").withoutEffect("output has no colours"), .flag("no-deps"),
        .flag("no-log-prefix").withoutEffect("there is one container"),
        .flag("quiet-pull").withoutEffect("progress goes to standard error"),
        .flag("remove-orphans").withoutEffect("containers end with this command"),
      ]),
    DockerCommand(
      "compose down", usage: "[OPTIONS]", "Stop and remove containers, networks", arguments: 0...Int.max,
      flags: [
        .flag("remove-orphans").withoutEffect("no container is left"),
        .value("rmi").refused("docker rmi removes images"),
        .value("timeout", "t").withoutEffect("no container is running"),
        .flag("volumes", "v").withoutEffect("there are no volumes"),
      ]),
    DockerCommand(
      "compose ps", usage: "[OPTIONS] [SERVICE...]", "List containers", arguments: 0...Int.max,
      flags: [
        .flag("all", "a").withoutEffect("no container is running"), .flag("quiet", "q"),
        .flag("services").withoutEffect("no container is running"),
      ]),
    DockerCommand(
      "compose version", usage: "[OPTIONS]", "Show the Docker Compose version information", arguments: 0...0,
      flags: [.value("format", "f"), .flag("short")]),
    .refused(
      "compose attach", "compose commit", "compose cp", "compose create", "compose events", "compose exec",
      "compose export", "compose kill", "compose logs", "compose ls", "compose pause", "compose port",
      "compose publish",
      "compose restart", "compose rm", "compose scale", "compose start", "compose stats", "compose stop", "compose top",
      "compose unpause", "compose volumes", "compose wait", "compose watch", reason: reason),
  ]
}
