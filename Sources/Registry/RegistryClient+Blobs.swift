import Diagnostics
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
public import OCI

extension RegistryRepository: BlobSource {
  /// The content of a blob, verified against digest and size. A connection that is cut is taken up again where it
  /// ended (distribution-spec, "Pulling blobs").
  /// - Throws: `RegistryError`; while it is read also `BlobMismatch`.
  public func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    let download = BlobDownload(repository: self, descriptor: descriptor)
    let first = try await download.open(at: 0)
    return BlobStream(VerifiedChunks(ResumedChunks(download: download, first: first), expected: descriptor))
  }

  func blobCall(_ method: HTTPMethod, _ digest: Digest) async throws -> RegistryCall {
    let endpoint = try await endpoint()
    return RegistryCall(
      method, try endpoint.url("/v2/\(name)/blobs/\(digest)"), at: endpoint,
      for: [AccessScope(repository: name, access: .pull)])
  }
}

/// Asks for a blob from some byte on.
private struct BlobDownload: Sendable {
  let repository: RegistryRepository
  let descriptor: Descriptor

  var http: HTTPClient { repository.client.http }

  /// The bytes from `offset` on.
  /// - Throws: `RegistryError`.
  func open(at offset: Int64) async throws -> HTTPBytes {
    var call = try await repository.blobCall(.GET, descriptor.digest)
    if offset > 0 { call.request.headers.add(name: "Range", value: "bytes=\(offset)-") }
    let response = try await repository.client.send(call)
    switch response.status {
    case 206 where Self.start(of: response) == offset: return response.body
    // A registry that knows no ranges begins at the start.
    case 200: return offset == 0 ? response.body : HTTPBytes(DroppingBytes(base: response.body, count: offset))
    case 404:
      throw RegistryError(
        .blobUnknown, "\(repository.fullName) has no blob \(descriptor.digest)",
        help: ["push the image again: a part of it is missing in the registry"])
    default: throw await repository.client.failure("read a blob of \(repository.fullName)", call, response)
    }
  }

  /// `Content-Range: bytes START-END/SIZE`.
  private static func start(of response: HTTPResponse) -> Int64? {
    guard let field = response.headers.first(name: "Content-Range"), field.hasPrefix("bytes ") else { return nil }
    return Int64(field.dropFirst("bytes ".count).prefix { $0 != "-" })
  }
}

/// A body that goes on with a new request when its connection is cut.
private struct ResumedChunks: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let download: BlobDownload
  let first: HTTPBytes

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(download: download, chunks: first.makeAsyncIterator())
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    let download: BlobDownload
    var chunks: HTTPBytes.AsyncIterator
    /// In bytes.
    var position: Int64 = 0
    /// Cuts since the last byte came.
    var cuts = 0

    init(download: BlobDownload, chunks: HTTPBytes.AsyncIterator) {
      self.download = download
      self.chunks = chunks
    }

    mutating func next() async throws -> ByteBuffer? {
      while true {
        do {
          if let chunk = try await chunks.next() {
            guard chunk.readableBytes > 0 else { continue }
            position += Int64(chunk.readableBytes)
            cuts = 0
            return chunk
          }
          // An answer without a length ends like one that was cut.
          guard position < download.descriptor.size else { return nil }
          try await resume(after: HTTPError(.connectionLost, "the connection ended before the blob did"))
        } catch let error as HTTPError where error.isTransient {
          // Nothing is missing, and the digest will be checked.
          if position == download.descriptor.size { return nil }
          try await resume(after: error)
        }
      }
    }

    private mutating func resume(after error: HTTPError) async throws {
      cuts += 1
      let http = download.http
      guard let pause = http.retryPolicy.pause(afterAttempt: cuts, clock: http.clock) else {
        throw RegistryError.unreachable(download.repository.registry, error)
      }
      http.trace.report(
        .retry(
          url: "\(download.repository.fullName)@\(download.descriptor.digest)", attempt: cuts, pause: pause,
          reason: "\(error.message) at byte \(position)"))
      try await http.clock.sleep(pause)
      chunks = try await download.open(at: position).makeAsyncIterator()
    }
  }
}

/// All but the first bytes.
private struct DroppingBytes: AsyncSequence, Sendable {
  typealias Element = ByteBuffer
  let base: HTTPBytes
  let count: Int64

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), left: count) }

  struct AsyncIterator: AsyncIteratorProtocol {
    var base: HTTPBytes.AsyncIterator
    var left: Int64

    mutating func next() async throws -> ByteBuffer? {
      while var chunk = try await base.next() {
        let dropped = Int(Swift.min(left, Int64(chunk.readableBytes)))
        chunk.moveReaderIndex(forwardBy: dropped)
        left -= Int64(dropped)
        if chunk.readableBytes > 0 { return chunk }
      }
      return nil
    }
  }
}
