public import OCI

/// What a build is asked for beside its Dockerfile.
public struct BuildOptions: Sendable, Hashable {
  /// A stage's name or number; nil is the last stage.
  public var target: String?
  /// What the image is to run on.
  public var platform: Platform
  /// What the build runs on.
  public var buildPlatform: Platform
  public var arguments: [String: String]
  /// Added to the image's labels.
  public var labels: [String: String]
  /// For RUN, where the instruction does not say.
  public var network: ExecOperation.Network

  public init(platform: Platform = .host) {
    self.platform = platform
    self.buildPlatform = .host
    self.arguments = [:]
    self.labels = [:]
    self.network = .host
  }
}
