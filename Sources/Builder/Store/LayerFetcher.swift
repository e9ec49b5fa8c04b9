import Diagnostics
import HostOS
import OCI

/// Brings blobs of base layers into the store when they are first needed.
struct LayerFetcher: Sendable {
  let store: BuildStore
  let progress: ProgressReporter
  /// Whether a build can go on without what a cache offered but does not have.
  var doesWithoutCaches = false
  /// Told of each layer that has come into the store.
  var onFetch: @Sendable (Layer) -> Void = { _ in }

  /// - Throws: the source's errors; `BuilderError` with the code `layer-gone` when there is no source;
  ///   `MissingCacheLayer` where that is permitted.
  func fetch(_ layer: Layer) async throws {
    if store.content.contains(layer.descriptor.digest) { return }
    guard let origin = layer.origin else {
      throw BuilderError(
        "layer-gone", "the store does not have the layer \(layer.descriptor.digest) any more",
        help: ["build again: what is missing is made anew"])
    }
    try await store.exclusively("blob-\(layer.descriptor.digest.hex)") {
      if store.content.contains(layer.descriptor.digest) { return }
      do { try await fetch(layer, from: origin) } catch {
        // A full disk is not the fault of a cache.
        guard doesWithoutCaches, layer.cacheName != nil, !(error is HostError), !Task.isCancelled else { throw error }
        throw MissingCacheLayer(layer: layer, reason: error)
      }
    }
    onFetch(layer)
  }

  private func fetch(_ layer: Layer, from origin: any BlobSource) async throws {
    let name = layer.cacheName ?? layer.originReference?.familiarName ?? "base image"
    try await progress.step("[internal] fetch layer \(layer.descriptor.digest.short) of \(name)") { step in
      let (digest, total) = (layer.descriptor.digest.short, layer.descriptor.size)
      try await store.content.fetch(layer.descriptor, from: origin) { count in
        step.transferred(digest, completed: count, of: total)
      }
    }
  }

  /// All layers of a stack, some at a time.
  func fetch(_ stack: LayerStack) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (position, layer) in stack.layers.enumerated() {
        if position >= 4 { try await group.next() }
        group.addTask { try await fetch(layer) }
      }
      try await group.waitForAll()
    }
  }
}
