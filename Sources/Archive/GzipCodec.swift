/// Makes gzip members (RFC 1952, 2.3).
final class GzipCodec: BlockCodec {
  /// No name, no time, "unknown" for the operating system: nothing that could differ between machines.
  private static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
  private static let trailerSize = 8

  private let codecs: DeflateCodecs

  /// - Parameter level: 0 (stored) to 9.
  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int) throws { codecs = try DeflateCodecs(level: level) }

  func bound(_ count: Int) -> Int { Self.header.count + codecs.bound(count) + Self.trailerSize }

  func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    output.copyBytes(from: Self.header)
    let room = UnsafeMutableRawBufferPointer(rebasing: output[Self.header.count..<(output.count - Self.trailerSize)])
    let end = Self.header.count + (try codecs.compress(block, into: room))
    output.storeBytes(of: codecs.checksum(block).littleEndian, toByteOffset: end, as: UInt32.self)
    output.storeBytes(of: UInt32(block.count).littleEndian, toByteOffset: end + 4, as: UInt32.self)
    return end + Self.trailerSize
  }
}
