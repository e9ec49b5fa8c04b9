import CArchive
import Glibc
import HostOS

/// Takes the bytes of a tar apart through libarchive: ustar, pax, GNU and old formats, sparse files, big numbers.
final class TarParser {
  /// A header as it is written, before anything is judged.
  struct Header {
    var name: [UInt8]
    var kind: RawKind
    var mode: UInt16
    var uid: Int64
    var gid: Int64
    var modificationTime: Timestamp
    var extendedAttributes: [ExtendedAttribute]
    var contentOffset: Int64
    var isSparse: Bool
  }

  enum RawKind {
    case file(size: Int64)
    case directory
    case symbolicLink([UInt8])
    case hardLink([UInt8])
    case characterDevice(major: UInt64, minor: UInt64)
    case blockDevice(major: UInt64, minor: UInt64)
    case fifo
    case other(UInt32)
  }

  private let archive: OpaquePointer
  private let feed: Feed

  private final class Feed {
    let thread: DecodingThread
    var failure: (any Error)?
    init(_ thread: DecodingThread) { self.thread = thread }

    func next() -> UnsafeRawBufferPointer?? {
      do { return .some(try thread.next()) } catch {
        failure = error
        return nil
      }
    }
  }

  /// - Parameter acceptsNothing: whether a stream of no bytes at all is an archive without entries.
  /// - Throws: `ArchiveError` when the bytes are no tar, and what the thread's source throws.
  init(_ thread: DecodingThread, acceptsNothing: Bool) throws {
    guard let archive = archive_read_new() else { throw ArchiveError.corrupt("no memory") }
    self.archive = archive
    feed = Feed(thread)
    try check(archive_read_support_format_tar(archive))
    if acceptsNothing { try check(archive_read_support_format_empty(archive)) }
    try check(
      TextLocale.reading.run {
        archive_read_open(
          archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
          { _, context, bytes in
            guard let context, let bytes else { return -1 }
            guard let next = Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().next() else { return -1 }
            bytes.pointee = next?.baseAddress
            return next?.count ?? 0
          }, nil)
      })
  }

  deinit { archive_read_free(archive) }

  /// Skips what is left of the content before; nil at the end of the archive.
  /// - Throws: `ArchiveError` for a damaged archive, and what the source throws.
  func next() throws -> Header? {
    try TextLocale.reading.run {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return nil }
      // Most warnings are about names that the C locale cannot show, which come through as bytes. But what stands in a
      // broken pax header may be the very name or size.
      guard status >= ARCHIVE_WARN, let entry else { throw failure() }
      if status == ARCHIVE_WARN, warning.contains("malformed") { throw failure() }
      return header(entry)
    }
  }

  /// A piece of the current file and its place in it; nil at its end. Holes are left out.
  /// - Throws: `ArchiveError` for a damaged archive, and what the source throws.
  func nextPiece() throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
    var start: UnsafeRawPointer?
    var count = 0
    var offset: Int64 = 0
    let status = archive_read_data_block(archive, &start, &count, &offset)
    if status == ARCHIVE_EOF { return nil }
    guard status >= ARCHIVE_WARN else { throw failure() }
    return (UnsafeRawBufferPointer(start: start, count: count), offset)
  }

  private func header(_ entry: OpaquePointer) -> Header {
    Header(
      name: Self.bytes(archive_entry_pathname(entry)),
      kind: kind(of: entry),
      mode: UInt16(truncatingIfNeeded: archive_entry_perm(entry) & 0o7777),
      uid: archive_entry_uid(entry),
      gid: archive_entry_gid(entry),
      modificationTime: Timestamp(
        seconds: Int64(archive_entry_mtime(entry)), nanoseconds: UInt32(clamping: archive_entry_mtime_nsec(entry))),
      extendedAttributes: Self.extendedAttributes(of: entry),
      contentOffset: archive_filter_bytes(archive, 0),
      isSparse: archive_entry_sparse_count(entry) > 0)
  }

  private func kind(of entry: OpaquePointer) -> RawKind {
    if let target = archive_entry_hardlink(entry) { return .hardLink(Self.bytes(target)) }
    let major = UInt64(archive_entry_rdevmajor(entry))
    let minor = UInt64(archive_entry_rdevminor(entry))
    switch UInt32(archive_entry_filetype(entry)) {
    case 0o100000: return .file(size: archive_entry_size(entry))
    case 0o040000: return .directory
    case 0o120000: return .symbolicLink(Self.bytes(archive_entry_symlink(entry)))
    case 0o020000: return .characterDevice(major: major, minor: minor)
    case 0o060000: return .blockDevice(major: major, minor: minor)
    case 0o010000: return .fifo
    case let other: return .other(other)
    }
  }

  private static func extendedAttributes(of entry: OpaquePointer) -> [ExtendedAttribute] {
    var result: [String: [UInt8]] = [:]
    archive_entry_xattr_reset(entry)
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK {
      guard let name else { continue }
      // SCHILY.xattr comes after LIBARCHIVE.xattr where both are there, and says the same.
      result[String(cString: name)] = Array(UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size))
    }
    return result.sorted { $0.key < $1.key }.map { ExtendedAttribute(name: $0.key, value: $0.value) }
  }

  private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8] {
    guard let text else { return [] }
    return UnsafeBufferPointer(start: text, count: strlen(text)).map(UInt8.init(bitPattern:))
  }

  private var warning: String { archive_error_string(archive).map { String(cString: $0) } ?? "" }

  private func check(_ status: Int32) throws {
    guard status >= ARCHIVE_WARN else { throw failure() }
  }

  private func failure() -> any Error {
    if let failure = feed.failure { return failure }
    return ArchiveError.corrupt(archive_error_string(archive).map { String(cString: $0) } ?? "unknown error")
  }
}
