/// What an archive may ask of us before it counts as an attack.
public struct ReadingLimits: Sendable, Hashable {
  public var entryCount: Int
  /// Of the uncompressed tar, and of the sizes that its files announce taken together, in bytes.
  public var uncompressedSize: Int64
  /// Uncompressed bytes for each compressed one, looked at once the tar is past `ratioThreshold`. gzip alone cannot
  /// exceed 1032, so that honest layers of zeros pass the default.
  public var ratio: Int64
  /// In uncompressed bytes.
  public var ratioThreshold: Int64

  public init(
    entryCount: Int = 5_000_000, uncompressedSize: Int64 = 256 << 30, ratio: Int64 = 1100,
    ratioThreshold: Int64 = 256 << 20
  ) {
    self.entryCount = entryCount
    self.uncompressedSize = uncompressedSize
    self.ratio = ratio
    self.ratioThreshold = ratioThreshold
  }
}

/// What a layer must turn out to be; nil for what is not known.
public struct LayerExpectation: Sendable, Hashable {
  /// SHA-256 of the layer as it is stored and sent, in 64 hexadecimal digits.
  public var sha256Hex: String?
  /// In bytes, as it is stored and sent.
  public var size: Int64?
  /// SHA-256 of the uncompressed tar, in 64 hexadecimal digits.
  public var diffIDSHA256Hex: String?
  /// Whether the source itself ends with an error when its bytes have another digest than `sha256Hex`: they are not
  /// digested once more then.
  public var isSourceVerified = false

  public init(sha256Hex: String? = nil, size: Int64? = nil, diffIDSHA256Hex: String? = nil) {
    self.sha256Hex = sha256Hex
    self.size = size
    self.diffIDSHA256Hex = diffIDSHA256Hex
  }

  /// The digest of a source that verifies itself.
  var verifiedSHA256Hex: String? { isSourceVerified ? sha256Hex : nil }
}

extension LayerExpectation {
  /// - Throws: `ArchiveError` when the layer is another one.
  func check(_ digests: DecodingThread.Digests) throws {
    if let size, size != digests.size {
      throw ArchiveError.mismatch("its size", expected: "\(size)", found: "\(digests.size)")
    }
    if let sha256Hex, sha256Hex != digests.sha256Hex {
      throw ArchiveError.mismatch("its digest", expected: "sha256:\(sha256Hex)", found: "sha256:\(digests.sha256Hex)")
    }
    if let diffIDSHA256Hex, diffIDSHA256Hex != digests.diffIDSHA256Hex {
      throw ArchiveError.mismatch(
        "its diff ID", expected: "sha256:\(diffIDSHA256Hex)", found: "sha256:\(digests.diffIDSHA256Hex)")
    }
  }
}
