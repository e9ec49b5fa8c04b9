/// Finds the stretches of a block that would hardly shrink, as pictures and archives do, so that compressing them would
/// be wasted time. Depends on the bytes alone, as reproducible output must.
final class NoiseFinder {
  struct Stretch: Equatable {
    var range: Range<Int>
    var isNoise: Bool
  }

  private let probe: any DeflateCodec
  private let scratch: UnsafeMutableRawBufferPointer

  /// What is looked at for itself, in bytes.
  private static let pieceSize = 64 << 10
  /// Of bytes that are counted, two in each piece.
  private static let countedSize = 2 << 10
  /// Of bytes that are compressed.
  private static let sampleSize = 8 << 10
  /// A shorter stretch of noise stays with what is around it.
  private static let shortest = 2 * pieceSize

  /// - Throws: `ArchiveError` when there is no memory.
  init() throws {
    probe = try DeflateLibrary.codec(level: 1)
    scratch = .allocate(byteCount: probe.bound(Self.sampleSize), alignment: 16)
  }

  deinit { scratch.deallocate() }

  /// The most stretches that a block of `count` bytes has.
  static func limit(_ count: Int) -> Int { 2 * (count / shortest) + 1 }

  /// A block as a sequence of stretches, which alternate.
  func stretches(of block: UnsafeRawBufferPointer) -> [Stretch] {
    var result: [Stretch] = []
    func add(_ range: Range<Int>, isNoise: Bool) {
      if let last = result.last, last.isNoise == isNoise {
        result[result.count - 1].range = last.range.lowerBound..<range.upperBound
      } else {
        result.append(Stretch(range: range, isNoise: isNoise))
      }
    }
    var start = 0
    // Counting is much faster than compressing, and settles the matter for text and programs: what it leaves in doubt.
    var even = 0..<0
    while start < block.count {
      let end = min(start + Self.pieceSize, block.count)
      if end - start < 4 * Self.countedSize {
        // The end of the block, too short to say anything: it stays with what is before it.
        if even.isEmpty { add(start..<end, isNoise: false) } else { even = even.lowerBound..<end }
      } else if Self.hasEvenBytes(UnsafeRawBufferPointer(rebasing: block[start..<end])) {
        even = (even.isEmpty ? start : even.lowerBound)..<end
      } else {
        if !even.isEmpty { add(even, isNoise: isNoise(block, even)) }
        even = 0..<0
        add(start..<end, isNoise: false)
      }
      start = end
    }
    if !even.isEmpty { add(even, isNoise: isNoise(block, even)) }
    return result
  }

  /// Whether samples shrink by less than 3 %.
  private func isNoise(_ block: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    guard range.count >= Self.shortest else { return false }
    let count = range.count < 4 * Self.shortest ? 2 : 4
    let step = range.count / count
    var produced = 0
    for index in 0..<count {
      // Away from the ends, where something else may reach into a piece.
      let start = range.lowerBound + index * step + (step - Self.sampleSize) / 2
      let sample = UnsafeRawBufferPointer(rebasing: block[start..<(start + Self.sampleSize)])
      guard let size = try? probe.compress(sample, into: scratch) else { return false }
      produced += size
    }
    return produced * 100 > Self.sampleSize * count * 97
  }

  /// Whether all values of bytes are about as frequent as in noise, where their squared counts add up to this much.
  private static func hasEvenBytes(_ piece: UnsafeRawBufferPointer) -> Bool {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counts in
      counts.initialize(repeating: 0)
      for start in [0, piece.count / 2] {
        for byte in piece[start..<(start + countedSize)] { counts[Int(byte)] &+= 1 }
      }
      let total = 2 * UInt32(countedSize)
      let expected = total * total / 256 + total
      return counts.reduce(0) { $0 &+ $1 &* $1 } < expected * 11 / 10
    }
  }
}
