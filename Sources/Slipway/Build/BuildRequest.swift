public import SystemPackage

/// What `slipway build` is asked for, as the command line gives it.
public struct BuildRequest: Sendable {
  /// The folder that COPY and ADD read from.
  public var context: FilePath
  /// Nil is `Dockerfile` in the context.
  public var dockerfile: FilePath?
  /// Names of the image.
  public var tags: [String] = []
  /// `NAME=value`, or `NAME` for the value of the environment.
  public var buildArguments: [String] = []
  /// `NAME=value`.
  public var labels: [String] = []
  public var target: String?
  /// `OS/ARCH[/VARIANT]`; nil is that of this machine.
  public var platform: String?
  /// As `--output` has them.
  public var outputs: [String] = []
  /// Whether the image is also pushed under its names.
  public var pushes = false
  /// Whether steps run even if their results are known.
  public var ignoresCache = false
  /// Whether base images are looked up in their registries even if the store has images of their names.
  public var pullsAlways = false
  /// `default`, `host` or `none`, for RUN.
  public var network = "default"

  public init(context: FilePath) { self.context = context }
}
