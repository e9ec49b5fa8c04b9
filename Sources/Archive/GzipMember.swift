/// A piece of a tar on its way through compression: what came in, and the gzip member (RFC 1952) that came out.
///
/// `@unchecked Sendable`: one thread at a time has it, handed over under the monitor of `GzipEncoder`.
final class GzipMember: @unchecked Sendable {
  /// Of what goes in.
  static let size = 1 << 20

  /// No name, no time, "unknown" for the operating system: nothing that could differ between machines.
  private static let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
  private static let trailerSize = 8

  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
  /// As large as the codec wants it; made by the first thread that compresses.
  private var output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var inputCount = 0
  private var outputCount = 0

  deinit {
    input.deallocate()
    output.deallocate()
  }

  var isEmpty: Bool { inputCount == 0 }
  var isFull: Bool { inputCount == input.count }
  var compressed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output[..<outputCount]) }
  private var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: input[..<inputCount]) }

  func clear() {
    inputCount = 0
    outputCount = 0
  }

  /// Takes as much as there is room for and returns how much that was.
  func append(_ bytes: UnsafeRawBufferPointer) -> Int {
    let step = min(bytes.count, input.count - inputCount)
    UnsafeMutableRawBufferPointer(rebasing: input[inputCount..<(inputCount + step)])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<step]))
    inputCount += step
    return step
  }

  /// Fills `compressed`.
  /// - Throws: `ArchiveError`.
  func compress(with codecs: DeflateCodecs) throws {
    if output.count == 0 {
      let size = Self.header.count + codecs.bound(Self.size) + Self.trailerSize
      output = .allocate(byteCount: size, alignment: 16)
    }
    output.copyBytes(from: Self.header)
    let room = UnsafeMutableRawBufferPointer(rebasing: output[Self.header.count..<(output.count - Self.trailerSize)])
    outputCount = Self.header.count + (try codecs.compress(content, into: room))
    store(codecs.checksum(content))
    store(UInt32(inputCount))
  }

  private func store(_ number: UInt32) {
    output.storeBytes(of: number.littleEndian, toByteOffset: outputCount, as: UInt32.self)
    outputCount += 4
  }
}
