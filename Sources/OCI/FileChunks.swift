import HostOS
public import NIOCore
public import SystemPackage

/// The bytes of a file in chunks, read off the cooperative pool.
public struct FileChunks: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  let path: FilePath
  let chunkSize: Int

  /// - Parameter chunkSize: in bytes. One chunk is in memory at a time.
  public init(path: FilePath, chunkSize: Int = 1 << 20) {
    self.path = path
    self.chunkSize = chunkSize
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(sequence: self) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let sequence: FileChunks
    private var file: OpenFile?

    init(sequence: FileChunks) { self.sequence = sequence }

    public mutating func next() async throws -> ByteBuffer? {
      try Task.checkCancellation()
      let file = try self.file ?? OpenFile(sequence.path)
      self.file = file
      let size = sequence.chunkSize
      return try await Blocking.run { try file.read(size) }
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
    func read(_ size: Int) throws -> ByteBuffer? {
      var buffer = ByteBufferAllocator().buffer(capacity: size)
      do {
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { try descriptor.read(into: $0) }
      } catch let errno as Errno { throw HostError("read", path, errno) }
      return buffer.readableBytes == 0 ? nil : buffer
    }

    deinit { try? descriptor.close() }
  }
}
