public import JSON

/// What a plugin is asked for: the one JSON document on its standard input (deploy protocol 1). Nothing secret is in it.
public struct PluginRequest: Sendable, Hashable {
  public var operation: PluginOperation
  /// Of this deployment, the same in all its operations.
  public var id: String
  /// The name of what is deployed, such as that of the repository's folder.
  public var project: String?
  /// By their names in the build.
  public var images: [String: PluginImage]
  /// `with:`, which fits the plugin's schema.
  public var config: JSONValue
  public var region: String?
  /// Whether nothing may be changed.
  public var isDryRun: Bool
  /// When the answer has to be there, in seconds since 1970; in JSON as RFC 3339 writes it.
  public var deadline: Double?
  /// Of `apply`: the result of `plan` as it was.
  public var plan: JSONValue?
  /// Of `status`: answer when nothing moves any more.
  public var waits: Bool
  /// Of `status`: what somebody decided on a deployment that waits for approval, such as
  /// `{"action": "approve"}` or `{"action": "reject", "hook": "…"}`.
  public var decision: JSONValue?
  /// Of `rollback`: the record of the last deployment that succeeded, where the host has one.
  public var previous: JSONValue?

  public init(
    _ operation: PluginOperation, id: String, project: String? = nil, images: [String: PluginImage] = [:],
    config: JSONValue = [:], region: String? = nil, isDryRun: Bool = false, deadline: Double? = nil,
    plan: JSONValue? = nil, waits: Bool = false
  ) {
    self.operation = operation
    self.id = id
    self.project = project
    self.images = images
    self.config = config
    self.region = region
    self.isDryRun = isDryRun
    self.deadline = deadline
    self.plan = plan
    self.waits = waits
  }
}

/// An image that a deployment brings.
public struct PluginImage: Sendable, Hashable {
  /// `REGISTRY/REPOSITORY@sha256:…`, or with a tag where no digest is known.
  public var reference: String
  public var digest: String?
  public var tag: String?
  /// Such as `linux/arm64`, as far as they are known.
  public var platforms: [String]

  public init(reference: String, digest: String? = nil, tag: String? = nil, platforms: [String] = []) {
    self.reference = reference
    self.digest = digest
    self.tag = tag
    self.platforms = platforms
  }
}
