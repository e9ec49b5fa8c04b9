import Diagnostics
import HostOS
public import SystemPackage

/// Tells whether a file is an archive that ADD unpacks: by content, never by name.
public enum ArchiveDetector {
  /// Nil unless the file is a tar, plain or compressed in a way we know, with at least one entry. A compressed file
  /// that holds something else is no archive, and neither is a tar that is damaged in its first header.
  /// - Throws: `HostError` when the file cannot be read.
  public static func compression(of path: FilePath) throws -> CompressionFormat? {
    try Files.withDescriptor(path, .readOnly) { descriptor in
      try compression(of: FileByteSource(descriptor, path: path))
    }
  }

  /// The same for a stream, of which a few megabytes may be read.
  /// - Throws: what the source throws.
  public static func compression(of source: any ByteSource) throws -> CompressionFormat? {
    var start = HashingSource(source)
    let signature = try start.peek(CompressionFormat.signatureLength)
    do {
      let reader = try LayerReader(ReplayedSource(start), options: .archive)
      return try reader.next() == nil ? nil : CompressionFormat(signature: signature)
    } catch let error as ArchiveError where error.code == "archive-corrupt" {
      return nil
    } catch is ArchiveError {
      // An entry that is refused: it is an archive, and unpacking it will say why it cannot be used.
      return CompressionFormat(signature: signature)
    }
  }
}

/// A source whose first bytes were looked at.
private struct ReplayedSource: ByteSource {
  private var source: HashingSource
  init(_ source: HashingSource) { self.source = source }
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }
}
