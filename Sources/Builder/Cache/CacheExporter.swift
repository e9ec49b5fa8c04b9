public import Diagnostics
public import OCI
public import SystemPackage

/// Writes the results of a build's steps to where later builds find them: an image of OCI media types, which every
/// registry takes, with the results as layers and the document as configuration.
public struct CacheExporter: Sendable {
  public enum Mode: String, Sendable, CaseIterable {
    /// The steps whose layers the images have.
    case min
    /// All steps.
    case max
  }

  let store: BuildStore
  let progress: ProgressReporter

  public init(store: BuildStore, progress: ProgressReporter) {
    self.store = store
    self.progress = progress
  }

  /// Writes to a registry. A build without steps has nothing to write.
  /// - Throws: the destination's and the sources' errors.
  public func write(
    _ product: BuildProduct, mode: Mode, to destination: any ImageDestination, tag: String?, _ step: ProgressStep
  ) async throws {
    guard let cache = try Cache(product, mode) else { return Self.skip(step) }
    let config = try store.content.store(cache.document, mediaType: .cacheDocument)
    let images = ImageExporter(store: store, progress: progress)
    try await images.write(layers: cache.layers, to: destination, step)
    try await images.write(config, from: store.content, to: destination, step)
    try await destination.write(try cache.manifest(config), tag: tag)
  }

  /// Writes an image layout, beside the caches of other tags that are there already.
  /// - Throws: `HostError`, the sources' errors.
  public func write(
    _ product: BuildProduct, mode: Mode, toLayout folder: FilePath, tag: String, _ step: ProgressStep
  ) async throws {
    guard let cache = try Cache(product, mode) else { return Self.skip(step) }
    let destination = ContentStore(layout: folder)
    for layer in cache.layers {
      let (digest, size) = (layer.descriptor.digest.short, layer.descriptor.size)
      try await destination.fetch(layer.descriptor, from: layer.source(store)) { count in
        step.transferred(digest, completed: count, of: size)
      }
    }
    let manifest = try cache.manifest(destination.store(cache.document, mediaType: .cacheDocument))
    var descriptor = try destination.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    descriptor.annotations = [ContentStore.referenceNameAnnotation: tag]
    try destination.add([descriptor])
    try destination.removeWorkFolder()
  }

  private static func skip(_ step: ProgressStep) { step.log("no step made a layer: there is nothing to export") }

  /// What is written.
  private struct Cache {
    /// Each once.
    let layers: [Layer]
    let document: [UInt8]

    /// Nil when there is nothing to write.
    init?(_ product: BuildProduct, _ mode: Mode) throws {
      let results = mode == .max ? product.results : product.resultsInImages
      var unique: [Digest: Layer] = [:]
      for (_, layer) in results.sorted(by: { $0.key < $1.key }) { unique[layer.diffID] = unique[layer.diffID] ?? layer }
      guard !unique.isEmpty else { return nil }
      layers = unique.values.sorted { $0.diffID.hex < $1.diffID.hex }
      document = try JSONDocument.encode(
        CacheDocument(cache: .init(results), rootfs: RootFS(diffIDs: layers.map(\.diffID))))
    }

    func manifest(_ config: Descriptor) throws -> RawManifest {
      try RawManifest(ImageManifest(config: config, layers: layers.map(\.descriptor)))
    }
  }
}

extension BuildProduct {
  /// Of the steps whose layers the images have.
  var resultsInImages: [String: Layer] {
    let diffIDs = Set(images.flatMap(\.layers).map(\.diffID))
    return results.filter { diffIDs.contains($0.value.diffID) }
  }
}

extension Layer {
  /// Where the blob can be read.
  public func source(_ store: BuildStore) -> any BlobSource {
    store.content.contains(descriptor.digest) ? store.content : origin ?? store.content
  }
}
