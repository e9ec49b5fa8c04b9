extension CompressionFormat {
  /// How many bytes of a stream are needed to tell.
  public static let signatureLength = 10

  /// Tells by the first bytes; what has no known signature counts as uncompressed.
  public init(signature bytes: some Collection<UInt8>) {
    let known: [(CompressionFormat, [UInt8])] = [
      (.gzip, [0x1f, 0x8b, 0x08]), (.zstd, [0x28, 0xb5, 0x2f, 0xfd]),
      (.xz, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
    ]
    if let match = known.first(where: { bytes.starts(with: $0.1) }) {
      self = match.0
    } else if Self.isBzip2(Array(bytes.prefix(Self.signatureLength))) {
      self = .bzip2
    } else if Self.isSkippableZstd(Array(bytes.prefix(4))) {
      self = .zstd
    } else {
      self = .none
    }
  }

  /// `BZh`, a digit, and the mark of a block or of the end: three letters alone begin many a file name in a tar.
  private static func isBzip2(_ bytes: [UInt8]) -> Bool {
    guard bytes.count == signatureLength, bytes.starts(with: Array("BZh".utf8)), (0x31...0x39).contains(bytes[3]) else {
      return false
    }
    let mark = bytes[4...]
    return mark.elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
      || mark.elementsEqual([0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
  }

  /// RFC 8878, 3.1.2: a frame for other programs, which may come before the first one with content.
  private static func isSkippableZstd(_ bytes: [UInt8]) -> Bool {
    bytes.count == 4 && bytes[0] & 0xf0 == 0x50 && bytes[1...].elementsEqual([0x2a, 0x4d, 0x18])
  }
}
