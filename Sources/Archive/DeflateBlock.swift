import CZlib

/// A piece of a tar on its way through compression: what came in, the bytes before it, and what came out.
///
/// `@unchecked Sendable`: one thread at a time has it, handed over under the monitor of `GzipEncoder`.
final class DeflateBlock: @unchecked Sendable {
  static let size = 1 << 20
  /// How far back deflate looks.
  static let dictionarySize = 32 << 10

  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
  private let dictionary = UnsafeMutableRawBufferPointer.allocate(byteCount: dictionarySize, alignment: 16)
  private let output = UnsafeMutableRawBufferPointer.allocate(
    // zlib's bound for incompressible input, and room for the flush marker.
    byteCount: size + (size >> 12) + (size >> 14) + 1024, alignment: 16)
  private var inputCount = 0
  private var dictionaryCount = 0
  private var outputCount = 0
  private(set) var checksum: UInt = 0
  var isLast = false

  deinit {
    input.deallocate()
    dictionary.deallocate()
    output.deallocate()
  }

  var isFull: Bool { inputCount == input.count }
  var count: Int { inputCount }
  var compressed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output[..<outputCount]) }
  private var content: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: input[..<inputCount]) }

  /// Empties the block and takes the end of `previous` for its dictionary.
  func start(after previous: DeflateBlock?) {
    inputCount = 0
    outputCount = 0
    isLast = false
    dictionaryCount = 0
    guard let previous else { return }
    dictionaryCount = min(Self.dictionarySize, previous.inputCount)
    dictionary.copyMemory(from: UnsafeRawBufferPointer(rebasing: previous.content.suffix(dictionaryCount)))
  }

  /// Takes as much as there is room for and returns how much that was.
  func append(_ bytes: UnsafeRawBufferPointer) -> Int {
    let step = min(bytes.count, input.count - inputCount)
    UnsafeMutableRawBufferPointer(rebasing: input[inputCount..<(inputCount + step)])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<step]))
    inputCount += step
    return step
  }

  /// Fills `compressed` with a part of a raw deflate stream (RFC 1951) that ends at a byte.
  func compress(with codec: DeflateCodec) throws {
    checksum = crc32_z(0, content.baseAddress?.assumingMemoryBound(to: UInt8.self), inputCount)
    if codec.looksIncompressible(UnsafeRawBufferPointer(content)) {
      store()
    } else {
      let before = UnsafeMutableRawBufferPointer(rebasing: dictionary[..<dictionaryCount])
      outputCount = try codec.compress(content, after: before, into: output, last: isLast)
    }
  }

  /// Stored blocks (RFC 1951, 3.2.4): each has at most 65,535 bytes behind a header of five.
  private func store() {
    var read = 0
    while read < inputCount {
      let length = min(65_535, inputCount - read)
      output[outputCount] = isLast && read + length == inputCount ? 1 : 0
      output[outputCount + 1] = UInt8(length & 0xff)
      output[outputCount + 2] = UInt8(length >> 8)
      output[outputCount + 3] = ~UInt8(length & 0xff)
      output[outputCount + 4] = ~UInt8(length >> 8)
      UnsafeMutableRawBufferPointer(rebasing: output[(outputCount + 5)..<(outputCount + 5 + length)])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[read..<(read + length)]))
      read += length
      outputCount += 5 + length
    }
  }
}
