/// Compresses whole blocks into raw deflate streams (RFC 1951): what one thread needs for it.
///
/// The bytes depend on the block, the level and the version of the library alone, on no processor and no thread.
protocol DeflateCodec: AnyObject {
  /// Compresses one block into a stream of its own; returns the number of bytes put into `output`.
  /// - Throws: `ArchiveError` when the library refuses, which it has no reason to.
  func compress(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int
  /// How large `output` has to be for any block of `count` bytes.
  func bound(_ count: Int) -> Int
  /// CRC-32 (RFC 1952, 8).
  func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32
}

/// The codecs that a layer is written with.
enum DeflateLibrary {
  /// The libdeflate of the system; zlib's where the program was built without it.
  static func codec(level: Int) throws -> any DeflateCodec {
    #if SLIPWAY_ZLIB_ONLY
      return try ZlibCodec(level: level)
    #else
      return try LibdeflateCodec(level: level)
    #endif
  }
}
