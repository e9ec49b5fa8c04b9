import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Looks into layers, and unpacks them: their blobs are read once, also when they only come into the store on the way.
struct LayerIntake: Sendable {
  let store: BuildStore
  let fetcher: LayerFetcher

  /// What an index has to tell.
  enum Detail {
    /// Which files there are.
    case names
    /// Also what they hold, by digest.
    case contents
  }

  func hasIndex(_ layer: Layer, of detail: Detail) -> Bool {
    LayerIndex.exists(at: store.indexPath(of: layer.diffID), digestingContent: detail == .contents)
  }

  /// Makes the index of a layer, unless there is one that tells as much.
  /// - Parameter keepsBlob: whether the layer stays in the store when it had to be fetched for that.
  /// - Throws: `ArchiveError`, and what fetching throws.
  func index(_ layer: Layer, of detail: Detail, keepsBlob: Bool = true) async throws {
    if hasIndex(layer, of: detail) { return }
    try await indexing(layer, of: detail, keepsBlob: keepsBlob) { source, options in
      ((), try LayerReader(source, options: options).finish().index)
    }
  }

  /// The same for several layers, some at a time.
  func index(
    _ layers: [Layer], of detail: Detail, keepsBlob: @escaping @Sendable (Layer) -> Bool = { _ in true }
  ) async throws {
    try await layers.filter { !hasIndex($0, of: detail) }.forEachSideBySide(limit: Self.limit) {
      try await index($0, of: detail, keepsBlob: keepsBlob($0))
    }
  }

  /// Unpacks a layer, and makes its index on the way, unless there is one.
  /// - Throws: `ArchiveError`, and what fetching throws.
  func unpack(_ layer: Layer, with extractor: LayerExtractor) async throws -> UnpackedLayer {
    try await indexing(layer, of: .contents) { source, options in
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
    _ layer: Layer, of detail: Detail, keepsBlob: Bool = true,
    _ body: @escaping @Sendable (any ByteSource, LayerReader.Options) throws -> (Answer, LayerIndex?)
  ) async throws -> Answer {
    if !hasIndex(layer, of: detail) {
      let answer: Answer? = try await store.exclusively("index-\(layer.diffID.hex)") {
        // Another build may have made it meanwhile.
        if hasIndex(layer, of: detail) { return nil }
        return try await fetcher.reading(layer, keeps: keepsBlob) { [store] source, expectation in
          let options = LayerReader.Options(
            expectation: expectation, makesIndex: true, digestsContent: detail == .contents)
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
