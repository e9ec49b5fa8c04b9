import CArchive

/// zstd, xz and bzip2 through the one filter of libarchive that is asked for.
final class FilterDecoder: Decoder {
  private let archive: OpaquePointer
  private let feed: Feed
  private var hasEntry = false

  private final class Feed {
    var source: HashingSource
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    var failure: (any Error)?

    init(_ source: HashingSource) { self.source = source }
    deinit { buffer.deallocate() }

    func read() -> Int {
      do { return try source.read(into: buffer) } catch {
        failure = error
        return -1
      }
    }
  }

  var source: HashingSource { feed.source }

  /// - Throws: `ArchiveError` when libarchive was built without the filter.
  init(_ source: HashingSource, format: CompressionFormat) throws {
    guard let archive = archive_read_new() else { throw ArchiveError.corrupt("no memory for decompression") }
    self.archive = archive
    feed = Feed(source)
    let filter =
      switch format {
      case .zstd: ARCHIVE_FILTER_ZSTD
      case .xz: ARCHIVE_FILTER_XZ
      case .bzip2: ARCHIVE_FILTER_BZIP2
      case .gzip: ARCHIVE_FILTER_GZIP
      case .none: ARCHIVE_FILTER_NONE
      }
    try check(archive_read_set_format(archive, ARCHIVE_FORMAT_RAW))
    try check(archive_read_append_filter(archive, filter))
    try check(
      archive_read_open(
        archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
        { _, context, bytes in
          guard let context, let bytes else { return -1 }
          let feed = Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue()
          bytes.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
          return feed.read()
        }, nil))
  }

  deinit { archive_read_free(archive) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if !hasEntry {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return 0 }
      try check(status)
      hasEntry = true
    }
    let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
    if count < 0 { throw failure() }
    if count == 0 { try drain() }
    return count
  }

  /// What follows the compressed stream belongs to the digest all the same.
  private func drain() throws {
    while feed.read() > 0 {}
    if let failure = feed.failure { throw failure }
  }

  private func check(_ status: Int32) throws {
    guard status >= ARCHIVE_WARN else { throw failure() }
  }

  private func failure() -> any Error {
    if let failure = feed.failure { return failure }
    return ArchiveError.corrupt(archive_error_string(archive).map { String(cString: $0) } ?? "unknown error")
  }
}
