import Glibc
public import HostOS
public import SystemPackage

/// A file that a scanner found, valid during the call that hands it over.
public struct ScannedFile {
  public var entry: TreeEntry
  /// As the host sees it, with times in nanoseconds and inode, for caches of digests.
  public let status: FileStatus
  let folder: FileDescriptor
  let name: FileName

  /// Opens a file's content for reading; whoever opens it closes it.
  /// - Throws: `HostError`, also when it is no regular file any more.
  public func open() throws -> FileDescriptor {
    // Not blocking, should it have become a pipe meanwhile.
    let number = name.withPlatformString {
      openat(folder.rawValue, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    }
    guard number >= 0 else { throw HostError("open", entry.path.filePath, .current) }
    let descriptor = FileDescriptor(rawValue: number)
    do {
      guard try FileStatus(of: descriptor).kind == .file else {
        throw HostError("open", entry.path.filePath, .invalidArgument)
      }
    } catch {
      try? descriptor.close()
      throw error
    }
    return descriptor
  }

  /// Opens a file's content for the time of `body`.
  /// - Throws: `HostError`, and what `body` throws.
  public func withContent<Result>(_ body: (FileDescriptor) throws -> Result) throws -> Result {
    let descriptor = try open()
    defer { try? descriptor.close() }
    return try body(descriptor)
  }
}

extension LayerWriter {
  /// Adds what a scanner found, with its content.
  /// - Throws: `ArchiveError` when the file grew or shrank, `HostError` when it cannot be read, and what the sink throws.
  public func append(_ file: ScannedFile) throws {
    guard file.entry.isFile else { return try append(file.entry) }
    try file.withContent { try append(file.entry, content: $0) }
  }
}
