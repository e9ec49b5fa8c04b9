import HostOS

/// Reads the entries of one layer, or of an archive for ADD, one after another, from a stream of bytes.
///
/// gzip of any number of members, zstd, xz, bzip2 and plain tar are told apart by content. Both digests are computed on
/// the way; `finish` verifies them. A thread of its own decompresses ahead; memory is bounded by a few buffers and, where
/// it is asked for, the index. A source that blocks for ever also blocks the reader's end.
public final class LayerReader {
  public struct Options: Sendable {
    public var limits: ReadingLimits
    public var expectation: LayerExpectation
    /// Whether `.wh.` names are deletions, as in layers, or files like others, as in any other archive.
    public var decodesWhiteouts: Bool
    /// Whether `finish` returns an index.
    public var makesIndex: Bool
    /// Whether that index has the SHA-256 of each file's content. All content is read then, whether asked for or not.
    public var digestsContent: Bool

    public init(
      limits: ReadingLimits = ReadingLimits(), expectation: LayerExpectation = LayerExpectation(),
      decodesWhiteouts: Bool = true, makesIndex: Bool = false, digestsContent: Bool = false
    ) {
      self.limits = limits
      self.expectation = expectation
      self.decodesWhiteouts = decodesWhiteouts
      self.makesIndex = makesIndex
      self.digestsContent = digestsContent
    }

    /// For archives that ADD unpacks.
    public static let archive = Options(decodesWhiteouts: false)
  }

  /// What was read.
  public struct Result: Sendable {
    public var summary: LayerSummary
    /// Nil unless it was asked for.
    public var index: LayerIndex?
  }

  private let options: Options
  private let thread: DecodingThread
  private let parser: TarParser
  private var items: [LayerIndex.Item] = []
  private var entryCount = 0
  private var announcedSize: Int64 = 0
  private var current: Content?
  private var isAtEnd = false

  /// Where we are in the content of the current file.
  fileprivate struct Content {
    let path: TreePath
    let size: Int64
    var position: Int64 = 0
    /// What is left of the piece that libarchive gave last, and its place in the file.
    var piece: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    var pieceOffset: Int64 = 0
    var hasher: SHA256Hasher?
  }

  /// Starts reading at once.
  /// - Throws: `ArchiveError` when the bytes are no tar, and what the source throws.
  public init(_ source: any ByteSource, options: Options = Options()) throws {
    self.options = options
    thread = try DecodingThread(
      source, limits: options.limits, knownSHA256Hex: options.expectation.verifiedSHA256Hex,
      digestsWhereRead: options.makesIndex && !options.digestsContent)
    parser = try TarParser(thread, acceptsNothing: options.decodesWhiteouts)
  }

  /// The next entry; nil at the end. What was not read of the content before is passed over.
  /// - Throws: `ArchiveError` for names that leave the root, for entries that no layer can have, for a limit that is
  ///   exceeded and for damaged archives; what the source throws.
  public func next() throws -> TreeEntry? {
    try finishContent()
    while !isAtEnd {
      guard let header = try parser.next() else {
        isAtEnd = true
        break
      }
      entryCount += 1
      guard entryCount <= options.limits.entryCount else {
        throw ArchiveError.limit("has more than \(options.limits.entryCount) entries")
      }
      guard let entry = try header.entry(decodingWhiteouts: options.decodesWhiteouts) else { continue }
      try begin(entry, header)
      return entry
    }
    return nil
  }

