extension DockerTable {
  private static let limits = "limits of processor and memory are not set: the machine's hold"
  private static let ending = "a container is ended at once, with all that it started"
  private static let monitor = "nobody watches containers here; the pipeline sees the exit code"
  private static let noNetwork = "networks of containers are not made; a container uses that of the machine"

  static let containerCommands: [DockerCommand] = [
    DockerCommand(
      "run", "container run", usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]",
      "Create and run a new container from an image",
      arguments: 1...Int.max,
      flags: containerFlags + [
        .flag("detach", "d"),
        .value("detach-keys").withoutEffect("nothing is detached"),
        .flag("sig-proxy").withoutEffect("signals always end the container"),
      ]
    ).endingFlags(),
    DockerCommand(
      "create", "container create", usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new container",
      arguments: 1...Int.max, flags: containerFlags
    ).endingFlags(),
    DockerCommand(
      "cp", "container cp", usage: "[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-",
      "Copy files/folders between a container and the local filesystem", arguments: 2...2,
      flags: [
        .flag("archive", "a").withoutEffect("owners are kept where this user may"),
        .flag("follow-link", "L"), .flag("quiet", "q").withoutEffect("nothing is told"),
      ]),
    DockerCommand(
      "export", "container export", usage: "[OPTIONS] CONTAINER",
      "Export a container's filesystem as a tar archive", arguments: 1...1, flags: [.value("output", "o")]),
    DockerCommand(
      "rm", "container rm", "container remove", usage: "[OPTIONS] CONTAINER [CONTAINER...]",
      "Remove one or more containers", arguments: 1...Int.max,
      flags: [
        .flag("force", "f"), .flag("link", "l").refused("there are no links"),
        .flag("volumes", "v").withoutEffect("containers have no volumes of their own"),
      ]),
    DockerCommand(
      "ps", "container ls", "container list", "container ps", usage: "[OPTIONS]", "List containers", arguments: 0...0,
      flags: [
        .flag("all", "a"), .list("filter", "f"), .value("format"), .value("last", "n"), .flag("latest", "l"),
        .flag("no-trunc"), .flag("quiet", "q"), .flag("size", "s").withoutEffect("containers have written nothing"),
      ]),
    DockerCommand(
      "container inspect", usage: "[OPTIONS] CONTAINER [CONTAINER...]",
      "Display detailed information on one or more containers", arguments: 1...Int.max,
      flags: [.value("format", "f"), .flag("size", "s").withoutEffect("containers have written nothing")]),
    DockerCommand(
      "container prune", usage: "[OPTIONS]", "Remove all stopped containers", arguments: 0...0,
      flags: [
        .list("filter").refused("docker rm removes one container"),
        .flag("force", "f").withoutEffect("nothing is asked"),
      ]),
    DockerCommand(
      "stop", "container stop", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Stop one or more running containers",
      arguments: 1...Int.max,
      flags: [
        .value("signal", "s").withoutEffect(ending), .value("time", "t").withoutEffect(ending),
        .value("timeout").withoutEffect(ending),
      ]),
    DockerCommand(
      "kill", "container kill", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Kill one or more running containers",
      arguments: 1...Int.max, flags: [.value("signal", "s").withoutEffect(ending)]),
    DockerCommand(
      "wait", "container wait", usage: "CONTAINER [CONTAINER...]",
      "Block until one or more containers stop, then print their exit codes", arguments: 1...Int.max),
    DockerCommand(
      "logs", "container logs", usage: "[OPTIONS] CONTAINER", "Fetch the logs of a container", arguments: 1...1,
      flags: [
        .flag("details").withoutEffect("there are none"), .flag("follow", "f"),
        .value("since").refused("output has no times"), .value("tail", "n"),
        .flag("timestamps", "t").refused("output has no times"), .value("until").refused("output has no times"),
      ]),
    .refused(
      "exec", "container exec", "start", "container start",
      reason: "a container runs one command; run another one with docker run"),
    DockerCommand(
      "volume ls", "volume list", usage: "[OPTIONS]", "List volumes", arguments: 0...0,
      flags: [
        .list("filter", "f").withoutEffect("there are no volumes"), .value("format"), .flag("quiet", "q"),
      ]),
    DockerCommand(
      "volume prune", usage: "[OPTIONS]", "Remove unused local volumes", arguments: 0...0,
      flags: [
        .flag("all", "a").withoutEffect("there are no volumes"),
        .list("filter").withoutEffect("there are no volumes"), .flag("force", "f").withoutEffect("nothing is asked"),
      ]),
    DockerCommand(
      "volume rm", "volume remove", usage: "[OPTIONS] VOLUME [VOLUME...]", "Remove one or more volumes",
      arguments: 1...Int.max, flags: [.flag("force", "f")]),
    .refused("volume create", "volume inspect", reason: "show a folder of this machine: docker run -v /FOLDER:/PATH"),
    DockerCommand(
      "network ls", "network list", usage: "[OPTIONS]", "List networks", arguments: 0...0,
      flags: [
        .list("filter", "f").withoutEffect("the networks are always the same"), .value("format"), .flag("no-trunc"),
        .flag("quiet", "q"),
      ]),
    DockerCommand(
      "network prune", usage: "[OPTIONS]", "Remove all unused networks", arguments: 0...0,
      flags: [
        .list("filter").withoutEffect("nothing is removed"), .flag("force", "f").withoutEffect("nothing is asked"),
      ]),
    .refused(
      "network create", "network rm", "network connect", "network disconnect", "network inspect", reason: noNetwork),
  ]

  private static let containerFlags: [DockerFlag] = [
    .list("add-host"),
    .list("attach", "a").withoutEffect("output is always shown"),
    .list("cap-add").warned(
      "WARNING: --cap-add is not available: a container has the rights that commands of builds have"),
    .list("cap-drop").warned(
      "WARNING: --cap-drop is not available: a container has the rights that commands of builds have"),
    .value("cgroup-parent").withoutEffect(limits),
    .value("cidfile"),
    .value("cpu-shares", "c").warned("WARNING: \(limits)"),
    .value("cpus").warned("WARNING: \(limits)"),
    .value("cpuset-cpus").warned("WARNING: \(limits)"),
    .list("device").refused("devices of the machine are not shown to containers"),
    contentTrust,
    .list("dns").refused("the name servers are those of this machine"),
    .value("entrypoint"),
    .list("env", "e"),
    .list("env-file"),
    .list("expose").withoutEffect("a container listens on the network of this machine"),
    .value("gpus").refused("devices of the machine are not shown to containers"),
    .list("group-add").refused("write the group behind the user: -u USER:GROUP"),
    .value("health-cmd").withoutEffect(monitor),
    .value("health-interval").withoutEffect(monitor),
    .value("health-retries").withoutEffect(monitor),
    .value("health-timeout").withoutEffect(monitor),
    .flag("no-healthcheck").withoutEffect(monitor),
    .value("hostname", "h"),
    .flag("init").withoutEffect("whatever a container leaves behind is always ended"),
    .flag("interactive", "i"),
    .value("ipc").only(["", "private", "none"], "containers are kept apart from this machine"),
    .list("label", "l"),
    .list("link").refused(noNetwork),
    .value("log-driver").withoutEffect("output is shown and not kept"),
    .list("log-opt").withoutEffect("output is shown and not kept"),
    .value("memory", "m").warned("WARNING: \(limits)"),
    .value("memory-swap").warned("WARNING: \(limits)"),
    .list("mount"),
    .value("name"),
    .value("network"),
    .value("net"),
    .value("pid").only(["", "private"], "containers are kept apart from this machine"),
    .value("platform"),
    .flag("privileged").warned(
      "WARNING: --privileged is not available: the container has the rights that commands of builds have"),
    .list("publish", "p").warned(
      "WARNING: --publish is not needed: the container listens on the network of this machine, at its own port"),
    .flag("publish-all", "P").warned(
      "WARNING: --publish-all is not needed: the container listens on the network of this machine, at its own ports"),
    .value("pull"),
    .flag("quiet", "q"),
    .flag("read-only").refused("what a container writes changes no image; leave --read-only away"),
    .value("restart").only(["", "no"], "nobody is there to start a container again"),
    .flag("rm"),
    .list("security-opt").warned("WARNING: --security-opt is not available: the filter of commands of builds holds"),
    .value("shm-size"),
    .value("stop-signal").withoutEffect("a container ends with this command"),
    .value("stop-timeout").withoutEffect("a container ends with this command"),
    .list("sysctl").refused("the kernel's settings are those of this machine"),
    .list("tmpfs"),
    .flag("tty", "t"),
    .list("ulimit"),
    .value("user", "u"),
    .value("userns").only(["", "host"], "Slipway chooses the user namespace"),
    .list("volume", "v"),
    .list("volumes-from").refused("containers have no volumes of their own"),
    .value("workdir", "w"),
  ]
}
