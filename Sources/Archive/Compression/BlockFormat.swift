/// Compresses blocks, each into something that can be decompressed by itself, and one behind the other: what one thread
/// needs for it.
///
/// The bytes depend on the block, the level and the version of the library alone, on no processor and no thread.
protocol BlockCodec: AnyObject {
  /// Returns the number of bytes put into `output`.
  /// - Throws: `ArchiveError`.
  func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int
  /// How large `output` has to be for any block of `count` bytes.
  func bound(_ count: Int) -> Int
}

/// How blocks are compressed.
enum BlockFormat: Sendable {
  /// `level` as zlib counts, 0 (stored) to 9 (small); others are brought into that range. A block becomes one member, or,
  /// where noise begins or ends in it, several.
  case gzip(level: Int, makesOneMember: Bool = false)
  /// `level` as zstd counts, 1 (fast) to 19 (small); others are brought into that range.
  case zstd(level: Int)

  /// Of what goes in, in bytes: so large that little is lost where blocks meet. zstd looks back further than deflate.
  var blockSize: Int {
    switch self {
    case .gzip: 1 << 20
    case .zstd: 2 << 20
    }
  }

  /// - Throws: `ArchiveError` when there is no memory.
  func codec() throws -> any BlockCodec {
    switch self {
    case .gzip(let level, let makesOneMember):
      try GzipCodec(level: min(max(level, 0), 9), makesOneMember: makesOneMember)
    case .zstd(let level): try ZstdCodec(level: min(max(level, 1), 19))
    }
  }
}
