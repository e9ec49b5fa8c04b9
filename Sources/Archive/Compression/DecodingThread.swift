import HostOS

/// Decompresses a layer on a thread of its own, a few buffers ahead of whoever reads the tar, and digests it on the
/// thread of the two that has less to do.
final class DecodingThread {
  /// What was found when the end was reached.
  struct Digests: Sendable {
    var sha256Hex: String
    var size: Int64
    var diffIDSHA256Hex: String
    var uncompressedSize: Int64
    var format: CompressionFormat
  }

  /// `@unchecked Sendable`: one thread at a time has it, handed over under the monitor.
  private final class Buffer: @unchecked Sendable {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
    var count = 0
    deinit { bytes.deallocate() }
  }

  private struct State {
    var free = [Buffer(), Buffer(), Buffer(), Buffer()]
    var filled: [Buffer] = []
    var ending: Result<Digests, any Error>?
    var isStopped = false
  }

  private let monitor = Monitor(State())
  private var thread: WorkerThread?
  /// Lent to the caller of `next`.
  private var lent: Buffer?
  /// Of the tar, when whoever calls `next` computes its digest.
  private var hasher: SHA256Hasher?

  /// - Parameters:
  ///   - knownSHA256Hex: the digest of a source that verifies itself; nil to compute it.
  ///   - digestsWhereRead: whether the digest of the tar is computed by whoever calls `next`, because that does little
  ///     else.
  /// - Throws: `ArchiveError` when the machine gives no more threads.
  init(
    _ source: any ByteSource, limits: ReadingLimits, knownSHA256Hex: String? = nil, digestsWhereRead: Bool = false
  ) throws {
    let monitor = monitor
    hasher = digestsWhereRead ? SHA256Hasher() : nil
    thread = try WorkerThread {
      let source = HashingSource(source, knownSHA256Hex: knownSHA256Hex)
      let ending = Result { try Self.decode(source, digests: !digestsWhereRead, limits: limits, monitor) }
      monitor.update { $0.ending = ending }
    }
  }

  deinit {
    monitor.update { $0.isStopped = true }
    thread = nil
  }

  /// The next bytes of the tar, valid until the next call; nil at the end.
  /// - Throws: what went wrong while reading or decompressing.
  func next() throws -> UnsafeRawBufferPointer? {
    if let lent {
      monitor.update { $0.free.append(lent) }
      self.lent = nil
    }
    let buffer = try monitor.wait { state -> Result<Buffer?, any Error>? in
      if !state.filled.isEmpty { return .success(state.filled.removeFirst()) }
      return state.ending?.map { _ in nil }
    }.get()
    lent = buffer
    guard let buffer else { return nil }
    let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<buffer.count])
    hasher?.update(bytes)
    return bytes
  }

  /// Reads what is left, so that all of the layer is digested.
  func finish() throws -> Digests {
    while try next() != nil {}
    var digests = try monitor.wait { $0.ending }.get()
    if let hasher { digests.diffIDSHA256Hex = hasher.finalizeHex() }
    return digests
  }

  private static func decode(
    _ source: HashingSource, digests: Bool, limits: ReadingLimits, _ monitor: Monitor<State>
  ) throws -> Digests {
    var source = source
    let format = CompressionFormat(signature: try source.peek(CompressionFormat.signatureLength))
    let decoder: any Decoder =
      switch format {
      case .none: PlainDecoder(source)
      case .gzip: try GzipDecoder(source)
      case .zstd, .xz, .bzip2: try FilterDecoder(source, format: format)
      }
    var hasher = digests ? SHA256Hasher() : nil
    var size: Int64 = 0
    while let buffer = takeFree(monitor) {
      let filling = Result { try fill(buffer, from: decoder) }
      size += Int64(buffer.count)
      try check(size, compressed: decoder.source.size, limits)
      hasher?.update(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<buffer.count]))
      monitor.update { buffer.count > 0 ? $0.filled.append(buffer) : $0.free.append(buffer) }
      // What came before damage is good: it may tell what kind of file this is.
      if try filling.get() { break }
    }
    let read = decoder.source
    return Digests(
      sha256Hex: read.sha256Hex(), size: read.size, diffIDSHA256Hex: hasher?.finalizeHex() ?? "",
      uncompressedSize: size, format: format)
  }

  /// Nil when nobody reads any more.
  private static func takeFree(_ monitor: Monitor<State>) -> Buffer? {
    monitor.wait { state -> Buffer?? in
      if state.isStopped { return .some(nil) }
      return state.free.isEmpty ? nil : .some(state.free.removeLast())
    }
  }

  /// True at the end.
  private static func fill(_ buffer: Buffer, from decoder: any Decoder) throws -> Bool {
    buffer.count = 0
    while buffer.count < buffer.bytes.count {
      let count = try decoder.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[buffer.count...]))
      if count == 0 { return true }
      buffer.count += count
    }
    return false
  }

  private static func check(_ size: Int64, compressed: Int64, _ limits: ReadingLimits) throws {
    if size > limits.uncompressedSize {
      throw ArchiveError.limit("unpacks to more than \(limits.uncompressedSize) bytes")
    }
    if size > limits.ratioThreshold, size / max(compressed, 1) > limits.ratio {
      throw ArchiveError.limit("unpacks to more than \(limits.ratio) times its size")
    }
  }
}
