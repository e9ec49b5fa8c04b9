import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Writes layers into the store: blob, index, and what identifies them.
struct LayerCommit: Sendable {
  let store: BuildStore
  let compression: Compression
  /// Later modification times become this one (SOURCE_DATE_EPOCH).
  let latestTime: Timestamp?
  /// Whether it is no layer of an image, so that no name means a deletion and nobody looks into it.
  var isArchive = false
  /// Whether a layer gets its name when the disk has it, or as soon as it is written.
  var isDurable = true
  /// Is told of a layer that grows large, so that it can be sent while it is made.
  var onGrowth: (@Sendable (GrowingBlob) -> Void)?

  /// Writes a layer of the given items, whose contents can be opened. Blocks.
  func write(_ items: [PendingLayer.Item]) throws -> Layer {
    try write { writer in
      try writer.append(items)
    } verifying: { index in
      try verify(index, items)
    }
  }

  /// Writes a layer whose entries `body` appends. Blocks.
  func write(
    _ body: (LayerWriter) throws -> Void, verifying: (LayerIndex) throws -> Void = { _ in }
  ) throws -> Layer {
    let sink = IngestSink(try store.content.ingest(isDurable: isDurable), onGrowth)
    var options = LayerWriter.Options(compression: compression, latestTime: latestTime, digestsContent: !isArchive)
    options.permitsWhiteoutNames = isArchive
    let writer = try LayerWriter(to: sink, options: options)
    try body(writer)
    let result = try writer.finish()
    try verifying(result.index)
    let (digest, diffID) = try Self.digests(of: result.summary)
    let descriptor = Descriptor(mediaType: compression.mediaType, digest: digest, size: result.summary.size)
    sink.end(descriptor)
    // The index first: a layer in the store always has one.
    if !isArchive { try writeIndex(result.index, diffID) }
    try sink.commit(as: digest)
    let layer = Layer(descriptor: descriptor, diffID: diffID)
    if compression != .default { try store.remember(layer, as: compression, of: diffID) }
    return layer
  }

  /// Writes a layer that exists already in another form. Blocks.
  func write(_ body: (any ByteSink) throws -> LayerRecompression.Result) throws -> (Descriptor, diffID: Digest) {
    let sink = IngestSink(try store.content.ingest())
    let result = try body(sink)
    let (digest, diffID) = try Self.digests(of: result.summary)
    if let index = result.index { try writeIndex(index, diffID) }
    try sink.commit(as: digest)
    var descriptor = Descriptor(mediaType: compression.mediaType, digest: digest, size: result.summary.size)
    if let table = result.tableSHA256Hex {
      descriptor.annotations = [
        Descriptor.eStargzTable: "sha256:\(table)",
        Descriptor.eStargzUncompressedSize: "\(result.summary.uncompressedSize)",
      ]
    }
    return (descriptor, diffID)
  }

  /// Of the blob, and of the uncompressed content.
  private static func digests(of summary: LayerSummary) throws -> (Digest, diffID: Digest) {
    guard let digest = Digest(sha256Hex: summary.sha256Hex), let diffID = Digest(sha256Hex: summary.diffIDSHA256Hex)
    else { throw BuilderError("invalid-digest", "the layer writer gave no digest", exitCode: .defect) }
    return (digest, diffID)
  }

  func writeIndex(_ index: LayerIndex, _ diffID: Digest) throws {
    let path = store.indexPath(of: diffID)
    try Files.createDirectories(path.removingLastComponent())
    try index.write(to: path)
  }

  /// What was written must be what the cache key was made of.
  private func verify(_ index: LayerIndex, _ items: [PendingLayer.Item]) throws {
    for (item, written) in zip(items, index.items) {
      guard let expected = item.expectedSHA256, let actual = written.contentSHA256, expected != actual else { continue }
      throw item.changed
    }
  }
}

extension CacheKey.Builder {
  /// The times of a layer are part of it: the same steps at another SOURCE_DATE_EPOCH make another one. How it is
  /// compressed is not.
  mutating func add(_ commit: LayerCommit) {
    add(commit.latestTime?.rfc3339)
  }
}

/// Passes bytes to a blob on its way into the store. Used by one thread at a time.
private final class IngestSink: ByteSink {
  private var ingest: BlobIngest?
  private let onGrowth: (@Sendable (GrowingBlob) -> Void)?
  /// What is told of the growth, once it is large.
  private var growing: GrowingBlob?

  /// Smaller layers are sent when they are whole, for then it is known before whether the registry has them.
  private static let largeSize: Int64 = 2 << 20

  init(_ ingest: consuming BlobIngest, _ onGrowth: (@Sendable (GrowingBlob) -> Void)? = nil) {
    self.ingest = consume ingest
    self.onGrowth = onGrowth
  }

  deinit { growing?.finish(nil) }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    try ingest?.write(bytes)
    guard let onGrowth, let count = ingest?.count, count >= Self.largeSize else { return }
    if growing == nil, let blob = try ingest?.growing() {
      growing = blob
      onGrowth(blob)
    }
    growing?.grow(to: count)
  }

  /// All is written, and this is what it is.
  func end(_ descriptor: Descriptor) {
    growing?.finish(descriptor)
    growing = nil
  }

  func commit(as digest: Digest) throws {
    guard let ingest = ingest.take() else { return }
    try ingest.commit(as: digest)
  }
}
