public import Archive
public import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Gives layers another compression on their way out of the store. What was converted once is kept.
public struct LayerConversion: Sendable {
  let store: BuildStore
  let progress: ProgressReporter
  public let compression: Compression
  /// Whether layers of base images are converted, too, which otherwise stay as they came.
  public let isForced: Bool

  public init(to compression: Compression, isForced: Bool, in store: BuildStore, progress: ProgressReporter) {
    self.compression = compression
    self.isForced = isForced
    self.store = store
    self.progress = progress
  }

  /// Whether a layer stays as it is.
  public func keeps(_ layer: Layer) -> Bool {
    // Layers of base images are those that no step made.
    let isOfBase = layer.created == nil
    let isOfType = layer.descriptor.mediaType.ociEquivalent == compression.mediaType
    if isOfBase { return !isForced || (isOfType && !compression.isEStargz) }
    return compression == .default && isOfType
  }

  /// - Throws: the source's errors; `ArchiveError` for a layer that is damaged; `HostError`.
  public func converted(_ layer: Layer) async throws -> Layer {
    if keeps(layer) { return layer }
    if let known = store.variant(of: layer, compression) { return known }
    try await LayerFetcher(store: store, progress: progress).fetch(layer)
    return try await store.exclusively("variant-\(layer.diffID.hex)") {
      if let known = store.variant(of: layer, compression) { return known }
      return try await progress.step("compressing layer \(layer.descriptor.digest.short): \(compression)") { _ in
        try await Blocking.run { try convert(layer) }
      }
    }
  }

  /// One after the other: each takes all processors.
  func converted(_ stack: LayerStack) async throws -> LayerStack {
    var converted = stack
    for (index, layer) in stack.layers.enumerated() { converted.layers[index] = try await self.converted(layer) }
    return converted
  }

  // MARK: Conversion

  private func convert(_ layer: Layer) throws -> Layer {
    let commit = LayerCommit(store: store, compression: compression, latestTime: nil)
    let recompression = LayerRecompression(
      LayerExpectation(
        sha256Hex: layer.descriptor.digest.hex, size: layer.descriptor.size, diffIDSHA256Hex: layer.diffID.hex),
      options: .init(compression: compression, digestsContent: true))
    let path = store.content.path(of: layer.descriptor.digest)
    let (descriptor, diffID) = try commit.write { sink in
      try Files.withDescriptor(path, .readOnly) { try recompression.write(FileByteSource($0, path: path), to: sink) }
    }
    let variant = Layer(descriptor: descriptor, diffID: diffID, created: layer.created)
    try store.remember(variant, as: compression, of: layer.diffID)
    return variant
  }
}

extension Compression {
  var mediaType: MediaType {
    switch self {
    case .none: .ociLayer
    case .gzip, .estargz: .ociLayerGzip
    case .zstd: .ociLayerZstd
    }
  }

  var isEStargz: Bool {
    if case .estargz = self { true } else { false }
  }
}
