import Crypto

/// SHA-512 (FIPS 180-4) over bytes as they come.
public struct SHA512Hasher: Sendable {
  private var hash = SHA512()

  public init() {}

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// The digest of all that was given so far, in 128 lower-case hexadecimal digits.
  public func finalizeHex() -> String { SHA256Hasher.hexText(Array(hash.finalize())) }
}
