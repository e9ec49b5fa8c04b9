public import NIOCore

/// Bytes of a blob as they come, in chunks. It is read once.
public struct BlobStream: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  private let makeNext: @Sendable () -> () async throws -> ByteBuffer?
  /// What the bytes are checked against on their way; nil where nobody does.
  private let expected: Descriptor?

  /// - Parameter source: any sequence of chunks.
  public init<Source: AsyncSequence & Sendable>(_ source: Source) where Source.Element == ByteBuffer {
    self.init(source, expected: nil)
  }

  /// Chunks that are verified already.
  public init<Base: AsyncSequence & Sendable>(_ source: VerifiedChunks<Base>) where Base.Element == ByteBuffer {
    self.init(source, expected: source.expected)
  }

  private init<Source: AsyncSequence & Sendable>(_ source: Source, expected: Descriptor?)
  where Source.Element == ByteBuffer {
    self.expected = expected
    makeNext = {
      var iterator = source.makeAsyncIterator()
      return { try await iterator.next(isolation: #isolation) }
    }
  }

  /// The same bytes, checked against a descriptor, once only.
  public func verified(as descriptor: Descriptor) -> BlobStream {
    if let expected, expected.digest == descriptor.digest, expected.size == descriptor.size { return self }
    return BlobStream(VerifiedChunks(self, expected: descriptor))
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(nextChunk: makeNext()) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let nextChunk: () async throws -> ByteBuffer?
    public mutating func next() async throws -> ByteBuffer? { try await nextChunk() }
  }
}

/// Passes chunks on, and throws at their end when they were not what a descriptor announced. Nothing that was read
/// before may be used when it throws.
public struct VerifiedChunks<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == ByteBuffer {
  public typealias Element = ByteBuffer

  let base: Base
  let expected: Descriptor

  public init(_ base: Base, expected: Descriptor) {
    self.base = base
    self.expected = expected
  }

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: base.makeAsyncIterator(), expected: expected)
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: Base.AsyncIterator
    let expected: Descriptor
    var hasher: DigestHasher
    var count: Int64 = 0

    init(base: Base.AsyncIterator, expected: Descriptor) {
      self.base = base
      self.expected = expected
      hasher = DigestHasher(like: expected.digest)
    }

    public mutating func next() async throws -> ByteBuffer? { try await next(isolation: #isolation) }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> ByteBuffer? {
      guard let chunk = try await base.next(isolation: actor) else {
        guard count == expected.size else {
          throw BlobMismatch(expected: expected, actual: "\(count) bytes", announced: "\(expected.size) bytes")
        }
        let digest = hasher.digest
        guard digest == expected.digest else {
          throw BlobMismatch(expected: expected, actual: digest.description, announced: expected.digest.description)
        }
        return nil
      }
      count += Int64(chunk.readableBytes)
      guard count <= expected.size else {
        throw BlobMismatch(
          expected: expected, actual: "more than \(expected.size) bytes", announced: "\(expected.size) bytes")
      }
      chunk.withUnsafeReadableBytes { hasher.update($0) }
      return chunk
    }
  }
}
