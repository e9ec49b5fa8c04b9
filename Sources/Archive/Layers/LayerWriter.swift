public import HostOS
public import SystemPackage

/// Writes one layer: entries in the order they are given → tar → SHA-256 → compression → SHA-256 → sink
/// (image-spec, layer.md).
///
/// The same entries give the same bytes on any machine, whatever the number of threads. Memory is bounded by the number
/// of threads (2 MiB each for gzip), not by the layer. The sink is called on the thread that calls the writer; all calls block.
/// A writer that goes before `finish` leaves a half-written layer in the sink.
public final class LayerWriter {
  public struct Options: Sendable {
    public var compression: Compression
    /// Of compression; at most 16 are used.
    public var threadCount: Int
    /// Modification times after this one become this one (SOURCE_DATE_EPOCH).
    public var latestTime: Timestamp?
    /// Whether to note the SHA-256 of each file's content in the index, one more pass over the bytes.
    public var digestsContent: Bool
    /// Whether files may have `.wh.` names, which mean deletions in layers: for archives that are none.
    public var permitsWhiteoutNames = false

    public init(
      compression: Compression = .default, threadCount: Int = LayerWriter.defaultThreadCount,
      latestTime: Timestamp? = nil, digestsContent: Bool = false
    ) {
      self.compression = compression
      self.threadCount = threadCount
      self.latestTime = latestTime
      self.digestsContent = digestsContent
    }
  }

  /// What was written.
  public struct Result: Sendable {
    public var summary: LayerSummary
    public var index: LayerIndex
    /// SHA-256 of the table of contents of an eStargz layer, in 64 hexadecimal digits.
    public var tableSHA256Hex: String?
  }

  private let options: Options
  private let encoder: any LayerEncoder
  private let tar: TarStream
  /// The encoder, where it keeps a table of contents.
  private let table: EStargzEncoder?
  private var items: [LayerIndex.Item] = []
  /// Of the tar, where deletions have names of their own.
  private var names: Set<TreePath> = []
  /// Those that no hard link may name: folders and deletions.
  private var unlinkable: Set<TreePath> = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

  /// One for each processor that this process may use.
  public static var defaultThreadCount: Int { Processors.available }

  /// - Throws: `ArchiveError`, and what the sink throws.
  public init(to sink: any ByteSink, options: Options = Options()) throws {
    self.options = options
    encoder = options.encoder(to: sink)
    table = encoder as? EStargzEncoder
    tar = try TarStream(encoder, digests: options.compression != .none)
    if table != nil { try append(EStargz.landmark, content: EStargz.landmarkContent) }
  }

  deinit { buffer.deallocate() }

  /// Adds what has no content: anything but a file, or an empty file.
  /// - Throws: `ArchiveError`, and what the sink throws.
  public func append(_ entry: TreeEntry) throws {
    try append(entry, from: MemoryByteSource([]))
  }

  /// Adds a file whose content is in memory.
  /// - Throws: `ArchiveError` when it is not as long as announced, and what the sink throws.
  public func append(_ entry: TreeEntry, content: [UInt8]) throws {
    try append(entry, from: MemoryByteSource(content))
  }

  /// Adds a file whose content is read from an open descriptor, from its current offset to its end. Holes become zeros.
  /// - Throws: `ArchiveError` when the file grew or shrank, `HostError` when it cannot be read, and what the sink throws.
  public func append(_ entry: TreeEntry, content descriptor: FileDescriptor) throws {
    try append(entry, from: FileByteSource(descriptor, path: entry.path.filePath))
  }

  /// Adds an entry whose content comes from a source that ends where the content ends.
  /// - Throws: `ArchiveError` when it is not as long as announced, and what source and sink throw.
  public func append(_ entry: TreeEntry, from source: some ByteSource) throws {
    var source = source
    try append(entry) { try source.read(into: $0) }
  }

