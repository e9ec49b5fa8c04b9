import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

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
    if store.content.contains(layer.descriptor) { return }
    _ = try await download(layer, keeps: true) { _ in }
  }

  /// All layers of a stack, some at a time.
  func fetch(_ stack: LayerStack) async throws {
    try await stack.layers.forEachSideBySide(limit: 4) { try await fetch($0) }
  }

  /// Lets `body`, which blocks, read a layer: the one of the store, or the one that is just coming into it, whose bytes
  /// are touched once then. It is told what it has to find.
  /// - Parameter keeps: whether a layer that is not in the store comes into it, or passes by.
  /// - Throws: what `fetch` throws, and what `body` throws.
  func reading<Answer: Sendable>(
    _ layer: Layer, keeps: Bool, _ body: @escaping @Sendable (any ByteSource, LayerExpectation) throws -> Answer
  ) async throws -> Answer {
    if !store.content.contains(layer.descriptor) {
      var expectation = layer.expectation
      expectation.isSourceVerified = true
      let answer = try await download(layer, keeps: keeps) { [expectation] in try body($0, expectation) }
      if let answer { return answer }
    }
    let path = store.content.path(of: layer.descriptor.digest)
    return try await Blocking.run {
      try Files.withDescriptor(path, .readOnly) { try body(FileByteSource($0, path: path), layer.expectation) }
    }
  }

  /// - Returns: nil when another build brought the layer meanwhile; then nothing was read.
  private func download<Answer: Sendable>(
    _ layer: Layer, keeps: Bool, _ body: @escaping @Sendable (any ByteSource) throws -> Answer
  ) async throws -> Answer? {
    guard let origin = layer.origin else {
      throw BuilderError(
        "layer-gone", "the store does not have the layer \(layer.descriptor.digest) any more",
        help: ["build again: what is missing is made anew"])
    }
    let answer: Result<Answer, any Error>? = try await store.exclusively("blob-\(layer.descriptor.digest.hex)") {
      if store.content.contains(layer.descriptor) { return nil }
      do { return try await fetch(layer, from: origin, keeps: keeps, body) } catch {
        // A full disk is not the fault of a cache.
        guard doesWithoutCaches, layer.cacheName != nil, !(error is HostError), !Task.isCancelled else { throw error }
        throw MissingCacheLayer(layer: layer, reason: error)
      }
    }
    if keeps { onFetch(layer) }
    return try answer?.get()
  }

  /// - Returns: what the reader said. When it fails, the blob comes into the store all the same: only a blob that is not
  ///   the right one is the download's fault.
  private func fetch<Answer: Sendable>(
    _ layer: Layer, from origin: any BlobSource, keeps: Bool,
    _ body: @escaping @Sendable (any ByteSource) throws -> Answer
  ) async throws -> Result<Answer, any Error> {
    let name = layer.cacheName ?? layer.originReference?.familiarName ?? "base image"
    return try await progress.step("[internal] fetch layer \(layer.descriptor.digest.short) of \(name)") { step in
      let (digest, total) = (layer.descriptor.digest.short, layer.descriptor.size)
      let progress: @Sendable (Int64) -> Void = { step.transferred(digest, completed: $0, of: total) }
      let read: @Sendable (BlobReader) -> Result<Answer, any Error> = { blob in
        Result { try body(DownloadSource(blob: blob)) }
      }
      guard keeps else {
        return try await origin.blob(layer.descriptor).verified(as: layer.descriptor).reading(progress: progress, read)
      }
      return try await store.content.fetch(layer.descriptor, from: origin, progress: progress, reading: read)
    }
  }
}

/// A blob that is coming into the store.
private struct DownloadSource: ByteSource {
  let blob: BlobReader

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try blob.read(into: buffer) }
}
