import HostOS
public import SystemPackage

/// Where bytes come from, in order: a file, a download.
///
/// Readers pull from a thread of their own, one call at a time; a source may block.
public protocol ByteSource: Sendable {
  /// Puts at least one byte into `buffer` and returns how many; 0 at the end, and from then on.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Where bytes go, in order: a file, an upload. It is called on the thread of whoever writes the layer.
public protocol ByteSink {
  /// Takes all of `bytes`, which are valid during the call only.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// Reads an open descriptor from its current offset to its end; whoever opened it closes it.
public struct FileByteSource: ByteSource {
  public let descriptor: FileDescriptor
  /// For messages.
  public let path: FilePath?

  public init(_ descriptor: FileDescriptor, path: FilePath? = nil) {
    self.descriptor = descriptor
    self.path = path
  }

  /// - Throws: `HostError`.
  public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    do { return try descriptor.read(into: buffer) } catch let errno as Errno { throw HostError("read", path, errno) }
  }
}

/// Writes to an open descriptor; whoever opened it closes it.
public struct FileByteSink: ByteSink {
  public let descriptor: FileDescriptor
  /// For messages.
  public let path: FilePath?

  public init(_ descriptor: FileDescriptor, path: FilePath? = nil) {
    self.descriptor = descriptor
    self.path = path
  }

  /// - Throws: `HostError`.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    do { try descriptor.writeAll(bytes) } catch let errno as Errno { throw HostError("write", path, errno) }
  }
}

/// Reads bytes that are in memory.
public struct MemoryByteSource: ByteSource {
  private let bytes: [UInt8]
  private var offset = 0

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(buffer.count, bytes.count - offset)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)])) }
    offset += count
    return count
  }
}

/// Throws bytes away, for callers that want the digests alone.
public struct NullByteSink: ByteSink {
  public init() {}
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {}
}
