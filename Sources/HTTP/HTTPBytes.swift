public import NIOCore

/// The bytes of a body as they come, in chunks. It is read once.
public struct HTTPBytes: AsyncSequence, Sendable {
  public typealias Element = ByteBuffer

  private let makeNext: @Sendable () -> () async throws -> ByteBuffer?

  /// - Parameter source: any sequence of chunks.
  public init<Source: AsyncSequence & Sendable>(_ source: Source) where Source.Element == ByteBuffer {
    makeNext = {
      var iterator = source.makeAsyncIterator()
      return { try await iterator.next(isolation: #isolation) }
    }
  }

  /// One chunk, or none when there are no bytes.
  public init(_ bytes: some Sequence<UInt8>) {
    let buffer = ByteBuffer(bytes: bytes)
    makeNext = {
      var rest = buffer.readableBytes > 0 ? buffer : nil
      return {
        defer { rest = nil }
        return rest
      }
    }
  }

  public static var empty: HTTPBytes { HTTPBytes([]) }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(nextChunk: makeNext()) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let nextChunk: () async throws -> ByteBuffer?
    public mutating func next() async throws -> ByteBuffer? { try await nextChunk() }
  }

  /// Reads a document whole.
  /// - Throws: `HTTPError` with the code `response-too-large` beyond `limit` bytes, and what the connection throws.
  public func collect(limit: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in self {
      guard chunk.readableBytes <= limit - bytes.count else {
        throw HTTPError(.responseTooLarge, "the answer has more than \(limit) bytes")
      }
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    return bytes
  }
}
