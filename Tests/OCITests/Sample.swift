import HostOS
import OCI

/// Images that are small and right.
enum Sample {
  static let platform = Platform(os: "linux", architecture: "amd64")

  static func config(_ name: String, layers: [[UInt8]], platform: Platform = platform) -> ImageConfig {
    var config = ImageConfig(platform: platform)
    config.config = RuntimeConfig()
    config.config?.labels = ["name": name]
    config.rootfs = RootFS(diffIDs: layers.map { Digest(sha256Of: $0) })
    return config
  }

  /// Puts an image with one layer into a store.
  static func image(_ name: String, in store: ContentStore) throws -> RawManifest {
    // Two empty records: an archive without files.
    let layer = [UInt8](repeating: 0, count: 1024)
    let config = try store.store(JSONDocument.encode(config(name, layers: [layer])), mediaType: .ociConfig)
    let manifest = try RawManifest(
      ImageManifest(config: config, layers: [try store.store(layer, mediaType: .ociLayer)]))
    try store.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    return manifest
  }

  /// Puts an image into a source under a name.
  @discardableResult
  static func image(
    _ name: String?, in source: MemorySource, layers: [[UInt8]] = [[1]], platform: Platform = platform
  ) throws -> RawManifest {
    let config = source.add(
      try JSONDocument.encode(config(name ?? "", layers: layers, platform: platform)), as: .ociConfig)
    let manifest = try RawManifest(ImageManifest(config: config, layers: layers.map { source.add($0) }))
    source.add(manifest, as: name)
    return manifest
  }
}
