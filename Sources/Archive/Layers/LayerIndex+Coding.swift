import HostOS
public import SystemPackage

// The file: eight bytes of magic, which tell the version and whether files have digests, the SHA-256 of the tar, its size, the number of items,
// the items, and the SHA-256 of all that. Numbers are LEB128; byte strings have their length before them.

extension LayerIndex {
  private static let magic = Array("SLIPIDX1".utf8)
  /// Of an index without digests of contents.
  private static let namesMagic = Array("SLIPNAM1".utf8)

  /// The bytes of an index file.
  func encoded() -> [UInt8] {
    var out = IndexEncoder(bytes: digestsContent ? Self.magic : Self.namesMagic)
    out.bytes.reserveCapacity(items.count * 96 + 128)
    out.string(Array(diffIDSHA256Hex.utf8))
    out.signed(uncompressedSize)
    out.number(UInt64(items.count))
    for item in items { out.item(item) }
    var hasher = SHA256Hasher()
    hasher.update(out.bytes)
    out.bytes += hasher.finalize()
    return out.bytes
  }

  /// - Throws: `ArchiveError` when the bytes are not an undamaged index of this version.
  init(decoding bytes: [UInt8]) throws {
    let digestsContent = bytes.starts(with: Self.magic)
    guard bytes.count >= Self.magic.count + 32, digestsContent || bytes.starts(with: Self.namesMagic) else {
      throw ArchiveError.index("it is not an index of this version")
    }
    var hasher = SHA256Hasher()
    hasher.update(bytes[..<(bytes.count - 32)])
    guard hasher.finalize().elementsEqual(bytes.suffix(32)) else { throw ArchiveError.index("its checksum is wrong") }
    var decoder = IndexDecoder(bytes: bytes[Self.magic.count..<(bytes.count - 32)])
    let diffID = String(decoding: try decoder.string(), as: UTF8.self)
    let size = try decoder.signed()
    let count = try decoder.count()
    var items: [Item] = []
    items.reserveCapacity(min(count, bytes.count / 8))
    for _ in 0..<count { items.append(try decoder.item()) }
    self.init(items: items, diffIDSHA256Hex: diffID, uncompressedSize: size, digestsContent: digestsContent)
  }

  /// Whether there is an index at `path`, and one with digests of contents where they are asked for. Whether it is
  /// damaged is found out when it is read.
  public static func exists(at path: FilePath, digestingContent: Bool) -> Bool {
    guard digestingContent else { return (try? FileStatus(of: path)) != nil }
    var bytes = [UInt8](repeating: 0, count: magic.count)
    let count = try? Files.withDescriptor(path, .readOnly) { file in
      try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    }
    return count == bytes.count && bytes == magic
  }
}

private struct IndexEncoder {
  var bytes: [UInt8]

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func signed(_ value: Int64) { number(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func string(_ value: [UInt8]) {
    number(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  mutating func item(_ item: LayerIndex.Item) {
    let entry = item.entry
    string(entry.path.bytes)
    kind(entry.kind)
    number(UInt64(entry.mode))
    number(UInt64(entry.uid))
    number(UInt64(entry.gid))
    signed(entry.modificationTime.seconds)
    number(UInt64(entry.modificationTime.nanoseconds))
    number(UInt64(entry.extendedAttributes.count))
    for attribute in entry.extendedAttributes {
      string(Array(attribute.name.utf8))
      string(attribute.value)
    }
    string(item.contentSHA256 ?? [])
    signed(item.contentOffset ?? -1)
  }

  private mutating func kind(_ kind: TreeEntry.Kind) {
    switch kind {
    case .file(let size):
      number(0)
      signed(size)
    case .directory: number(1)
    case .symbolicLink(let target):
      number(2)
      string(target)
    case .hardLink(let target):
      number(3)
      string(target.bytes)
    case .characterDevice(let major, let minor):
      number(4)
      number(UInt64(major))
      number(UInt64(minor))
    case .blockDevice(let major, let minor):
      number(5)
      number(UInt64(major))
      number(UInt64(minor))
    case .fifo: number(6)
    case .whiteout: number(7)
    case .opaqueWhiteout: number(8)
    }
  }
}

private struct IndexDecoder {
  var bytes: ArraySlice<UInt8>

  private static let truncated = ArchiveError.index("it ends early")
  private static let malformed = ArchiveError.index("it holds a value that is out of range")

  mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      guard let byte = bytes.popFirst() else { throw Self.truncated }
      value |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    throw Self.malformed
  }

  mutating func signed() throws -> Int64 {
    let value = try number()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  mutating func exact<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
    guard let value = Number(exactly: try number()) else { throw Self.malformed }
    return value
  }

  mutating func count() throws -> Int { try exact() }

  mutating func string() throws -> [UInt8] {
    let length = try count()
    guard length <= bytes.count else { throw Self.truncated }
    defer { bytes = bytes.dropFirst(length) }
    return Array(bytes.prefix(length))
  }

  mutating func path() throws -> TreePath {
    guard let path = TreePath(try string()) else { throw Self.malformed }
    return path
  }

  mutating func item() throws -> LayerIndex.Item {
    let path = try path()
    let kind = try kind()
    let mode: UInt16 = try exact()
    let uid: UInt32 = try exact()
    let gid: UInt32 = try exact()
    let time = Timestamp(seconds: try signed(), nanoseconds: try exact())
    var attributes: [ExtendedAttribute] = []
    for _ in 0..<(try count()) {
      let name = String(decoding: try string(), as: UTF8.self)
      attributes.append(ExtendedAttribute(name: name, value: try string()))
    }
    let digest = try string()
    let offset = try signed()
    let entry = TreeEntry(
      path: path, kind: kind, mode: mode, modificationTime: time, extendedAttributes: attributes)
    return LayerIndex.Item(
      entry: entry.owned(by: uid, gid), contentSHA256: digest.isEmpty ? nil : digest,
      contentOffset: offset < 0 ? nil : offset)
  }

  private mutating func kind() throws -> TreeEntry.Kind {
    switch try number() {
    case 0: .file(size: try signed())
    case 1: .directory
    case 2: .symbolicLink(target: try string())
    case 3: .hardLink(to: try path())
    case 4: .characterDevice(major: try exact(), minor: try exact())
    case 5: .blockDevice(major: try exact(), minor: try exact())
    case 6: .fifo
    case 7: .whiteout
    case 8: .opaqueWhiteout
    default: throw Self.malformed
    }
  }
}
