/// What identifies a layer, found while it was written or read.
public struct LayerSummary: Sendable, Hashable {
  /// SHA-256 of the layer as it is stored and sent, in 64 hexadecimal digits.
  public var sha256Hex: String
  /// In bytes, as it is stored and sent.
  public var size: Int64
  /// SHA-256 of the uncompressed tar, in 64 hexadecimal digits: the diff ID of image-spec's config.md.
  public var diffIDSHA256Hex: String
  /// Of the tar, in bytes.
  public var uncompressedSize: Int64
  public var entryCount: Int
  public var compression: CompressionFormat
}

/// How a layer or archive is compressed.
public enum CompressionFormat: String, Sendable, Hashable, CaseIterable {
  case none, gzip, zstd, xz, bzip2
}

/// How a layer is to be compressed.
public enum Compression: Sendable, Hashable {
  case none
  /// `level` as zlib counts, 0 (stored) to 9 (small); others are brought into that range.
  case gzip(level: Int)
  /// gzip with a table of contents, for runtimes that fetch files one by one; `level` as for gzip.
  case estargz(level: Int)
  /// `level` as zstd counts, 1 (fast) to 19 (small); others are brought into that range.
  case zstd(level: Int)

  /// Why this one: docs/compression.md.
  public static let defaultGzipLevel = 1
  public static let `default` = Compression.gzip(level: defaultGzipLevel)

  public var format: CompressionFormat {
    switch self {
    case .none: .none
    case .gzip, .estargz: .gzip
    case .zstd: .zstd
    }
  }
}

extension Compression: CustomStringConvertible {
  public var description: String {
    switch self {
    case .none: "uncompressed"
    case .gzip(let level): "gzip, level \(level)"
    case .estargz(let level): "estargz, level \(level)"
    case .zstd(let level): "zstd, level \(level)"
    }
  }
}
