import CZlib

/// zlib's state for one thread: a stream at the wanted level, and a fast one that only measures.
final class DeflateCodec {
  private let stream: UnsafeMutablePointer<z_stream>
  private let probe: UnsafeMutablePointer<z_stream>
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: sampleSize + 1024, alignment: 16)

  private static let sampleSize = 16 << 10
  private static let sampleCount = 4

  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int) throws {
    stream = try Self.makeStream(level: Int32(level))
    do { probe = try Self.makeStream(level: 1) } catch {
      Self.destroy(stream)
      scratch.deallocate()
      throw error
    }
  }

  deinit {
    Self.destroy(stream)
    Self.destroy(probe)
    scratch.deallocate()
  }

  /// Whether samples shrink by less than 3 %, so that compressing all of it would be wasted time. Depends on the bytes
  /// alone, as reproducible output must.
  func looksIncompressible(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= Self.sampleSize * Self.sampleCount else { return false }
    let step = (bytes.count - Self.sampleSize) / (Self.sampleCount - 1)
    var produced = 0
    for index in 0..<Self.sampleCount {
      let sample = bytes[(index * step)..<(index * step + Self.sampleSize)]
      deflateReset(probe)
      guard let count = Self.deflate(probe, UnsafeRawBufferPointer(rebasing: sample), into: scratch, Z_FINISH) else {
        return false
      }
      produced += count
    }
    return produced * 100 > Self.sampleSize * Self.sampleCount * 97
  }

  /// Compresses one block; returns the number of bytes put into `output`.
  /// - Throws: `ArchiveError` when zlib refuses, which it has no reason to.
  func compress(
    _ bytes: UnsafeMutableRawBufferPointer, after dictionary: UnsafeMutableRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer, last: Bool
  ) throws -> Int {
    deflateReset(stream)
    if !dictionary.isEmpty {
      let start = dictionary.baseAddress?.assumingMemoryBound(to: UInt8.self)
      deflateSetDictionary(stream, start, UInt32(dictionary.count))
    }
    let flush = last ? Z_FINISH : Z_SYNC_FLUSH
    guard let count = Self.deflate(stream, UnsafeRawBufferPointer(bytes), into: output, flush) else {
      throw ArchiveError.writing("zlib could not compress a block")
    }
    return count
  }

  /// One call that takes all of the input; nil when the output does not fit.
  private static func deflate(
    _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawBufferPointer, _ flush: Int32
  ) -> Int? {
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(output.count)
    let status = CZlib.deflate(stream, flush)
    guard status == (flush == Z_FINISH ? Z_STREAM_END : Z_OK), stream.pointee.avail_in == 0,
      stream.pointee.avail_out > 0
    else { return nil }
    return output.count - Int(stream.pointee.avail_out)
  }

  private static func makeStream(level: Int32) throws -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // Window bits below zero: a raw stream; header and trailer are written by `GzipEncoder`.
    let status = deflateInit2_(
      stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else {
      stream.deallocate()
      throw ArchiveError.writing("no memory for compression")
    }
    return stream
  }

  private static func destroy(_ stream: UnsafeMutablePointer<z_stream>) {
    deflateEnd(stream)
    stream.deallocate()
  }
}