  /// The next bytes of the current file; 0 at its end. Holes of sparse files read as zeros.
  /// - Throws: `ArchiveError` for a damaged archive, and what the source throws.
  public func readContent(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard var content = current, content.position < content.size, !buffer.isEmpty else { return 0 }
    defer { current = content }
    if content.piece.isEmpty {
      if let piece = try parser.nextPiece() {
        (content.piece, content.pieceOffset) = piece
        guard content.pieceOffset >= content.position, content.pieceOffset + Int64(piece.bytes.count) <= content.size
        else { throw ArchiveError.invalidEntry(content.path, "its pieces do not fit together") }
      } else {
        content.pieceOffset = content.size
      }
    }
    let count: Int
    if content.position < content.pieceOffset {
      count = Int(min(Int64(buffer.count), content.pieceOffset - content.position))
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
    } else {
      count = min(buffer.count, content.piece.count)
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: content.piece[..<count]))
      content.piece = UnsafeRawBufferPointer(rebasing: content.piece[count...])
      content.pieceOffset += Int64(count)
    }
    content.position += Int64(count)
    content.hasher?.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }

  /// The rest of the current file's content in one piece.
  /// - Throws: `ArchiveError` when it is longer than `limit` bytes or damaged, and what the source throws.
  public func content(limit: Int = 64 << 20) throws -> [UInt8] {
    guard let content = current else { return [] }
    let count = content.size - content.position
    guard count <= Int64(limit) else { throw ArchiveError.limit("has more than \(limit) bytes in \(content.path)") }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    var done = 0
    while done < bytes.count {
      let step = try bytes.withUnsafeMutableBytes {
        try readContent(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
      }
      if step == 0 { break }
      done += step
    }
    return bytes
  }

  /// Reads the rest, and verifies what was expected.
  /// - Throws: `ArchiveError` when a digest or size is another than expected; what `next` throws.
  public func finish() throws -> Result {
    while try next() != nil {}
    let digests = try thread.finish()
    try options.expectation.check(digests)
    let summary = LayerSummary(
      sha256Hex: digests.sha256Hex, size: digests.size, diffIDSHA256Hex: digests.diffIDSHA256Hex,
      uncompressedSize: digests.uncompressedSize, entryCount: entryCount, compression: digests.format)
    guard options.makesIndex else { return Result(summary: summary, index: nil) }
    let index = LayerIndex(
      items: items, diffIDSHA256Hex: digests.diffIDSHA256Hex, uncompressedSize: digests.uncompressedSize,
      digestsContent: options.digestsContent)
    return Result(summary: summary, index: index)
  }

  /// The next piece of the current file and its place in it, without the holes; nil at its end.
  func nextPiece() throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
    guard var content = current else { return nil }
    defer { current = content }
    guard let piece = try parser.nextPiece() else {
      try content.hashZeros(until: content.size)
      return nil
    }
    guard piece.offset >= content.position, piece.offset + Int64(piece.bytes.count) <= content.size else {
      throw ArchiveError.invalidEntry(content.path, "its pieces do not fit together")
    }
    try content.hashZeros(until: piece.offset)
    content.hasher?.update(piece.bytes)
    content.position = piece.offset + Int64(piece.bytes.count)
    return piece
  }

  private func begin(_ entry: TreeEntry, _ header: TarParser.Header) throws {
    var item = LayerIndex.Item(entry: entry)
    if case .file(let size) = entry.kind {
      let (total, overflow) = announcedSize.addingReportingOverflow(size)
      announcedSize = total
      if overflow || total > options.limits.uncompressedSize {
        throw ArchiveError.limit("unpacks to more than \(options.limits.uncompressedSize) bytes")
      }
      if !header.isSparse { item.contentOffset = header.contentOffset }
      let digests = options.makesIndex && options.digestsContent
      current = Content(path: entry.path, size: size, hasher: digests ? SHA256Hasher() : nil)
    }
    if options.makesIndex { items.append(item) }
  }

  private func finishContent() throws {
    guard let content = current else { return }
    if content.hasher != nil {
      // What `readContent` holds of a piece counts as read neither by us nor by libarchive.
      let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
      defer { scratch.deallocate() }
      while try readContent(into: scratch) > 0 {}
      items[items.count - 1].contentSHA256 = current?.hasher?.finalize()
    }
    current = nil
  }
}

extension LayerReader.Content {
  /// A hole reads as zeros.
  fileprivate mutating func hashZeros(until end: Int64) throws {
    guard hasher != nil else { return }
    let zeros = [UInt8](repeating: 0, count: 64 << 10)
    while position < end {
      let count = Int(min(Int64(zeros.count), end - position))
      hasher?.update(zeros[..<count])
      position += Int64(count)
    }
  }
}
