extension DockerTable {
  static let registryCommands: [DockerCommand] = [
    DockerCommand(
      "push", "image push", usage: "[OPTIONS] NAME[:TAG]", "Upload an image to a registry", arguments: 1...1,
      flags: [.flag("all-tags", "a"), contentTrust, .value("platform"), .flag("quiet", "q")]),
    DockerCommand(
      "pull", "image pull", usage: "[OPTIONS] NAME[:TAG|@DIGEST]", "Download an image from a registry",
      arguments: 1...1,
      flags: [
        .flag("all-tags", "a").refused("pull the tags that are needed one by one"), contentTrust, .value("platform"),
        .flag("quiet", "q"),
      ]),
    DockerCommand(
      "login", usage: "[OPTIONS] [SERVER]", "Authenticate to a registry", arguments: 0...1,
      flags: [
        .value("password", "p"), .flag("password-stdin"), .value("username", "u"),
        .value("email", "e").warned("Flag --email has been deprecated, will be removed in 1.14."),
      ]),
    DockerCommand("logout", usage: "[SERVER]", "Log out from a registry", arguments: 0...1),
    DockerCommand(
      "search", usage: "TERM", "Search Docker Hub for images", arguments: 1...1
    ).refusing("hub.docker.com finds images"),
  ]

  static let manifestCommands: [DockerCommand] = [
    DockerCommand(
      "manifest create", usage: "MANIFEST_LIST MANIFEST [MANIFEST...]",
      "Create a local manifest list for annotating and pushing to a registry", arguments: 2...Int.max,
      flags: [.flag("amend", "a"), insecure]),
    DockerCommand(
      "manifest annotate", usage: "[OPTIONS] MANIFEST_LIST MANIFEST",
      "Add additional information to a local image manifest", arguments: 2...2,
      flags: [
        .value("arch"), .value("os"), .list("os-features"), .value("os-version"), .value("variant"),
      ]),
    DockerCommand(
      "manifest push", usage: "[OPTIONS] MANIFEST_LIST", "Push a manifest list to a repository", arguments: 1...1,
      flags: [insecure, .flag("purge", "p")]),
    DockerCommand(
      "manifest inspect", usage: "[OPTIONS] [MANIFEST_LIST] MANIFEST",
      "Display an image manifest, or manifest list", arguments: 1...2, flags: [insecure, .flag("verbose", "v")]),
    DockerCommand(
      "manifest rm", usage: "MANIFEST_LIST [MANIFEST_LIST...]",
      "Delete one or more manifest lists from local storage", arguments: 1...Int.max),
    .refused("trust", reason: "nothing is signed with Notary"),
  ]

  private static let insecure = DockerFlag.flag("insecure").only(
    [], "say in registries.conf which registries speak plain HTTP (insecure = true)")
}

extension DockerCommand {
  /// The command, known and refused.
  func refusing(_ reason: String) -> DockerCommand {
    var copy = self
    copy.refusal = reason
    copy.takesFlagsAnywhere = false
    return copy
  }
}
