/// A piece of a tar on its way through compression: what came in, and what came out.
///
/// `@unchecked Sendable`: one thread at a time has it, handed over under the monitor of `BlockEncoder`.
final class CompressedBlock: @unchecked Sendable {
  private let input: UnsafeMutableRawBufferPointer
  /// As large as the codec wants it; made by the first thread that compresses.
  private var output = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var inputCount = 0
  private var outputCount = 0

  /// - Parameter size: of what goes in, in bytes.
  init(size: Int) { input = .allocate(byteCount: size, alignment: 16) }

  deinit {
    input.deallocate()
    output.deallocate()
  }

  var isEmpty: Bool { inputCount == 0 }
  var isFull: Bool { inputCount == input.count }
  var compressed: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: output[..<outputCount]) }

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
  func compress(with codec: any BlockCodec) throws {
    if output.count == 0 { output = .allocate(byteCount: codec.bound(input.count), alignment: 16) }
    outputCount = try codec.compress(UnsafeRawBufferPointer(rebasing: input[..<inputCount]), into: output)
  }
}
