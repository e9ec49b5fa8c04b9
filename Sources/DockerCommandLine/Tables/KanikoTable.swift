/// The command line of kaniko's executor (kaniko README, "Additional Flags").
public enum KanikoTable {
  private static let store = "builds run in the store, and not in the files of this container"
  private static let snapshots = "what a step changed is told by the kernel"
  private static let plain = "say in registries.conf which registries speak plain HTTP (insecure = true)"

  public static let command = DockerCommand(
    "kaniko", usage: "--context CONTEXT --destination NAME [OPTIONS]",
    "Build an image and push it, as kaniko's executor does", arguments: 0...0,
    flags: [
      .list("build-arg"), .flag("cache"), .value("cache-dir").withoutEffect("base images are kept in the store"),
      .flag("cache-copy-layers").withoutEffect("results of all steps are kept"),
      .flag("cache-run-layers").withoutEffect("results of all steps are kept"), .value("cache-repo"),
      .value("cache-ttl").withoutEffect("slipway prune removes what is old"),
      .flag("cleanup").withoutEffect(store), .flag("compressed-caching").withoutEffect("caches are always compressed"),
      .value("compression"), .value("compression-level"), .value("context", "c"), .value("context-sub-path"),
      .list("credential-helpers").withoutEffect(
        "ECR's credentials are found without one, and config.json names others"),
      .value("custom-platform"), .value("customPlatform"), .list("destination", "d"), .value("digest-file"),
      .value("dockerfile", "f"),
      .flag("force").withoutEffect("builds run anywhere"),
      .value("git"),
      .list("ignore-path").withoutEffect(store), .flag("ignore-var-run").withoutEffect(store),
      .value("image-download-retry").withoutEffect("downloads are always tried again"),
      .value("image-fs-extract-retry").withoutEffect("layers are always tried again"),
      .value("image-name-tag-with-digest-file"), .value("image-name-with-digest-file"),
      .flag("insecure"), .flag("insecure-pull"), .list("insecure-registry"),
      .value("kaniko-dir").withoutEffect(store), .list("label"),
      .value("log-format").only(["color", "text"], "the lines are those of slipway build"),
      .flag("log-timestamp").withoutEffect("each line of a step has its time"), .flag("no-push"),
      .flag("no-push-cache"), .value("oci-layout-path"),
      .flag("push-ignore-immutable-tag-errors").refused("a tag that cannot be pushed is an error"),
      .value("push-retry").withoutEffect("uploads are always tried again"),
      .list("registry-certificate").refused("put the certificate into /etc/docker/certs.d/HOST/ca.crt"),
      .list("registry-client-cert").refused("put it into /etc/docker/certs.d/HOST/client.cert and client.key"),
      .list("registry-map"), .list("registry-mirror"), .flag("reproducible"),
      .list("secret"),
      .flag("single-snapshot").refused("every step makes its layer; leave it away, or use stages and COPY --from"),
      .flag("skip-default-registry-fallback").refused("registries.conf says which mirrors are asked"),
      .flag("skip-push-permission-check").withoutEffect("the push itself tells whether it is permitted"),
      .flag("skip-tls-verify"), .flag("skip-tls-verify-pull"), .list("skip-tls-verify-registry"),
      .flag("skip-unused-stages").withoutEffect("stages that nobody needs are never built"),
      .value("snapshot-mode").withoutEffect(snapshots), .value("snapshotMode").withoutEffect(snapshots),
      .value("tar-path"), .value("tarPath"), .value("target"), .flag("use-new-run").withoutEffect(snapshots),
      .value("verbosity", "v").withoutEffect("the lines are those of slipway build"),
    ])
}

extension DockerParser {
  /// The command line of a program that has one command.
  /// - Throws: `DockerUsageError`.
  public static func parse(
    _ words: [String], of command: DockerCommand, program: String
  ) throws(DockerUsageError) -> DockerLine {
    try finish(command, command.name, words, [:], [], program)
  }
}
