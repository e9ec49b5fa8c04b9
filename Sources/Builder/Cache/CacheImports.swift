import Diagnostics
import OCI

/// The results of earlier builds that caches offer, by the keys of their steps, and folders of cache mounts.
///
/// Results are believed in the build that names the caches, and in no other: the store does not remember them.
struct CacheImports: Sendable {
  private var layers: [String: Layer] = [:]
  /// By the keys of their identities.
  private(set) var mounts: [String: OfferedMount] = [:]

  init() {}

  func layer(for key: CacheKey) -> Layer? { layers[key.hex] }

  /// All keys that a layer is offered under, as text.
  func keys(of layer: Layer) -> [String] { layers.filter { $0.value.diffID == layer.diffID }.map(\.key) }

  /// For people.
  var description: String {
    let results = layers.count == 1 ? "1 result" : "\(layers.count) results"
    let folders = mounts.count == 1 ? "1 cache mount" : "\(mounts.count) cache mounts"
    return "\(results)\(mounts.isEmpty ? "" : " and \(folders)") of earlier builds"
  }

  mutating func add(_ layer: Layer, for key: String) { layers[key] = layers[key] ?? layer }

  mutating func add(_ mount: OfferedMount) { mounts[mount.identity.key] = mounts[mount.identity.key] ?? mount }

  /// What an earlier cache offers stays.
  mutating func add(_ others: CacheImports) {
    layers.merge(others.layers) { first, _ in first }
    mounts.merge(others.mounts) { first, _ in first }
  }

  /// Forgets a layer that turned out not to be there.
  mutating func remove(_ layer: Digest) { layers = layers.filter { $0.value.descriptor.digest != layer } }
}

/// Why a layer that a cache offers cannot be had: the build does without it.
struct MissingCacheLayer: Error {
  let layer: Layer
  let reason: any Error

  var warning: Diagnostic {
    let reasons = (reason as? any DiagnosticError)?.diagnostics ?? []
    return .warning(
      "cache-layer-missing",
      "the cache \(layer.cacheName ?? "") does not give the layer \(layer.descriptor.digest), so the step runs again",
      notes: reasons.map { .init($0.message) } + reasons.flatMap(\.notes))
  }
}
