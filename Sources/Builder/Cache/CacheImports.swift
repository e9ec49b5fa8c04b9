import Diagnostics
import OCI

/// The results of earlier builds that caches offer, by the keys of their steps.
///
/// They are believed in the build that names the caches, and in no other: the store does not remember them.
struct CacheImports: Sendable {
  private var layers: [String: Layer] = [:]

  init() {}

  func layer(for key: CacheKey) -> Layer? { layers[key.hex] }

  var isEmpty: Bool { layers.isEmpty }

  /// What an earlier cache offers stays.
  mutating func add(_ others: [String: Layer]) { layers.merge(others) { first, _ in first } }

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
