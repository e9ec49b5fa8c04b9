/// What `slipway build` is asked for, as the command line gives it.
public struct BuildRequest: Sendable {
  /// What COPY and ADD read from: a folder, an archive, `-` for an archive or a Dockerfile on standard input, or a URL.
  public var context: String
  /// A path, `-` for standard input, or a URL; nil is `Dockerfile` in the context.
  public var dockerfile: String?
  /// Names of the image.
  public var tags: [String] = []
  /// `NAME=value`, or `NAME` for the value of the environment.
  public var buildArguments: [String] = []
  /// `NAME=value`.
  public var labels: [String] = []
  /// `[LEVEL[PLATFORM]:]KEY=value`.
  public var annotations: [String] = []
  /// `NAME=PATH`, or `NAME=` with `docker-image://`, `oci-layout://` or a URL.
  public var buildContexts: [String] = []
  /// `id=ID[,src=PATH|,env=VARIABLE]`.
  public var secrets: [String] = []
  /// `ID[=SOCKET]`.
  public var agents: [String] = []
  public var target: String?
  /// `OS/ARCH[/VARIANT]`, also several with commas; none is that of this machine.
  public var platforms: [String] = []
  public var call = BuildCall.build
  /// As `--output` has them.
  public var outputs: [String] = []
  /// Whether the image is also pushed under its names.
  public var pushes = false
  /// How missing repositories of Amazon ECR are made, as `--ecr-create` has it; nil is not at all.
  public var repositoryCreation: String?
  /// Where results of earlier builds are looked for, as `--cache-from` has them.
  public var cacheImports: [String] = []
  /// Where the results of the steps are written to, as `--cache-to` has them.
  public var cacheExports: [String] = []
  /// Whether steps run even if their results are known.
  public var ignoresCache = false
  /// Stages whose steps run even if their results are known; also several with commas.
  public var stagesWithoutCache: [String] = []
  /// Whether base images are looked up in their registries even if the store has images of their names.
  public var pullsAlways = false
  /// `default`, `host` or `none`, for RUN.
  public var network = "default"
  /// Whether RUN may ask for the network of this machine.
  var permitsHostNetwork = true
  /// `auto`, `userns` or `chroot`, for RUN.
  public var isolation = "auto"
  /// `NAME:ADDRESS` or `NAME=ADDRESS`, for RUN.
  public var hosts: [String] = []
  /// The size of `/dev/shm` for RUN, a number of bytes such as `64m`.
  public var sharedMemorySize: String?
  /// `NAME=SOFT[:HARD]`, for RUN.
  public var limits: [String] = []
  /// How long one RUN may take, in Go's notation such as `1h30m`; nil is as long as it likes.
  public var runTimeout: String?
  /// What becomes of a RUN that fails: `fail`, or `shell` for a shell in its place on the terminal.
  public var onError = "fail"
  /// Whether the time of the build is that of the context's commit, and only that counts of files which git keeps.
  public var isReproducible = false
  /// The time of the build, in seconds since 1970 or as RFC 3339 writes it.
  public var timestamp: String?
  /// How many steps run at a time; nil is as many as there are processors.
  public var jobs: Int?

  public init(context: String) { self.context = context }
}
