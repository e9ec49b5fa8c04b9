import Archive
import HostOS

/// How remembered digests are written: the format's name, SHA-256 of all that follows, then the entries, each with its
/// path's length before the path. Numbers are little-endian.
enum ContextMemoryFile {
  private static let magic = Array("slipway-digests-1\n".utf8)

  static func encode(_ entries: [TreePath: ContextMemory.Entry]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(entries.count * 144)
    for (path, entry) in entries {
      let bytes = path.bytes
      add(UInt32(bytes.count), to: &body)
      body += bytes
      add(entry.stamp.device, to: &body)
      add(entry.stamp.inode, to: &body)
      add(entry.stamp.size, to: &body)
      for time in [entry.stamp.modified, entry.stamp.changed] {
        add(time.seconds, to: &body)
        add(time.nanoseconds, to: &body)
      }
      body += entry.sha256
    }
    return magic + SHA256Hasher.digest(of: body) + body
  }

  /// Nil for what is not whole, or was written by another version.
  static func decode(_ bytes: [UInt8]) -> [TreePath: ContextMemory.Entry]? {
    guard bytes.starts(with: magic), bytes.count >= magic.count + 32 else { return nil }
    return bytes.withUnsafeBytes { bytes in
      let body = UnsafeRawBufferPointer(rebasing: bytes[(magic.count + 32)...])
      guard SHA256Hasher.digest(of: body).elementsEqual(bytes[magic.count..<(magic.count + 32)]) else { return nil }
      var reader = Reader(bytes: body)
      var entries: [TreePath: ContextMemory.Entry] = [:]
      entries.reserveCapacity(body.count / 144)
      while !reader.isAtEnd {
        guard let (path, entry) = reader.entry() else { return nil }
        entries[path] = entry
      }
      return entries
    }
  }

  private static func add(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  private struct Reader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func entry() -> (TreePath, ContextMemory.Entry)? {
      guard let length = number(UInt32.self), let name = take(Int(length)), let device = number(UInt64.self),
        let inode = number(UInt64.self), let size = number(Int64.self), let modified = time(), let changed = time(),
        let sha256 = take(32), let path = TreePath(name)
      else { return nil }
      let stamp = ContextMemory.Stamp(device: device, inode: inode, size: size, modified: modified, changed: changed)
      return (path, ContextMemory.Entry(stamp: stamp, sha256: Array(sha256)))
    }

    private mutating func time() -> Timestamp? {
      guard let seconds = number(Int64.self), let nanoseconds = number(UInt32.self) else { return nil }
      return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    private mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
      guard bytes.count - position >= count else { return nil }
      defer { position += count }
      return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)])
    }

    private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> Number? {
      take(MemoryLayout<Number>.size).map { Number(littleEndian: $0.loadUnaligned(as: type)) }
    }
  }
}
