import HostOS
import NIOCore
import Synchronization
import SystemPackage

/// A blob that is being written into a store, for one reader who does not wait for its end.
///
/// What it is called is known at the end only. When writing fails, its chunks end with an error.
public final class GrowingBlob: Sendable {
  private let file: SystemPackage.FileDescriptor
  /// How many bytes there are, whenever there are more.
  private let sizes: AsyncStream<Int64>
  private let sizesInbox: AsyncStream<Int64>.Continuation
  private let ending: AsyncStream<Descriptor>
  private let endingInbox: AsyncStream<Descriptor>.Continuation
  private let known = Mutex<Descriptor?>(nil)

  /// - Parameter descriptor: of the file that is written; it is closed with this value.
  init(_ descriptor: consuming SystemPackage.FileDescriptor) {
    file = descriptor
    (sizes, sizesInbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (ending, endingInbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  deinit { try? file.close() }

  /// What it came to; nil until it is written, and if that failed.
  public var descriptor: Descriptor? { known.withLock { $0 } }

  /// Waits until it is written. For one caller.
  /// - Throws: `CancellationError`, also when writing failed.
  public func end() async throws -> Descriptor {
    for await descriptor in ending { return descriptor }
    throw CancellationError()
  }

  // MARK: Who writes

  /// There are so many bytes now.
  public func grow(to size: Int64) { sizesInbox.yield(size) }

  /// All is written; nil when it will never be.
  public func finish(_ descriptor: Descriptor?) {
    known.withLock { $0 = descriptor }
    if let descriptor { endingInbox.yield(descriptor) }
    endingInbox.finish()
    sizesInbox.finish()
  }

  // MARK: Who reads

  /// The bytes as they come. Once.
  public var chunks: BlobStream { BlobStream(Chunks(blob: self)) }

  private struct Chunks: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let blob: GrowingBlob

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(blob: blob, sizes: blob.sizes.makeAsyncIterator()) }

    struct AsyncIterator: AsyncIteratorProtocol {
      let blob: GrowingBlob
      var sizes: AsyncStream<Int64>.Iterator
      var position: Int64 = 0
      var size: Int64 = 0

      mutating func next() async throws -> ByteBuffer? { try await next(isolation: #isolation) }

      mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
        while position == size {
          if let more = await sizes.next(isolation: actor) {
            size = more
            continue
          }
          try Task.checkCancellation()
          guard let end = blob.descriptor?.size else { throw CancellationError() }
          if end == position { return nil }
          size = end
        }
        let (blob, offset, count) = (blob, position, Int(Swift.min(size - position, 1 << 20)))
        let chunk = try await Blocking.run { try blob.read(count, at: offset) }
        position += Int64(chunk.readableBytes)
        return chunk
      }
    }
  }

  private func read(_ count: Int, at offset: Int64) throws -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    do {
      try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
        try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
      }
    } catch let errno as Errno { throw HostError("read", nil, errno) }
    guard buffer.readableBytes > 0 else { throw HostError("read", nil, .ioError) }
    return buffer
  }
}
