import HostOS

/// Computes digests of the registered algorithms over bytes as they come (image-spec, descriptor.md, "Registered
/// algorithms").
public struct DigestHasher: Sendable {
  private var sha256: SHA256Hasher?
  private var sha512: SHA512Hasher?

  /// - Parameter digest: its algorithm is used.
  public init(like digest: Digest) {
    if digest.algorithm == "sha512" { sha512 = SHA512Hasher() } else { sha256 = SHA256Hasher() }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    sha256?.update(bytes)
    sha512?.update(bytes)
  }

  /// Of all that was given so far.
  public var digest: Digest {
    if let sha512 { return Digest(algorithm: "sha512", hex: sha512.finalizeHex()) }
    return Digest(algorithm: "sha256", hex: sha256?.finalizeHex() ?? "")
  }
}
