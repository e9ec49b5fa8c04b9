import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Looks into layers, and unpacks them: their blobs are read once, also when they only come into the store on the way.
struct LayerIntake: Sendable {
  let store: BuildStore
  let fetcher: LayerFetcher

  func hasIndex(_ layer: Layer) -> Bool {
    (try? FileStatus(of: store.indexPath(of: layer.diffID))) != nil
  }

  /// Makes the index of a layer, unless there is one.
  /// - Parameter keepsBlob: whether the layer stays in the store when it had to be fetched for that.
  /// - Throws: `ArchiveError`, and what fetching throws.
  func index(_ layer: Layer, keepsBlob: Bool = true) async throws {
    if hasIndex(layer) { return }
    try await indexing(layer, keepsBlob: keepsBlob) { source, options in
      ((), try LayerReader(source, options: options).finish().index)
    }
  }

  /// The same for several layers, some at a time.
  func index(_ layers: [Layer], keepsBlob: @escaping @Sendable (Layer) -> Bool = { _ in true }) async throws {
    try await layers.filter { !hasIndex($0) }.forEachSideBySide(limit: Self.limit) {
      try await index($0, keepsBlob: keepsBlob($0))
    }
  }

  /// Unpacks a layer, and makes its index on the way, unless there is one.
  /// - Throws: `ArchiveError`, and what fetching throws.
  func unpack(_ layer: Layer, with extractor: LayerExtractor) async throws -> UnpackedLayer {
    try await indexing(layer) { source, options in
      var extractor = extractor
      extractor.options.reading = options
      let unpacked = try extractor.unpack(source)
      return (unpacked, unpacked.index)
    }
  }

  /// How many layers are read at a time: each keeps two processors busy, and waits for disk and network now and then.
  static let limit = 4

  /// Lets `body` read a layer, asking it for an index where none is there.
  private func indexing<Answer: Sendable>(
    _ layer: Layer, keepsBlob: Bool = true,
    _ body: @escaping @Sendable (any ByteSource, LayerReader.Options) throws -> (Answer, LayerIndex?)
  ) async throws -> Answer {
    if !hasIndex(layer) {
      let answer: Answer? = try await store.exclusively("index-\(layer.diffID.hex)") {
        // Another build may have made it meanwhile.
        if hasIndex(layer) { return nil }
        return try await fetcher.reading(layer, keeps: keepsBlob) { [store] source, expectation in
          let options = LayerReader.Options(expectation: expectation, makesIndex: true, digestsContent: true)
          let (answer, index) = try body(source, options)
          guard let index else {
            throw BuilderError("missing-index", "the layer reader gave no index", exitCode: .defect)
          }
          let target = store.indexPath(of: layer.diffID)
          try Files.createDirectories(target.removingLastComponent())
          try index.write(to: target)
          return answer
        }
      }
      if let answer { return answer }
    }
    return try await fetcher.reading(layer, keeps: true) { try body($0, LayerReader.Options(expectation: $1)).0 }
  }
}
