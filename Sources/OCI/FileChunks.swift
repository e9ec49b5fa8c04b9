import HostOS
public import NIOCore
public import SystemPackage

/// The bytes of a file in chunks, read off the cooperative pool.
public struct FileChunks: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  let path: FilePath
  let chunkSize: Int
  /// Which bytes; all when nil.
  let range: Range<Int64>?

  /// - Parameter chunkSize: in bytes. One chunk is in memory at a time.
  public init(path: FilePath, range: Range<Int64>? = nil, chunkSize: Int = 1 << 20) {
    self.path = path
    self.range = range
    self.chunkSize = chunkSize
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(sequence: self) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let sequence: FileChunks
    private var file: OpenFile?
    private var position: Int64

    init(sequence: FileChunks) {
      self.sequence = sequence
      position = sequence.range?.lowerBound ?? 0
    }

    public mutating func next() async throws -> ByteBuffer? {
      try Task.checkCancellation()
      let file = try self.file ?? OpenFile(sequence.path)
      self.file = file
      let left = (sequence.range?.upperBound ?? .max) - position
      guard left > 0 else { return nil }
      let (size, offset) = (Int(Swift.min(Int64(sequence.chunkSize), left)), position)
      let chunk = try await Blocking.run { try file.read(size, at: offset) }
      position += Int64(chunk?.readableBytes ?? 0)
      return chunk
    }
  }

  /// Closes the descriptor with the last reference, also when the iteration ends early.
  private final class OpenFile: Sendable {
    let descriptor: SystemPackage.FileDescriptor
    let path: FilePath

    init(_ path: FilePath) throws {
      self.path = path
      descriptor = try Files.open(path, .readOnly)
    }

    /// Nil at the end.
    func read(_ size: Int, at offset: Int64) throws -> ByteBuffer? {
      var buffer = ByteBufferAllocator().buffer(capacity: size)
      do {
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
          try descriptor.read(
            fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: room[..<size]))
        }
      } catch let errno as Errno { throw HostError("read", path, errno) }
      return buffer.readableBytes == 0 ? nil : buffer
    }

    deinit { try? descriptor.close() }
  }
}
