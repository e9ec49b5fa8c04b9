import CZlib

/// zlib, which is everywhere.
final class ZlibInflater: Inflater {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

  /// - Throws: `ArchiveError` when there is no memory.
  init() throws {
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for "gzip only".
    guard inflateInit2_(stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ArchiveError.corrupt("no memory for decompression")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  func reset() { inflateReset(stream) }

  func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> InflateStep {
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(clamping: input.count)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(clamping: output.count)
    let (available, room) = (stream.pointee.avail_in, stream.pointee.avail_out)
    let status = CZlib.inflate(stream, Z_NO_FLUSH)
    guard [Z_OK, Z_BUF_ERROR, Z_STREAM_END].contains(status) else {
      throw ArchiveError.corrupt("gzip: \(stream.pointee.msg.map { String(cString: $0) } ?? "unknown error")")
    }
    return InflateStep(
      consumed: Int(available - stream.pointee.avail_in), produced: Int(room - stream.pointee.avail_out),
      endsMember: status == Z_STREAM_END)
  }
}
