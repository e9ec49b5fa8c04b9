import HostOS
import OCI

/// What a cache says: which layer came of which step, and which has the folder of which cache mount. It is the configuration of an image whose layers are the results,
/// or a member of the configuration of an image that was built.
struct CacheDocument: Codable, Sendable, Hashable {
  struct Record: Codable, Sendable, Hashable {
    /// Of the step, in 64 hexadecimal digits. A step may have several.
    var key: String
    /// One of `rootfs`.
    var diffID: Digest
    /// When the layer was made.
    var created: Timestamp?
  }

  struct Records: Codable, Sendable, Hashable {
    static let currentVersion = 1

    var version = currentVersion
    /// Sorted by keys, so that equal caches are equal bytes.
    var records: [Record]
    /// Sorted by keys; nil where there is none.
    var mounts: [Mount]?
  }

  struct Mount: Codable, Sendable, Hashable {
    var identity: CacheFolders.Identity
    /// Of the archive of the folder, one of `rootfs`.
    var diffID: Digest
  }

  /// Nil in images that have no cache inside.
  var cache: Records?
  /// The layers of the manifest, in its order.
  var rootfs: RootFS?

  enum CodingKeys: String, CodingKey {
    case cache = "slipway.cache"
    case rootfs
  }
}

extension MediaType {
  /// Of the document, where it is by itself.
  static let cacheDocument = MediaType(rawValue: "application/vnd.slipway.cache.v1+json")

  var isLayer: Bool {
    [.ociLayer, .ociLayerGzip, .ociLayerZstd, .dockerLayer, .dockerLayerGzip].contains(self)
  }
}

extension CacheDocument.Records {
  /// - Parameters:
  ///   - results: the layers of steps, by the steps' keys.
  ///   - mounts: in their order.
  init(_ results: [String: Layer], _ mounts: [OfferedMount] = []) {
    records = results.sorted { $0.key < $1.key }.map { key, layer in
      CacheDocument.Record(key: key, diffID: layer.diffID, created: layer.created)
    }
    if !mounts.isEmpty { self.mounts = mounts.map { .init(identity: $0.identity, diffID: $0.layer.diffID) } }
  }
}

/// A configuration with a cache inside, which other programs pass over.
struct CachingConfig: Encodable {
  let config: ImageConfig
  let cache: CacheDocument.Records

  func encode(to encoder: any Encoder) throws {
    try config.encode(to: encoder)
    var container = encoder.container(keyedBy: CacheDocument.CodingKeys.self)
    try container.encode(cache, forKey: .cache)
  }
}
