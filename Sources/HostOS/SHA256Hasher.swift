import Crypto

/// SHA-256 (FIPS 180-4) over bytes as they come.
public struct SHA256Hasher: Sendable {
  private var hash = SHA256()

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    if done == nil { hash.update(data: Array(bytes)) }
  }

  /// The 32 bytes of the digest of all that was given so far.
  public func finalize() -> [UInt8] { Array(hash.finalize()) }

  /// The digest in 64 lower-case hexadecimal digits.
  public func finalizeHex() -> String { Self.hexText(finalize()) }

  static func hexText(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The 32 bytes of the digest of `bytes`.
  public static func digest(of bytes: some Sequence<UInt8>) -> [UInt8] {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalize()
  }

  public static func hex(of bytes: some Sequence<UInt8>) -> String {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    return hasher.finalizeHex()
  }
}
