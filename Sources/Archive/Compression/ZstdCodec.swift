import CZstd

/// Makes zstd frames (RFC 8878, 3.1.1), which say how large their content is.
final class ZstdCodec: BlockCodec {
  private let context: OpaquePointer
  private let level: Int32

  /// - Parameter level: 1 (fast) to 19 (small).
  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int) throws {
    guard let context = ZSTD_createCCtx() else { throw ArchiveError.writing("no memory for compression") }
    self.context = context
    self.level = Int32(level)
  }

  deinit { ZSTD_freeCCtx(context) }

  func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

  func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = ZSTD_compressCCtx(
      context, output.baseAddress, output.count, block.baseAddress, block.count, level)
    guard ZSTD_isError(count) == 0 else {
      throw ArchiveError.writing("zstd could not compress a block: \(String(cString: ZSTD_getErrorName(count)))")
    }
    return count
  }
}
