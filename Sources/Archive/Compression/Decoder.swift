import HostOS

/// Counts and digests what a source gives, and can look at its beginning.
struct HashingSource {
  private var source: any ByteSource
  private var hasher = SHA256Hasher()
  private let knownSHA256Hex: String?
  private(set) var size: Int64 = 0
  private var peeked: ArraySlice<UInt8> = []

  /// - Parameter knownSHA256Hex: what the digest is, where the source sees to that itself; nil to compute it.
  init(_ source: any ByteSource, knownSHA256Hex: String? = nil) {
    self.source = source
    self.knownSHA256Hex = knownSHA256Hex
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if !peeked.isEmpty {
      let count = min(buffer.count, peeked.count)
      buffer.copyBytes(from: peeked.prefix(count))
      peeked = peeked.dropFirst(count)
      return count
    }
    return try readFromSource(into: buffer)
  }

  /// The first bytes, which will still be read; fewer when the source ends before.
  mutating func peek(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let step = try bytes.withUnsafeMutableBytes {
        try readFromSource(into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
      }
      if step == 0 { break }
      done += step
    }
    peeked = bytes[..<done]
    return Array(peeked)
  }

  func sha256Hex() -> String { knownSHA256Hex ?? hasher.finalizeHex() }

  private mutating func readFromSource(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    guard count > 0 else { return 0 }
    size += Int64(count)
    if knownSHA256Hex == nil { hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
    return count
  }
}

/// Undoes one compression: pulls from a source, gives plain bytes.
protocol Decoder: AnyObject {
  /// 0 at the end, after the whole source was read.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
  var source: HashingSource { get }
}

final class PlainDecoder: Decoder {
  private(set) var source: HashingSource
  init(_ source: HashingSource) { self.source = source }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try source.read(into: buffer) }
}
