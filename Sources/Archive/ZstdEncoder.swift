import CArchive

/// Compresses with zstd (RFC 8878) into one frame, through libarchive's filter.
///
/// It works on the calling thread: the frames of several threads would need several times the memory, and one thread
/// already keeps up with the digests.
final class ZstdEncoder: LayerEncoder {
  private let archive: OpaquePointer
  private let drain: Drain

  /// Where the callback finds us.
  private final class Drain {
    var output: HashingSink
    var failure: (any Error)?

    init(_ sink: any ByteSink) { output = HashingSink(sink) }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      do {
        try output.write(bytes)
        return true
      } catch {
        failure = error
        return false
      }
    }
  }

  var output: HashingSink { drain.output }

  /// - Throws: `ArchiveError` when libarchive was built without zstd, and what the sink throws.
  init(_ sink: any ByteSink, level: Int) throws {
    guard let archive = archive_write_new() else { throw ArchiveError.writing("no memory") }
    self.archive = archive
    drain = Drain(sink)
    try check(archive_write_set_format_raw(archive))
    try check(archive_write_add_filter_zstd(archive))
    try check(archive_write_set_options(archive, "zstd:compression-level=\(min(max(level, 1), 19))"))
    try check(archive_write_set_bytes_per_block(archive, 0))
    try check(
      archive_write_open2(
        archive, Unmanaged.passUnretained(drain).toOpaque(), nil,
        { _, context, bytes, count in
          guard let context else { return -1 }
          let drain = Unmanaged<Drain>.fromOpaque(context).takeUnretainedValue()
          return drain.take(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : -1
        }, nil, nil))
    try begin()
  }

  deinit {
    // Closes an archive that was not finished, too: its last bytes must not reach the sink any more.
    archive_write_fail(archive)
    archive_write_free(archive)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    guard archive_write_data(archive, bytes.baseAddress, bytes.count) == bytes.count else { throw failure() }
  }

  func finish() throws { try check(archive_write_close(archive)) }

  /// The "raw" format has one entry, of which only the content is written.
  private func begin() throws {
    guard let entry = archive_entry_new() else { throw ArchiveError.writing("no memory") }
    defer { archive_entry_free(entry) }
    archive_entry_set_filetype(entry, 0o100000)
    try check(archive_write_header(archive, entry))
  }

  private func check(_ status: Int32) throws {
    guard status >= ARCHIVE_WARN else { throw failure() }
  }

  private func failure() -> any Error {
    if let failure = drain.failure { return failure }
    let detail = archive_error_string(archive).map { String(cString: $0) }
    return ArchiveError.writing(detail ?? "libarchive gives no reason")
  }
}
