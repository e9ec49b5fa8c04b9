/// Makes gzip members (RFC 1952, 2.3).
final class GzipCodec: BlockCodec {
  /// No name, no time, "unknown" for the operating system: nothing that could differ between machines.
  private static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
  private static let trailerSize = 8

  private let wanted: any DeflateCodec
  private let storing: any DeflateCodec
  private let noise: NoiseFinder
  private let makesOneMember: Bool

  /// - Parameters:
  ///   - level: 0 (stored) to 9.
  ///   - makesOneMember: whether a block becomes one member, or, where noise begins or ends in it, several.
  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int, makesOneMember: Bool) throws {
    wanted = try DeflateLibrary.codec(level: level)
    storing = try DeflateLibrary.codec(level: 0)
    noise = try NoiseFinder()
    self.makesOneMember = makesOneMember
  }

  func bound(_ count: Int) -> Int {
    let limit = NoiseFinder.limit(count)
    let most = max(wanted.bound(count), storing.bound(count)) + Self.header.count + Self.trailerSize
    return most + (limit - 1) * (wanted.bound(0) + storing.bound(0) + Self.header.count + Self.trailerSize)
  }

  func compress(_ block: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    var stretches = noise.stretches(of: block)
    if makesOneMember || stretches.isEmpty {
      let isNoise = !stretches.isEmpty && stretches.allSatisfy(\.isNoise)
      stretches = [NoiseFinder.Stretch(range: 0..<block.count, isNoise: isNoise)]
    }
    var end = 0
    for stretch in stretches {
      end += try member(
        UnsafeRawBufferPointer(rebasing: block[stretch.range]), with: stretch.isNoise ? storing : wanted,
        into: UnsafeMutableRawBufferPointer(rebasing: output[end...]))
    }
    return end
  }

  private func member(
    _ bytes: UnsafeRawBufferPointer, with codec: any DeflateCodec, into output: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    output.copyBytes(from: Self.header)
    let room = UnsafeMutableRawBufferPointer(rebasing: output[Self.header.count..<(output.count - Self.trailerSize)])
    let end = Self.header.count + (try codec.compress(bytes, into: room))
    output.storeBytes(of: codec.checksum(bytes).littleEndian, toByteOffset: end, as: UInt32.self)
    output.storeBytes(of: UInt32(bytes.count).littleEndian, toByteOffset: end + 4, as: UInt32.self)
    return end + Self.trailerSize
  }
}
