public import DockerfileSyntax
public import OCI

/// What a build is asked for beside its Dockerfile.
public struct BuildOptions: Sendable, Hashable {
  /// A stage's name or number; nil is the last stage.
  public var target: String?
  /// What images are to run on: one image is made for each. At least one.
  public var platforms: [Platform]
  /// Whether somebody asked for the platforms: the image is for them then, whatever its base is for. With several, it
  /// always is.
  public var platformsAreRequested = false
  /// What the build runs on.
  public var buildPlatform = Platform.host
  public var arguments: [String: String] = [:]
  /// Added to the image's labels.
  public var labels: [String: String] = [:]
  /// For RUN, where the instruction does not say.
  public var network = ExecOperation.Network.host
  /// Whether RUN may ask for the network of this machine.
  public var permitsHostNetwork = true
  /// For RUN.
  public var surroundings = ExecSurroundings()
  /// What names stand for instead of stages and images (`--build-context`), by names as `ContextName` spells them.
  public var contexts: [String: NamedContext] = [:]
  /// Stages that are built anew even if their results are known (`--no-cache-filter`); by name or number.
  public var stagesWithoutCache: Set<String> = []

  public init(platforms: [Platform] = [.host]) {
    self.platforms = platforms
  }
}

/// What a name of `--build-context` stands for.
public enum NamedContext: Sendable, Hashable {
  /// A folder of this machine; the builder knows which.
  case folder
  /// `docker-image://…`
  case image(ImageReference)
  /// `oci-layout://path[:tag][@digest]`; the image is asked for as this reference, which names the context.
  case layout(ImageReference)
  /// A file by URL; an archive is unpacked, any other file is called `context`.
  case http(HTTPSource)
  /// A repository, with or without `.git` as the reference says.
  case git(GitReference)
}
