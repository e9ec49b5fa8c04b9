import CArchive
import CZlib
import HostOS

/// Counts and digests what a source gives, and can look at its beginning.
struct HashingSource {
  private var source: any ByteSource
  private var hasher = SHA256Hasher()
  private(set) var size: Int64 = 0
  private var peeked: ArraySlice<UInt8> = []

  init(_ source: any ByteSource) { self.source = source }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if !peeked.isEmpty {
      let count = min(buffer.count, peeked.count)
      buffer.copyBytes(from: peeked.prefix(count))
      peeked = peeked.dropFirst(count)
      return count
    }
    return try readFromSource(into: buffer)
  }

  /// The first bytes, which will still be read; fewer when the source ends before.
  mutating func peek(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let step = try bytes.withUnsafeMutableBytes {
        try readFromSource(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
      }
      if step == 0 { break }
      done += step
    }
    peeked = bytes[..<done]
    return Array(peeked)
  }

  func sha256Hex() -> String { hasher.finalizeHex() }

  private mutating func readFromSource(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    guard count > 0 else { return 0 }
    size += Int64(count)
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }
}

/// Undoes one compression: pulls from a source, gives plain bytes.
protocol Decoder: AnyObject {
  /// 0 at the end, after the whole source was read.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
  var source: HashingSource { get }
}

final class PlainDecoder: Decoder {
  private(set) var source: HashingSource
  init(_ source: HashingSource) { self.source = source }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }
}

/// gzip (RFC 1952) of any number of members, with checksums verified by zlib.
final class GzipDecoder: Decoder {
  private(set) var source: HashingSource
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var isAtEnd = false
  /// No byte of the next member was seen yet.
  private var isBetweenMembers = false

  /// - Throws: `ArchiveError` when there is no memory.
  init(_ source: HashingSource) throws {
    self.source = source
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for "gzip only".
    guard inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ArchiveError.corrupt("no memory for decompression")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(clamping: buffer.count)
    let room = stream.pointee.avail_out
    while !isAtEnd, stream.pointee.avail_out == room {
      if stream.pointee.avail_in == 0 { try refill() }
      if isAtEnd { break }
      if isBetweenMembers, try skipPadding() { break }
      try step()
    }
    return Int(room - stream.pointee.avail_out)
  }

  private func step() throws {
    switch inflate(stream, Z_NO_FLUSH) {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      isBetweenMembers = true
      inflateReset(stream)
    default:
      let detail = stream.pointee.msg.map { String(cString: $0) } ?? "unknown error"
      throw ArchiveError.corrupt("gzip: \(detail)")
    }
  }

  private func refill() throws {
    let count = try source.read(into: input)
    if count == 0 {
      guard isBetweenMembers else { throw ArchiveError.corrupt("gzip: it ends early") }
      isAtEnd = true
      return
    }
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  /// Zeros may follow the last member, as on tapes; true when the end was reached.
  private func skipPadding() throws -> Bool {
    while true {
      while stream.pointee.avail_in > 0, let next = stream.pointee.next_in {
        if next.pointee != 0 {
          isBetweenMembers = false
          return false
        }
        stream.pointee.next_in = next + 1
        stream.pointee.avail_in -= 1
      }
      try refill()
      if isAtEnd { return true }
    }
  }
}

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
