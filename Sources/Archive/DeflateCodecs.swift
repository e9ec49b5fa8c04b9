/// What a thread compresses with: a codec of the wanted level, one that measures, and one that stores.
final class DeflateCodecs {
  private let wanted: any DeflateCodec
  private let probe: any DeflateCodec
  private let storing: any DeflateCodec
  private let scratch: UnsafeMutableRawBufferPointer

  private static let sampleSize = 8 << 10
  private static let sampleCount = 4

  /// - Throws: `ArchiveError` when there is no memory.
  init(level: Int) throws {
    wanted = try DeflateLibrary.codec(level: level)
    probe = try DeflateLibrary.codec(level: 1)
    storing = try DeflateLibrary.codec(level: 0)
    scratch = .allocate(byteCount: probe.bound(Self.sampleSize), alignment: 16)
  }

  deinit { scratch.deallocate() }

  func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 { wanted.checksum(bytes) }

  func bound(_ count: Int) -> Int { max(wanted.bound(count), storing.bound(count)) }

  /// Compresses a block; what would hardly shrink is stored. Returns the number of bytes put into `output`.
  /// - Throws: `ArchiveError`.
  func compress(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws -> Int {
    try (looksIncompressible(bytes) ? storing : wanted).compress(bytes, into: output)
  }

  /// Whether samples shrink by less than 3 %, so that compressing all of it would be wasted time. Depends on the bytes
  /// alone, as reproducible output must.
  private func looksIncompressible(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count >= 8 * Self.sampleSize * Self.sampleCount else { return false }
    let step = (bytes.count - Self.sampleSize) / (Self.sampleCount - 1)
    let samples = (0..<Self.sampleCount).map { index in
      UnsafeRawBufferPointer(rebasing: bytes[(index * step)..<(index * step + Self.sampleSize)])
    }
    // Counting is much faster than compressing, and settles the matter for text and programs.
    guard Self.haveEvenBytes(samples) else { return false }
    var produced = 0
    for sample in samples {
      guard let count = try? probe.compress(sample, into: scratch) else { return false }
      produced += count
    }
    return produced * 100 > Self.sampleSize * Self.sampleCount * 97
  }

  /// Whether all values of bytes are about as frequent as in noise, where their squared counts add up to this much.
  private static func haveEvenBytes(_ samples: [UnsafeRawBufferPointer]) -> Bool {
    var counts = [Int](repeating: 0, count: 256)
    for sample in samples {
      for byte in sample { counts[Int(byte)] += 1 }
    }
    let total = sampleSize * sampleCount
    let expected = total * total / 256 + total
    return counts.reduce(0) { $0 + $1 * $1 } < expected * 11 / 10
  }
}
