import CZlib

/// zlib, which is everywhere.
final class ZlibCodec: DeflateCodec {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  /// - Parameter level: 0 (stored) to 9.
  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int) throws {
    stream.initialize(to: z_stream())
    // Window bits below zero: a raw stream.
    let status = deflateInit2_(
      stream, Int32(level), Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw ArchiveError.writing("no memory for compression") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  func bound(_ count: Int) -> Int { Int(deflateBound(stream, UInt(count))) }

  func compress(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    deflateReset(stream)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(bytes.count)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
    guard deflate(stream, Z_FINISH) == Z_STREAM_END else {
      throw ArchiveError.writing("zlib could not compress a block")
    }
    return output.count - Int(stream.pointee.avail_out)
  }

  func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
  }
}
