extension DockerTable {
  static let imageCommands: [DockerCommand] = [
    DockerCommand(
      "tag", "image tag", usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
      "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", arguments: 2...2),
    DockerCommand(
      "images", "image ls", "image list", usage: "[OPTIONS] [REPOSITORY[:TAG]]", "List images", arguments: 0...1,
      flags: [
        .flag("all", "a").withoutEffect("steps of builds are no images"), .flag("digests"), .list("filter", "f"),
        .value("format"), .flag("no-trunc"), .flag("quiet", "q"),
        .flag("tree").refused("docker image inspect shows what an image has"),
      ]),
    DockerCommand(
      "rmi", "image rm", "image remove", usage: "[OPTIONS] IMAGE [IMAGE...]", "Remove one or more images",
      arguments: 1...Int.max,
      flags: [
        .flag("force", "f"), .flag("no-prune").withoutEffect("steps of builds are no images"),
        .list("platform").refused("an image goes with all its platforms"),
      ]),
    DockerCommand(
      "inspect", usage: "[OPTIONS] NAME|ID [NAME|ID...]", "Return low-level information on Docker objects",
      arguments: 1...Int.max,
      flags: [.value("format", "f"), .flag("size", "s").withoutEffect("sizes are always there"), .value("type")]),
    DockerCommand(
      "image inspect", usage: "[OPTIONS] IMAGE [IMAGE...]", "Display detailed information on one or more images",
      arguments: 1...Int.max, flags: [.value("format", "f"), .value("platform")]),
    DockerCommand(
      "save", "image save", usage: "[OPTIONS] IMAGE [IMAGE...]",
      "Save one or more images to a tar archive (streamed to STDOUT by default)", arguments: 1...Int.max,
      flags: [.value("output", "o"), .list("platform")]),
    DockerCommand(
      "load", "image load", usage: "[OPTIONS]", "Load an image from a tar archive or STDIN", arguments: 0...0,
      flags: [
        .value("input", "i"), .list("platform").refused("an image is loaded with all its platforms"),
        .flag("quiet", "q"),
      ]),
    DockerCommand(
      "history", "image history", usage: "[OPTIONS] IMAGE", "Show the history of an image", arguments: 1...1,
      flags: [.value("format"), .flag("human", "H"), .flag("no-trunc"), .value("platform"), .flag("quiet", "q")]),
    DockerCommand(
      "image prune", usage: "[OPTIONS]", "Remove unused images", arguments: 0...0,
      flags: [
        .flag("all", "a"), .list("filter").refused("slipway prune --filter says what goes"),
        .flag("force", "f").withoutEffect("nothing is asked"),
      ]),
    .refused(
      "import", "image import", reason: "build FROM scratch with ADD ARCHIVE / to make an image of an archive"),
    .refused("commit", "container commit", reason: "images are made by docker build alone"),
    .refused("diff", "container diff", reason: "containers end with their command"),
  ]
}
