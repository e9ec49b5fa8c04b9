import HostOS

/// The digest of content: an algorithm and lower-case hexadecimal digits (image-spec, descriptor.md, "Digests").
///
/// `sha256` and `sha512`, the registered algorithms, are accepted and verified; what is made here has `sha256`.
public struct Digest: Sendable, Hashable {
  public let algorithm: String
  public let hex: String

  /// Nil when the text is no digest of a registered algorithm.
  public init?(_ text: String) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let algorithm = String(text[..<colon])
    let hex = text[text.utf8.index(after: colon)...]
    let lengths = ["sha256": 64, "sha512": 128]
    guard hex.utf8.count == lengths[algorithm],
      hex.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    self.algorithm = algorithm
    self.hex = String(hex)
  }

  init(algorithm: String, hex: String) {
    self.algorithm = algorithm
    self.hex = hex
  }

  /// Nil unless there are 64 lower-case hexadecimal digits.
  public init?(sha256Hex hex: String) { self.init("sha256:" + hex) }

  /// The SHA-256 of the bytes.
  public init(sha256Of bytes: some Sequence<UInt8>) {
    algorithm = "sha256"
    hex = SHA256Hasher.hex(of: bytes)
  }

  /// What these bytes should be called, if this is a name of theirs: of the same algorithm.
  public func recomputed(of bytes: [UInt8]) -> Digest {
    var hasher = DigestHasher(like: self)
    bytes.withUnsafeBytes { hasher.update($0) }
    return hasher.digest
  }
}

extension Digest: CustomStringConvertible {
  public var description: String { "\(algorithm):\(hex)" }

  /// The first twelve digits, for people.
  public var short: String { String(hex.prefix(12)) }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let digest = Digest(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\"\(text)\" is not a digest"))
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
