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

  /// Writes images to a registry or a layout: all layers side by side, then configurations, then manifests, then the
  /// index, so that nothing is named before it is there.
  /// - Parameter present: layers that are known to be there.
  public func write(
    _ product: BuildProduct, to destination: any ImageDestination, tag: String?, without present: Set<Digest> = [],
    _ step: ProgressStep
  ) async throws {
    let layers = product.images.flatMap(\.layers).filter { !present.contains($0.descriptor.digest) }
    try await write(layers: layers, to: destination, step)
    try await writeConfigs(of: product, to: destination, step)
    if product.onlyImage == nil {
      for image in product.images { try await destination.write(image.manifest, tag: nil) }
    }
    try await destination.write(product.top, tag: tag)
  }

  /// Writes the configurations of images, which nothing names before their manifests.
  public func writeConfigs(
    of product: BuildProduct, to destination: any ImageDestination, _ step: ProgressStep
  ) async throws {
    for image in product.images { try await write(image.configDescriptor, from: store.content, to: destination, step) }
  }

  /// Each once, some at a time.
  func write(layers: [Layer], to destination: any ImageDestination, _ step: ProgressStep) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      var seen: Set<Digest> = []
      var running = 0
      for layer in layers where seen.insert(layer.descriptor.digest).inserted {
        if running >= 4 { try await group.next() }
        running += 1
        group.addTask { try await write(layer, to: destination, step) }
      }
      try await group.waitForAll()
    }
  }

  /// Writes a layer alone, before there is an image to name it.
  public func write(_ layer: Layer, to destination: any ImageDestination, _ step: ProgressStep) async throws {
    try await write(layer.descriptor, from: layer.source(store), to: destination, step)
  }

  func write(
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

  /// Brings all layers of images into the store.
  func fetchLayers(of images: [BuiltImage]) async throws {
    try await LayerFetcher(store: store, progress: progress).fetch(LayerStack(images.flatMap(\.layers)))
  }
}
