import CArchive
import Diagnostics
import Glibc
import HostOS
public import SystemPackage

/// Files as one archive for people: ZIP, or a compressed tar.
public enum FileArchive {
  public enum Format: Sendable { case zip, tarGzip }

  public struct Entry: Sendable {
    /// The path in the archive.
    public var name: String
    /// Where the file is.
    public var path: FilePath

    public init(name: String, path: FilePath) {
      self.name = name
      self.path = path
    }
  }

  /// Replaces a file that is there. Blocks.
  /// - Throws: `ArchiveError`, `HostError`.
  public static func write(
    _ entries: [Entry], as format: Format, to path: FilePath, keepsSymbolicLinks: Bool = false
  ) throws {
    try TextLocale.writing.run { try make(entries, format, path, keepsSymbolicLinks) }
  }

  private static func make(
    _ entries: [Entry], _ format: Format, _ path: FilePath, _ keepsSymbolicLinks: Bool
  ) throws {
    guard let archive = archive_write_new() else { throw failure(nil, path) }
    defer { archive_write_free(archive) }
    switch format {
    case .zip: archive_write_set_format_zip(archive)
    case .tarGzip:
      archive_write_set_format_pax_restricted(archive)
      archive_write_add_filter_gzip(archive)
      archive_write_set_options(archive, "gzip:!timestamp")
    }
    guard path.withPlatformString({ archive_write_open_filename(archive, $0) }) == ARCHIVE_OK else {
      throw failure(archive, path)
    }
    for entry in entries { try write(entry, archive, path, keepsSymbolicLinks) }
    guard archive_write_close(archive) == ARCHIVE_OK else { throw failure(archive, path) }
  }

  private static func write(
    _ entry: Entry, _ archive: OpaquePointer, _ path: FilePath, _ keepsSymbolicLinks: Bool
  ) throws {
    let status = try keepsSymbolicLinks ? FileStatus(of: entry.path) : FileStatus(following: entry.path)
    guard let header = archive_entry_new() else { throw failure(nil, path) }
    defer { archive_entry_free(header) }
    archive_entry_set_pathname(header, entry.name)
    archive_entry_set_mtime(header, Int(status.modificationTime.seconds), 0)
    archive_entry_set_perm(header, mode_t(status.mode & 0o777))
    if status.kind == .symbolicLink {
      archive_entry_set_filetype(header, UInt32(Glibc.S_IFLNK))
      archive_entry_set_symlink(header, try Files.symbolicLinkTarget(entry.path).string)
    } else {
      archive_entry_set_filetype(header, UInt32(Glibc.S_IFREG))
      archive_entry_set_size(header, status.size)
    }
    guard archive_write_header(archive, header) >= ARCHIVE_WARN else { throw failure(archive, path) }
    guard status.kind == .file else { return }
    try Files.withDescriptor(entry.path, .readOnly) { descriptor in
      try Files.readChunks(descriptor, entry.path) { chunk in
        guard archive_write_data(archive, chunk.baseAddress, chunk.count) >= 0 else { throw failure(archive, path) }
      }
    }
  }

  private static func failure(_ archive: OpaquePointer?, _ path: FilePath) -> ArchiveError {
    let reason = archive.flatMap { archive_error_string($0) }.map { String(cString: $0) } ?? "no memory"
    return ArchiveError("archive-not-written", "cannot write \(path): \(reason)", help: ["choose another place"])
  }
}
