import OCI
import Synchronization

/// What a step is known by.
struct StepKeys: Sendable {
  /// Made of what is known without looking into layers; nil where `content` is as cheap.
  var outline: CacheKey?
  /// Made of the files that the step reads, so that steps with equal input converge whatever their origin.
  var content: CacheKey

  var all: [CacheKey] { [outline, content].compactMap { $0 } }
}

/// Finds results of steps, those of this store first, then those that caches offer, and notes what the build came to.
struct StepCache: Sendable {
  let store: BuildStore
  var imports = CacheImports()
  var mounts = CacheMountUse()
  let journal = CacheJournal()

  /// The layer that a step of this key made before.
  func layer(for key: CacheKey) -> Layer? {
    if let (layer, keys) = store.result(of: key) {
      journal.note(keys + [key.hex], layer)
      return layer
    }
    guard let layer = imports.layer(for: key) else { return nil }
    // All that is known of it is exported again, not only the key that it was found by.
    journal.note(imports.keys(of: layer), layer)
    return layer
  }

  /// The layer that a step made before whose outline was not known.
  func layer(for keys: StepKeys) throws -> Layer? {
    guard let layer = layer(for: keys.content) else { return nil }
    if keys.outline != nil {
      if layer.cacheName == nil { try store.remember(layer, for: keys.all) }
      journal.note(keys.all.map(\.hex), layer)
    }
    return layer
  }

  func remember(_ layer: Layer, for keys: StepKeys) throws {
    try store.remember(layer, for: keys.all)
    journal.note(keys.all.map(\.hex), layer)
  }
}

/// The steps of a build and their layers.
final class CacheJournal: Sendable {
  private let noted = Mutex<[String: Layer]>([:])

  /// By keys, as text.
  var results: [String: Layer] { noted.withLock { $0 } }

  func note(_ keys: [String], _ layer: Layer) {
    noted.withLock { results in
      for key in keys { results[key] = layer }
    }
  }
}
