public import HostOS

/// A thing that the store holds, and what may become of it.
public struct StoreItem: Sendable, Hashable, Encodable {
  public enum Kind: String, Sendable, Hashable, Encodable, CaseIterable {
    /// A layer, configuration or manifest in the image layout.
    case blob
    /// What a layer holds, so that it need not be read for that.
    case index
    /// An unpacked layer.
    case snapshot
    /// What a step came to.
    case record
    /// A folder of `RUN --mount=type=cache`.
    case cacheMount = "cache-mount"
    /// A copy of files of a context, for mounts.
    case context
    /// What was fetched by URL: a file or a git repository.
    case remote
    /// Digests of a context's files.
    case digests
    /// Work in progress, or what a process that was killed left of it.
    case work
    /// What Slipway does not know.
    case other
  }

  /// Digest, key or path: what the thing is called.
  public var id: String
  public var kind: Kind
  /// On the disk, in bytes. Content of several names counts once.
  public var size: Int64
  /// To the minute.
  public var lastUsed: Timestamp
  /// Whether a process holds it now.
  public var isInUse: Bool
  /// Whether `prune` may remove it: no image of a name needs it, and nobody holds it.
  public var isReclaimable: Bool
  /// The images that need it, by their names.
  public var images: [String]

  /// As much of the id as tells things apart.
  public var shortID: String {
    let name = id.hasPrefix("sha256:") ? id.dropFirst(7) : id[...]
    // Twelve digits of each digest, which may stand behind a word.
    return name.split(separator: "/").map { $0.dropLast($0.utf8.count < 64 ? 0 : 52) }.joined(separator: "/")
  }

  enum CodingKeys: String, CodingKey {
    case id, size, lastUsed, images
    case kind = "type"
    case isInUse = "inUse"
    case isReclaimable = "reclaimable"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(kind, forKey: .kind)
    try container.encode(size, forKey: .size)
    try container.encode(lastUsed.rfc3339, forKey: .lastUsed)
    try container.encode(isInUse, forKey: .isInUse)
    try container.encode(isReclaimable, forKey: .isReclaimable)
    try container.encode(images, forKey: .images)
  }
}
