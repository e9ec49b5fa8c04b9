import HostOS
public import SystemPackage

/// What one layer holds, kept beside its blob so that questions about files need no unpacking.
public struct LayerIndex: Sendable, Hashable {
  /// An entry and where its content is.
  public struct Item: Sendable, Hashable {
    public var entry: TreeEntry
    /// SHA-256 of a file's content, 32 bytes; nil for all that is no file, and where it was not asked for.
    public var contentSHA256: [UInt8]?
    /// Where a file's content starts in the uncompressed tar, in bytes; nil for all that is no file, and for sparse
    /// files, whose content is not in one piece.
    public var contentOffset: Int64?

    public init(entry: TreeEntry, contentSHA256: [UInt8]? = nil, contentOffset: Int64? = nil) {
      self.entry = entry
      self.contentSHA256 = contentSHA256
      self.contentOffset = contentOffset
    }
  }

  /// In the order of the tar.
  public var items: [Item]
  /// SHA-256 of the uncompressed tar in 64 hexadecimal digits.
  public var diffIDSHA256Hex: String
  /// Of the tar, in bytes.
  public var uncompressedSize: Int64
  /// Whether each file has its `contentSHA256`.
  public var digestsContent: Bool

  public init(items: [Item], diffIDSHA256Hex: String, uncompressedSize: Int64, digestsContent: Bool = true) {
    self.items = items
    self.diffIDSHA256Hex = diffIDSHA256Hex
    self.uncompressedSize = uncompressedSize
    self.digestsContent = digestsContent
  }

  /// Reads a file that `write(to:)` made.
  /// - Throws: `ArchiveError` when it is damaged or of another version, `HostError`.
  public init(contentsOf path: FilePath) throws {
    try self.init(decoding: Files.read(path, limit: 1 << 30))
  }

  /// Writes the index so that readers see all of it or nothing. After a loss of power it may be damaged, which reading it
  /// finds out.
  /// - Throws: `HostError`.
  public func write(to path: FilePath) throws {
    try Files.writeAtomically(encoded(), to: path, isDurable: false)
  }
}