  /// - Parameters:
  ///   - contentSHA256: of the content, where it is known and need not be computed: whoever says so makes sure of it.
  ///   - read: puts bytes into the buffer and returns how many; 0 at the end.
  /// - Throws: `ArchiveError` when it is not as long as announced, and what `read` and the sink throw.
  public func append(
    _ entry: TreeEntry, contentSHA256: [UInt8]? = nil, reading read: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws {
    var entry = entry
    if let latest = options.latestTime, entry.modificationTime > latest { entry.modificationTime = latest }
    entry.modificationTime.nanoseconds = 0
    let place = try tarPath(of: entry)
    try validate(entry)
    guard names.insert(place).inserted else { throw ArchiveError.duplicateEntry(entry.path) }
    let name = place.isRoot ? [UInt8(ascii: "."), UInt8(ascii: "/")] : place.bytes
    try tar.writeHeader(entry, name: name)
    table?.begin(entry, name: name)
    if entry.isDirectory || entry.isWhiteout { unlinkable.insert(place) }
    var item = LayerIndex.Item(entry: entry)
    if case .file(let size) = entry.kind {
      item.contentOffset = tar.offset
      var hasher = options.digestsContent && contentSHA256 == nil ? SHA256Hasher() : nil
      try copy(size: size, of: entry.path, &hasher, read)
      item.contentSHA256 = hasher?.finalize() ?? contentSHA256
    }
    items.append(item)
  }

  /// Ends the tar and the compression. The writer is of no use afterwards.
  /// - Throws: `ArchiveError`, and what the sink throws.
  public func finish() throws -> Result {
    if let table { try write(table) }
    try tar.finish()
    try encoder.finish()
    let digest = encoder.output.sha256Hex()
    let diffID = options.compression == .none ? digest : tar.sha256Hex()
    let summary = LayerSummary(
      sha256Hex: digest, size: encoder.output.size, diffIDSHA256Hex: diffID, uncompressedSize: tar.offset,
      entryCount: items.count, compression: options.compression.format)
    let index = LayerIndex(
      items: items, diffIDSHA256Hex: diffID, uncompressedSize: tar.offset,
      digestsContent: options.digestsContent)
    return Result(summary: summary, index: index, tableSHA256Hex: table?.tableSHA256Hex)
  }

  /// The table of contents is the last file; it does not list itself.
  private func write(_ table: EStargzEncoder) throws {
    try tar.endEntry()
    let content = try table.table()
    let entry = EStargz.tableEntry(size: content.count)
    try tar.writeHeader(entry, name: entry.path.bytes)
    items.append(
      LayerIndex.Item(entry: entry, contentSHA256: SHA256Hasher.digest(of: content), contentOffset: tar.offset))
    try content.withUnsafeBytes { try tar.writeContent($0) }
  }

  private func copy(
    size: Int64, of path: TreePath, _ hasher: inout SHA256Hasher?,
    _ read: (UnsafeMutableRawBufferPointer) throws -> Int
  ) throws {
    var done: Int64 = 0
    while true {
      let count = try read(buffer)
      if count == 0 { break }
      done += Int64(count)
      if done > size { throw ArchiveError.fileGrew(path, announced: size) }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      hasher?.update(bytes)
      if let table { try table.pieces(bytes, tar.writeContent) } else { try tar.writeContent(bytes) }
    }
    if done < size { throw ArchiveError.fileShrank(path, announced: size, found: done) }
  }

  private func validate(_ entry: TreeEntry) throws {
    switch entry.kind {
    case .file(let size) where size < 0: throw ArchiveError.unwritableEntry(entry.path, "its size is negative")
    case .symbolicLink(let target) where target.isEmpty || target.contains(0):
      throw ArchiveError.unwritableEntry(entry.path, "its link target is empty or holds a NUL byte")
    case .hardLink(let target) where !names.contains(target) || unlinkable.contains(target):
      throw ArchiveError.unwritableEntry(entry.path, "it is a hard link to \(target), which is no earlier file")
    case .hardLink, .symbolicLink, .file, .directory, .characterDevice, .blockDevice, .fifo, .whiteout, .opaqueWhiteout:
      break
    }
    for attribute in entry.extendedAttributes where attribute.name.isEmpty || attribute.name.utf8.contains(0) {
      throw ArchiveError.unwritableEntry(entry.path, "it has an extended attribute without a proper name")
    }
  }

  /// Deletions are named after what they delete (image-spec, layer.md, "Whiteouts").
  private func tarPath(of entry: TreeEntry) throws -> TreePath {
    let path = entry.path
    if !options.permitsWhiteoutNames, path.hasComponent(startingWith: Whiteout.prefix) {
      throw ArchiveError.reservedName(path)
    }
    switch entry.kind {
    case .opaqueWhiteout: return path.appending(name: Whiteout.opaqueName) ?? path
    case .whiteout:
      guard let parent = path.parent, let marker = parent.appending(name: Whiteout.prefix + path.name) else {
        throw ArchiveError.unwritableEntry(path, "the root cannot be deleted")
      }
      return marker
    default:
      if path.isRoot, entry.kind != .directory { throw ArchiveError.unwritableEntry(path, "the root is a folder") }
      return path
    }
  }
}

extension LayerWriter.Options {
  func encoder(to sink: any ByteSink) -> any LayerEncoder {
    switch compression {
    case .none: PlainEncoder(sink)
    case .gzip(let level): BlockEncoder(sink, .gzip(level: level), threadCount: threadCount)
    case .estargz(let level): EStargzEncoder(sink, level: level, threadCount: threadCount)
    case .zstd(let level): BlockEncoder(sink, .zstd(level: level), threadCount: threadCount)
    }
  }
}

/// The names that stand for deletions (image-spec, layer.md, "Whiteouts").
enum Whiteout {
  static let prefix = Array(".wh.".utf8)
  static let opaqueName = Array(".wh..wh..opq".utf8)
  /// AUFS kept its own bookkeeping under such names; they mean nothing in a layer.
  static let bookkeepingPrefix = Array(".wh..wh.".utf8)
}
