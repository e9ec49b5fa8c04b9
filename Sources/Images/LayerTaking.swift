import Archive
import Diagnostics
import HostOS
import OCI
import SystemPackage

/// Makes a blob of a layer that lies in a docker archive: as it is when it is compressed, else with gzip, as builds do.
struct LayerTaking {
  let store: ContentStore

  /// - Parameter reader: its current entry is the layer.
  func take(_ reader: LayerReader) throws -> ArchiveIntake.Layer {
    var source = EntrySource(reader)
    let type = Self.mediaType(of: try source.peek(CompressionFormat.signatureLength))
    if let type { return try keep(source, as: type) }
    let sink = IngestSink(try store.ingest())
    let summary = try LayerRecompression(LayerExpectation(), options: .init()).write(source, to: sink).summary
    let (digest, diffID) = try Self.digests(of: summary)
    try sink.commit(as: digest)
    return .init(
      descriptor: Descriptor(mediaType: .ociLayerGzip, digest: digest, size: summary.size), diffID: diffID)
  }

  /// A layer that lies in the store already.
  func layer(_ digest: Digest) throws -> ArchiveIntake.Layer {
    let path = store.path(of: digest)
    return try Files.withDescriptor(path, .readOnly) { file in
      let result = try LayerRecompression(
        LayerExpectation(sha256Hex: digest.hex), options: .init(compression: .none)
      ).write(FileByteSource(file, path: path), to: NullByteSink())
      guard let diffID = Digest(sha256Hex: result.summary.diffIDSHA256Hex) else { throw Self.noDigest }
      let size = try FileStatus(of: path).size
      let signature = try Files.withDescriptor(path, .readOnly) { file in
        var bytes = [UInt8](repeating: 0, count: CompressionFormat.signatureLength)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
        return Array(bytes[..<count])
      }
      let type = Self.mediaType(of: signature) ?? .ociLayer
      return .init(descriptor: Descriptor(mediaType: type, digest: digest, size: size), diffID: diffID)
    }
  }

  /// Nil for what is not compressed, and for what no image may have.
  private static func mediaType(of signature: [UInt8]) -> MediaType? {
    switch CompressionFormat(signature: signature) {
    case .gzip: .ociLayerGzip
    case .zstd: .ociLayerZstd
    case .none, .xz, .bzip2: nil
    }
  }

  private func keep(_ source: EntrySource, as type: MediaType) throws -> ArchiveIntake.Layer {
    let sink = IngestSink(try store.ingest())
    // What is read goes into the store, and is decompressed on the way for its diff ID.
    let tee = TeeSource(source: source, sink: sink)
    let recompression = LayerRecompression(LayerExpectation(), options: .init(compression: .none))
    let result = try recompression.write(tee, to: NullByteSink())
    guard let diffID = Digest(sha256Hex: result.summary.diffIDSHA256Hex) else { throw Self.noDigest }
    let (digest, size) = try sink.commit()
    return .init(descriptor: Descriptor(mediaType: type, digest: digest, size: size), diffID: diffID)
  }

  private static func digests(of summary: LayerSummary) throws -> (Digest, diffID: Digest) {
    guard let digest = Digest(sha256Hex: summary.sha256Hex), let diffID = Digest(sha256Hex: summary.diffIDSHA256Hex)
    else { throw noDigest }
    return (digest, diffID)
  }

  private static var noDigest: ImagesError {
    ImagesError("invalid-digest", "the layer writer gave no digest", exitCode: .defect)
  }
}

/// The content of a reader's current entry.
///
/// `@unchecked Sendable`: it is read by the thread that decompresses while the one that called waits for what comes of it.
private struct EntrySource: ByteSource, @unchecked Sendable {
  private let reader: LayerReader
  private var peeked: [UInt8] = []

  init(_ reader: LayerReader) { self.reader = reader }

  mutating func peek(_ count: Int) throws -> [UInt8] {
    while peeked.count < count {
      var bytes = [UInt8](repeating: 0, count: count - peeked.count)
      let step = try bytes.withUnsafeMutableBytes { try reader.readContent(into: $0) }
      if step == 0 { break }
      peeked += bytes[..<step]
    }
    return peeked
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard !peeked.isEmpty else { return try reader.readContent(into: buffer) }
    let count = min(buffer.count, peeked.count)
    buffer.copyBytes(from: peeked[..<count])
    peeked.removeFirst(count)
    return count
  }
}

/// Passes on what it reads, and keeps it. `@unchecked Sendable` for the same reason.
private struct TeeSource: ByteSource, @unchecked Sendable {
  var source: EntrySource
  let sink: IngestSink

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    try sink.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }
}

/// Passes bytes to a blob on its way into a store. Used by one thread at a time.
private final class IngestSink: ByteSink {
  private var ingest: BlobIngest?
  private var hasher = SHA256Hasher()

  init(_ ingest: consuming BlobIngest) { self.ingest = consume ingest }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    hasher.update(bytes)
    try ingest?.write(bytes)
  }

  func commit(as digest: Digest) throws {
    guard let ingest = ingest.take() else { return }
    try ingest.commit(as: digest)
  }

  /// Under the digest of what was written.
  func commit() throws -> (Digest, size: Int64) {
    let size = ingest?.count ?? 0
    guard let digest = Digest(sha256Hex: hasher.finalizeHex()) else {
      throw ImagesError("invalid-digest", "a digest could not be computed", exitCode: .defect)
    }
    try commit(as: digest)
    return (digest, size)
  }
}
