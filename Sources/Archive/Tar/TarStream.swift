import CArchive
import HostOS

/// Turns entries into the bytes of a POSIX tar (pax extensions where ustar does not suffice), through libarchive.
///
/// The bytes are counted and digested on their way to the encoder. What libarchive's callback cannot throw is kept and
/// thrown by the call that caused it.
final class TarStream {
  private let archive: OpaquePointer
  private let entry: OpaquePointer
  private let tap: Tap

  /// Where the callback finds us.
  private final class Tap {
    let encoder: any LayerEncoder
    var hasher = SHA256Hasher()
    var offset: Int64 = 0
    /// The encoder's digest is the tar's when nothing is compressed.
    let digests: Bool
    var failure: (any Error)?

    init(_ encoder: any LayerEncoder, digests: Bool) {
      self.encoder = encoder
      self.digests = digests
    }

    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
      do {
        if digests { hasher.update(bytes) }
        offset += Int64(bytes.count)
        try encoder.write(bytes)
        return true
      } catch {
        failure = error
        return false
      }
    }
  }

  /// - Throws: `ArchiveError` when there is no memory.
  init(_ encoder: any LayerEncoder, digests: Bool) throws {
    guard let archive = archive_write_new() else { throw ArchiveError.writing("no memory") }
    guard let entry = archive_entry_new() else {
      archive_write_free(archive)
      throw ArchiveError.writing("no memory")
    }
    self.archive = archive
    self.entry = entry
    tap = Tap(encoder, digests: digests)
    try check(archive_write_set_format_pax_restricted(archive))
    // Otherwise each attribute is written twice, once in a form that only libarchive reads.
    try check(archive_write_set_options(archive, "pax:xattrheader=SCHILY"))
    try check(archive_write_add_filter_none(archive))
    try check(archive_write_set_bytes_per_block(archive, 0))
    try check(
      archive_write_open2(
        archive, Unmanaged.passUnretained(tap).toOpaque(), nil,
        { _, context, bytes, count in
          guard let context else { return -1 }
          let tap = Unmanaged<Tap>.fromOpaque(context).takeUnretainedValue()
          return tap.take(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : -1
        }, nil, nil))
  }

  deinit {
    archive_entry_free(entry)
    // Closes an archive that was not finished, too: its last bytes must not reach the encoder any more.
    archive_write_fail(archive)
    archive_write_free(archive)
  }

  /// How many bytes of the tar are written.
  var offset: Int64 { tap.offset }

  /// In 64 hexadecimal digits; meaningful after `finish` only, and if it was asked for.
  func sha256Hex() -> String { tap.hasher.finalizeHex() }

  /// - Throws: `ArchiveError`, and what the sink throws.
  func writeHeader(_ value: TreeEntry, name: [UInt8]) throws {
    try TextLocale.writing.run {
      archive_entry_clear(entry)
      fill(value, name: name)
      let status = archive_write_header(archive, entry)
      // The only warning is about names that are not UTF-8; they are written as bytes.
      guard status >= ARCHIVE_WARN else { throw failure() }
    }
  }

  /// - Throws: `ArchiveError`, and what the sink throws.
  func writeContent(_ bytes: UnsafeRawBufferPointer) throws {
    guard archive_write_data(archive, bytes.baseAddress, bytes.count) == bytes.count else { throw failure() }
  }

  /// Fills the last block of the current entry now, not with the next header.
  /// - Throws: `ArchiveError`, and what the sink throws.
  func endEntry() throws { try check(archive_write_finish_entry(archive)) }

  /// - Throws: `ArchiveError`, and what the sink throws.
  func finish() throws { try check(archive_write_close(archive)) }

  private func fill(_ value: TreeEntry, name: [UInt8]) {
    withCString(name) { archive_entry_copy_pathname(entry, $0) }
    archive_entry_set_uid(entry, Int64(value.uid))
    archive_entry_set_gid(entry, Int64(value.gid))
    archive_entry_set_perm(entry, mode_t(value.mode))
    archive_entry_set_mtime(entry, time_t(value.modificationTime.seconds), 0)
    archive_entry_set_filetype(entry, UInt32(value.kind.libarchiveType))
    switch value.kind {
    case .file(let size): archive_entry_set_size(entry, size)
    case .symbolicLink(let target): withCString(target) { archive_entry_copy_symlink(entry, $0) }
    case .hardLink(let target): withCString(target.bytes) { archive_entry_copy_hardlink(entry, $0) }
    case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
      archive_entry_set_rdevmajor(entry, dev_t(major))
      archive_entry_set_rdevminor(entry, dev_t(minor))
    case .directory, .fifo, .whiteout, .opaqueWhiteout: break
    }
    for attribute in value.extendedAttributes {
      archive_entry_xattr_add_entry(entry, attribute.name, attribute.value, attribute.value.count)
    }
  }

  private func withCString(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>?) -> Void) {
    (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { body($0.baseAddress) }
  }

  private func check(_ status: Int32) throws {
    guard status >= ARCHIVE_WARN else { throw failure() }
  }

  private func failure() -> any Error {
    if let failure = tap.failure { return failure }
    let detail = archive_error_string(archive).map { String(cString: $0) }
    return ArchiveError.writing(detail ?? "libarchive gives no reason")
  }
}

extension TreeEntry.Kind {
  /// Deletions are empty files with a special name.
  fileprivate var libarchiveType: Int32 {
    switch self {
    case .file, .hardLink, .whiteout, .opaqueWhiteout: 0o100000
    case .directory: 0o040000
    case .symbolicLink: 0o120000
    case .characterDevice: 0o020000
    case .blockDevice: 0o060000
    case .fifo: 0o010000
    }
  }
}
