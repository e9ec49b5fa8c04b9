public import SystemPackage

/// What the deploy verbs are asked for, as the command line gives it.
public struct DeployRequest: Sendable {
  /// The name of a plugin, or the path of one; nil for the deployments of a buildspec.
  public var plugin: String?
  /// `sha256:…` of the plugin's file.
  public var pin: String?
  /// `NAME=REFERENCE`, or a reference alone, which is named by the last word of its repository.
  public var images: [String] = []
  /// `key=value` and `key:=JSON`.
  public var settings: [String] = []
  /// A file with what the plugin is told, YAML or JSON.
  public var configFile: FilePath?
  /// A path from here, or in the source.
  public var buildspec: String?
  /// The deployment of the buildspec that is meant, by its name or its plugin's; nil is all of them.
  public var name: String?
  /// The folder with the sources, in which plugins begin, and in which none is looked for.
  public var source: FilePath = "."
  public var region: String?
  /// How long the deployment may take, such as `30m`.
  public var timeout: String?
  public var onTimeout: String?
  public var onCancel: String?
  /// Whether nothing may be changed.
  public var isDryRun = false
  /// Whether registries are asked for the digests of tags.
  public var resolvesTags = true

  public init() {}
}
