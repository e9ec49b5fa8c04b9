public import SystemPackage

/// What `slipway run` is asked for, as the command line gives it.
public struct PipelineRequest: Sendable {
  /// A path from here, or in the source; nil is `buildspec.yml` in the source.
  public var file: String?
  /// The folder in which commands begin.
  public var source: FilePath = "."
  /// `NAME=value`, or `NAME` for the value of the environment; the last of a name counts.
  public var variables: [String] = []
  /// Files with such lines, which count less.
  public var variableFiles: [FilePath] = []
  /// What CodeBuild would run the commands in; nothing comes of it here.
  public var image: String?
  /// A folder, a file (`.zip`, `.tar.gz`) or `s3://BUCKET[/PREFIX]`; nil only looks for artifacts.
  public var artifacts: String?
  /// A folder; nil is none.
  public var cache: String?
  /// How many tasks, and steps of images, run at a time; nil is as many as there are processors.
  public var jobs: Int?
  /// The only task of a batch to run.
  public var batchTask: String?
  /// Whether only what would be done is told.
  public var isDryRun = false
  /// Where deployments go.
  public var surroundings: any DeploySurroundings = RealSurroundings()
  /// How long a deployment may take; nil is what it says itself.
  public var deployTimeout: String?

  public init() {}
}
