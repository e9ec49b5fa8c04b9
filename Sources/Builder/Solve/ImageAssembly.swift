import BuildPlanning
import HostOS
import OCI

/// Puts configuration and layers together.
struct ImageAssembly {
  let planned: PlannedImage
  var stack: LayerStack
  /// Of the manifest.
  var annotations: [String: String]?
  /// The time for everything, when it is fixed.
  let epoch: Timestamp?
  /// What the configuration tells later builds of the steps.
  var cache: CacheDocument.Records?

  func image(in store: BuildStore) throws -> BuiltImage {
    var config = planned.config
    config.rootfs = RootFS(diffIDs: stack.layers.map(\.diffID))
    config.history = dated(config.history ?? [])
    config.created = epoch?.rfc3339 ?? config.history?.last { $0.created != nil }?.created
    let configBytes =
      if let cache { try JSONDocument.encode(CachingConfig(config: config, cache: cache)) } else {
        try JSONDocument.encode(config)
      }
    let configDescriptor = try store.content.store(configBytes, mediaType: .ociConfig)
    let manifest = try RawManifest(
      ImageManifest(
        config: configDescriptor, layers: stack.layers.map(\.descriptor.inManifest), annotations: annotations))
    try store.content.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    return BuiltImage(
      platform: planned.platform, manifest: manifest, configDescriptor: configDescriptor, config: config,
      layers: stack.layers, assembly: self)
  }

  /// Our entries get the time of their layer, those without a layer that of the one below: so a build that finds all
  /// its layers made gives the same image again.
  private func dated(_ history: [History]) -> [History] {
    var layers = stack.layers[...]
    var current: String?
    return history.map { entry in
      var entry = entry
      if entry.emptyLayer != true, let layer = layers.popFirst() {
        current = layer.created?.rfc3339 ?? entry.created ?? current
      } else {
        current = entry.created ?? current
      }
      if entry.created == nil { entry.created = epoch?.rfc3339 ?? current }
      return entry
    }
  }
}
