import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import OCI

/// An upload that a registry has begun.
struct UploadSession: Sendable, Hashable {
  var location: URL
  /// What chunks have at least, but for the last one, in bytes.
  var chunkMinimum: Int64

  /// - Parameter chunkMinimum: the header `OCI-Chunk-Min-Length`.
  init(location: URL, chunkMinimum: String?) {
    self.location = location
    // A chunk is held in memory.
    self.chunkMinimum = min(chunkMinimum.flatMap { Int64($0) } ?? 0, 64 << 20)
  }
}

/// Uploads to registries, or through proxies, that take no large bodies (distribution-spec, "Pushing a blob in chunks").
extension RegistryRepository {
  /// Sends a blob chunk by chunk. A chunk whose answer was lost is sent again where the registry says truly how much it
  /// has; else the whole has to begin anew, for which the caller cares.
  /// - Returns: the last answer, also when it is a refusal.
  /// - Throws: `HTTPError`, `RegistryError`, and what the source throws.
  func sendChunks(of upload: Upload, to session: UploadSession) async throws -> (RegistryCall, HTTPResponse) {
    var location = session.location
    var sent: Int64 = 0
    var chunks = ChunkReader(
      stream: try await upload.source.blob(upload.blob), length: Int(max(session.chunkMinimum, client.chunkLength)))
    while let chunk = try await chunks.next() {
      let (call, response) = try await sendChunk(chunk, at: sent, to: location)
      guard response.isSuccess else { return (call, response) }
      location = sessionLocation(response, call.endpoint) ?? location
      sent += Int64(chunk.count)
      upload.progress(sent)
    }
    var last = try await putCall(upload.blob.digest, location)
    last.request.headers.add(name: "Content-Length", value: "0")
    return (last, try await client.exchange(last))
  }

  private func sendChunk(
    _ chunk: [UInt8], at offset: Int64, to location: URL
  ) async throws -> (RegistryCall, HTTPResponse) {
    let end = offset + Int64(chunk.count) - 1
    var call = RegistryCall(
      .PATCH, location, at: try await endpoint(), for: [AccessScope(repository: name, access: .push)])
    call.request.headers.add(name: "Content-Type", value: "application/octet-stream")
    call.request.headers.add(name: "Content-Range", value: "\(offset)-\(end)")
    call.request.body = .bytes(chunk)
    // The registry may have stored it before the connection was cut.
    call.request.mayRetry = false
    do {
      return (call, try await client.exchange(call))
    } catch let error as HTTPError where error.isTransient {
      try await client.http.clock.sleep(
        client.http.retryPolicy.pause(afterAttempt: 1, clock: client.http.clock) ?? .zero)
      let status = try await client.exchange(RegistryCall(.GET, location, at: call.endpoint, for: call.scopes))
      switch Self.stored(status) {
      case end + 1: return (call, status)
      case offset:
        call.request.url = sessionLocation(status, call.endpoint) ?? location
        return (call, try await client.exchange(call))
      default: throw error
      }
    }
  }

  /// How many bytes a registry says to have; nil when it does not.
  private static func stored(_ response: HTTPResponse) -> Int64? {
    guard response.status == 204, let range = response.headers.first(name: "Range"), range.hasPrefix("0-"),
      let last = Int64(range.dropFirst(2))
    else { return nil }
    // Nothing is said to be 0-0, as one byte is; no chunk has one byte but the last.
    return last == 0 ? 0 : last + 1
  }
}

/// Makes chunks of one length of a blob, the last one shorter.
private struct ChunkReader {
  private var stream: BlobStream.AsyncIterator
  private let length: Int
  private var rest: [UInt8] = []
  private var isAtEnd = false

  init(stream: BlobStream, length: Int) {
    self.stream = stream.makeAsyncIterator()
    self.length = length
  }

  mutating func next() async throws -> [UInt8]? {
    while rest.count < length, !isAtEnd {
      guard let piece = try await stream.next() else {
        isAtEnd = true
        break
      }
      rest.append(contentsOf: piece.readableBytesView)
    }
    guard !rest.isEmpty else { return nil }
    let chunk = Array(rest.prefix(length))
    rest.removeFirst(chunk.count)
    return chunk
  }
}
