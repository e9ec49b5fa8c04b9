public import OCI

/// Annotations for the documents of a build (image-spec, annotations.md; docker buildx build, "--annotation").
public struct ImageAnnotations: Sendable, Hashable {
  /// The document that an annotation stands in.
  public enum Level: String, Sendable, Hashable, CaseIterable {
    case manifest
    case index
    /// What the index, or a layout, says of a manifest.
    case manifestDescriptor = "manifest-descriptor"
    /// What a layout says of an index.
    case indexDescriptor = "index-descriptor"
  }

  private struct Place: Sendable, Hashable {
    var level: Level
    var platform: Platform?
  }

  private var values: [Place: [String: String]] = [:]

  public init() {}

  /// - Parameter platform: nil sets it for all platforms.
  public mutating func set(_ key: String, _ value: String, _ level: Level, _ platform: Platform? = nil) {
    values[Place(level: level, platform: platform), default: [:]][key] = value
  }

  /// Nil when there are none. What is for one platform wins over what is for all.
  public subscript(_ level: Level, _ platform: Platform?) -> [String: String]? {
    var found = values[Place(level: level, platform: nil)] ?? [:]
    if let platform { found.merge(values[Place(level: level, platform: platform)] ?? [:]) { _, own in own } }
    return found.isEmpty ? nil : found
  }

  /// The levels that something is set for.
  public var levels: Set<Level> { Set(values.keys.map(\.level)) }

  /// The platforms that something is set for alone.
  public var platforms: Set<Platform> { Set(values.keys.compactMap(\.platform)) }
}
