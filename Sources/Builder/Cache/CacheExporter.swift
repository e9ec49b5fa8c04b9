public import Diagnostics
import Images
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

  /// Which cache mounts are written beside the results.
  public enum Mounts: Sendable, Hashable {
    case none
    case all
    /// As they are written, without the namespace.
    case ids([String])
  }

  let store: BuildStore
  let progress: ProgressReporter
  public var mounts = Mounts.none
  /// What stands before all ids of cache mounts (`BUILDKIT_CACHE_MOUNT_NS`).
  public var namespace = ""

  public init(store: BuildStore, progress: ProgressReporter) {
    self.store = store
    self.progress = progress
  }

  /// Writes to a registry. A build without steps has nothing to write.
  /// - Throws: the destination's and the sources' errors.
  public func write(
    _ product: BuildProduct, mode: Mode, to destination: any ImageDestination, tag: String?, _ step: ProgressStep
  ) async throws {
    let images = ImageExporter(store: store, progress: progress)
    let contents = try await contents(of: product, mode, step) { layers in
      try await images.write(layers: layers, to: destination, step)
    }
    guard let contents else { return Self.skip(step) }
    let config = try store.content.store(contents.document, mediaType: .cacheDocument)
    try await destination.write(config, from: store.content, reportingTo: step)
    try await destination.write(try contents.manifest(config), tag: tag)
  }

  /// Writes an image layout, beside the caches of other tags that are there already.
  /// - Throws: `HostError`, the sources' errors.
  public func write(
    _ product: BuildProduct, mode: Mode, toLayout folder: FilePath, tag: String, _ step: ProgressStep
  ) async throws {
    let destination = ContentStore(layout: folder)
    let contents = try await contents(of: product, mode, step) { layers in
      for layer in layers {
        let (digest, size) = (layer.descriptor.digest.short, layer.descriptor.size)
        try await destination.fetch(layer.descriptor, from: layer.source(store)) { count in
          step.transferred(digest, completed: count, of: size)
        }
      }
    }
    guard let contents else { return Self.skip(step) }
    let manifest = try contents.manifest(destination.store(contents.document, mediaType: .cacheDocument))
    var descriptor = try destination.store(manifest.bytes, mediaType: manifest.descriptor.mediaType)
    descriptor.annotations = [ContentStore.referenceNameAnnotation: tag]
    try destination.add([descriptor])
    try destination.removeWorkFolder()
  }

  private static func skip(_ step: ProgressStep) { step.log("no step made a layer: there is nothing to export") }

  /// What the cache is to hold, after all blobs of it were written; nil when that is nothing.
  private func contents(
    of product: BuildProduct, _ mode: Mode, _ step: ProgressStep, write: ([Layer]) async throws -> Void
  ) async throws -> CacheContents? {
    let contents = CacheContents(mode == .max ? product.results : product.resultsInImages)
    try await write(contents.layers)
    let mounts = try await exportedMounts(of: product, step) { try await write([$0]) }
    return contents.layers.isEmpty && mounts.isEmpty ? nil : contents.with(mounts)
  }
}

/// What an exported cache holds.
struct CacheContents {
  private let results: [String: Layer]
  /// Of the steps, each once.
  let layers: [Layer]
  private var mounts: [OfferedMount] = []

  init(_ results: [String: Layer]) {
    self.results = results
    var unique: [Digest: Layer] = [:]
    for (_, layer) in results.sorted(by: { $0.key < $1.key }) { unique[layer.diffID] = unique[layer.diffID] ?? layer }
    layers = unique.values.sorted { $0.diffID.hex < $1.diffID.hex }
  }

  func with(_ mounts: [OfferedMount]) -> CacheContents {
    var copy = self
    copy.mounts = mounts
    return copy
  }

  var document: [UInt8] {
    get throws {
      let diffIDs = (layers + mounts.map(\.layer)).map(\.diffID)
      return try JSONDocument.encode(CacheDocument(cache: .init(results, mounts), rootfs: RootFS(diffIDs: diffIDs)))
    }
  }

  /// Archives of cache mounts say which they are, for other programs and people.
  func manifest(_ config: Descriptor) throws -> RawManifest {
    let archives = mounts.map { mount in
      var descriptor = mount.layer.descriptor
      descriptor.annotations = [
        "vnd.slipway.cache.mount": mount.identity.key, "vnd.slipway.cache.mount.id": mount.identity.id,
      ]
      return descriptor
    }
    return try RawManifest(ImageManifest(config: config, layers: layers.map(\.descriptor) + archives))
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
    store.content.contains(descriptor) ? store.content : origin ?? store.content
  }
}
