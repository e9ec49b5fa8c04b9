extension DockerTable {
  private static let limits = "limits of processor and memory are left to the machine, as BuildKit leaves them"

  static let buildCommands: [DockerCommand] = [
    DockerCommand(
      "build", "image build", "buildx build", "buildx b", "builder build", usage: "[OPTIONS] PATH | URL | -",
      "Build an image from a Dockerfile", arguments: 1...1, flags: buildFlags),
    DockerCommand(
      "buildx create", usage: "[OPTIONS] [CONTEXT|ENDPOINT]", "Create a new builder instance", arguments: 0...1,
      flags: [
        .value("name"), .value("driver").withoutEffect("all builders are this one"),
        .list("driver-opt").withoutEffect("all builders are this one"),
        .flag("append").withoutEffect("all builders are this one"),
        .flag("bootstrap").withoutEffect("nothing has to be started"),
        .value("buildkitd-flags").withoutEffect("there is no buildkitd"),
        .value("buildkitd-config").refused("there is no buildkitd; registries are set up in registries.conf"),
        .value("config").refused("there is no buildkitd; registries are set up in registries.conf"),
        .flag("leave").withoutEffect("all builders are this one"),
        .value("node").withoutEffect("all builders are this one"),
        .list("platform").withoutEffect("each build says its platforms"),
        .flag("use").withoutEffect("all builders are this one"),
        .flag("debug", "D").withoutEffect("errors always say all"),
      ]),
    DockerCommand(
      "buildx use", usage: "[OPTIONS] NAME", "Set the current builder instance", arguments: 1...1,
      flags: [
        .flag("default").withoutEffect("all builders are this one"),
        .flag("global").withoutEffect("all builders are this one"), builder,
      ]),
    DockerCommand(
      "buildx inspect", usage: "[NAME]", "Inspect current builder instance", arguments: 0...1,
      flags: [.flag("bootstrap").withoutEffect("nothing has to be started"), builder]),
    DockerCommand(
      "buildx ls", usage: "", "List builder instances", arguments: 0...0,
      flags: [.value("format"), .flag("no-trunc").withoutEffect("nothing is cut off")]),
    DockerCommand(
      "buildx rm", usage: "[OPTIONS] [NAME] [NAME...]", "Remove one or more builder instances", arguments: 0...Int.max,
      flags: [
        .flag("all-inactive").withoutEffect("all builders are this one"),
        .flag("force", "f").withoutEffect("nothing is asked"),
        .flag("keep-daemon").withoutEffect("there is no daemon"),
        .flag("keep-state").withoutEffect("the store stays"), builder,
      ]),
    DockerCommand(
      "buildx stop", usage: "[NAME]", "Stop builder instance", arguments: 0...1, flags: [builder]),
    DockerCommand(
      "buildx install", usage: "", "Install buildx as a 'docker builder' alias", arguments: 0...0),
    DockerCommand("buildx uninstall", usage: "", "Uninstall the 'docker builder' alias", arguments: 0...0),
    DockerCommand("buildx version", usage: "", "Show buildx version information", arguments: 0...0),
    DockerCommand(
      "buildx du", usage: "", "Disk usage", arguments: 0...0,
      flags: [
        builder, .flag("verbose"), .list("filter").refused("slipway du lists all that is kept"),
        .value("format").refused("slipway du --format json has it"),
      ]),
    DockerCommand(
      "buildx prune", "builder prune", usage: "[OPTIONS]", "Remove build cache", arguments: 0...0,
      flags: [
        .flag("all", "a").withoutEffect("what images need is kept, and all else goes"),
        .flag("force", "f").withoutEffect("nothing is asked"), .list("filter"), .value("keep-storage"),
        .value("max-used-space"), .value("reserved-space").withoutEffect("--max-used-space says how much stays"),
        .value("min-free-space").refused("--max-used-space says how much stays"),
        .flag("verbose").withoutEffect("what goes is always listed"), builder,
      ]),
    DockerCommand(
      "buildx imagetools create", usage: "[OPTIONS] [SOURCE...]", "Create a new image based on source images",
      arguments: 0...Int.max,
      flags: [
        .list("annotation"), .flag("append"), .flag("dry-run"), .list("file", "f"),
        .value("progress").withoutEffect("progress is shown as lines"), .list("tag", "t"), builder,
        .flag("prefer-index").withoutEffect("an index is always made"),
        .value("metadata-file").refused("read the digest: docker buildx imagetools inspect NAME"),
        .list("platform").refused("leave images of other platforms away"),
      ]),
    DockerCommand(
      "buildx imagetools inspect", usage: "[OPTIONS] NAME", "Show details of an image in the registry",
      arguments: 1...1, flags: [.flag("raw"), .value("format"), builder]),
    .refused("buildx bake", "bake", reason: "bake files are not read; write docker buildx build for each image"),
    .refused("buildx debug", "buildx dial-stdio", "buildx dap", reason: "there is no builder to speak with"),
    .refused("buildx history", reason: "builds leave no records of that kind"),
  ]

  private static let buildFlags: [DockerFlag] = [
    .list("add-host"),
    .list("allow").only(["network.host"], "commands get no more rights than Slipway has"),
    .list("annotation"),
    .list("attest").only(["type=provenance,disabled=true", "type=sbom,disabled=true"], "no attestations are made"),
    .list("build-arg"),
    .list("build-context"),
    builder,
    .list("cache-from"),
    .list("cache-to"),
    .value("call"),
    .value("cgroup-parent").withoutEffect(limits),
    .flag("check"),
    .flag("compress").withoutEffect("no context is sent anywhere"),
    .value("cpu-period").withoutEffect(limits),
    .value("cpu-quota").withoutEffect(limits),
    .value("cpu-shares", "c").withoutEffect(limits),
    .value("cpuset-cpus").withoutEffect(limits),
    .value("cpuset-mems").withoutEffect(limits),
    .flag("debug", "D").withoutEffect("errors always say all"),
    contentTrust,
    .value("file", "f"),
    .flag("force-rm").withoutEffect("no containers are left behind"),
    .value("iidfile"),
    .value("isolation").only(["", "default"], "the others are for Windows"),
    .list("label"),
    .flag("load").withoutEffect("images that are built are always in the store"),
    .value("memory", "m").withoutEffect(limits),
    .value("memory-swap").withoutEffect(limits),
    .value("metadata-file"),
    .value("network"),
    .flag("no-cache"),
    .list("no-cache-filter"),
    .list("output", "o"),
    .list("platform"),
    .value("progress"),
    .value("provenance").only(
      ["false", "0", "mode=disabled", "disabled=true"], "attestations are not made; leave it away"),
    .flag("pull"),
    .flag("push"),
    .flag("quiet", "q"),
    .flag("rm").withoutEffect("no containers are left behind"),
    .value("sbom").only(["false", "0", "disabled=true"], "attestations are not made; leave it away"),
    .list("secret"),
    .list("security-opt").refused("commands of a build are confined as BuildKit confines them"),
    .value("shm-size"),
    .flag("squash").warned(
      "WARNING: experimental flag squash is removed with BuildKit. You should squash inside build using a multi-stage "
        + "Dockerfile for efficiency."),
    .list("ssh"),
    .flag("stream").withoutEffect("no context is sent anywhere"),
    .list("tag", "t"),
    .value("target"),
    .list("ulimit"),
  ]
}
