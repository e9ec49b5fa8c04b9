public import Diagnostics
public import OCI

/// Sends built images to where they are wanted.
public struct ImageExporter: Sendable {
  let store: BuildStore
  let progress: ProgressReporter

  public init(store: BuildStore, progress: ProgressReporter) {
    self.store = store
    self.progress = progress
  }

  /// Writes an image to a registry or a layout: layers side by side, then configuration, then manifest.
  public func write(_ image: BuiltImage, to destination: any ImageDestination, tag: String?, _ step: ProgressStep)
    async throws
  {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var seen: Set<Digest> = []
      var running = 0
      for layer in image.layers where seen.insert(layer.descriptor.digest).inserted {
        if running >= 4 { try await group.next() }
        running += 1
        group.addTask { try await write(layer.descriptor, from: source(of: layer), to: destination, step) }
      }
      try await group.waitForAll()
    }
    try await write(image.configDescriptor, from: store.content, to: destination, step)
    try await destination.write(image.manifest, tag: tag)
  }

  private func source(of layer: Layer) -> any BlobSource {
    store.content.contains(layer.descriptor.digest) ? store.content : layer.origin ?? store.content
  }

  private func write(
    _ blob: Descriptor, from source: any BlobSource, to destination: any ImageDestination, _ step: ProgressStep
  ) async throws {
    let (digest, size) = (blob.digest.short, blob.size)
    // That it is complete is told when it is known how it came to be there.
    let outcome = try await destination.write(blob, from: source) { count in
      if count < size { step.transferred(digest, completed: count, of: size) }
    }
    switch outcome {
    case .present: step.log("\(digest) is there already")
    case .mounted, .written: step.transferred(digest, completed: size, of: size)
    }
  }

  /// Brings all layers of an image into the store.
  func fetchLayers(of image: BuiltImage) async throws {
    try await LayerFetcher(store: store, progress: progress).fetch(LayerStack(image.layers))
  }
}
