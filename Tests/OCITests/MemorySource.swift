import NIOCore
import OCI
import Synchronization

/// Blobs in memory, some of them damaged.
final class MemorySource: BlobSource, ImageSource {
  struct Interrupted: Error {}

  private let blobs = Mutex<[Digest: [[UInt8]]]>([:])
  private let documents = Mutex<[String: RawManifest]>([:])
  private let reads = Mutex(0)
  var readCount: Int { reads.withLock { $0 } }

  func add(_ bytes: [UInt8], as mediaType: MediaType = .ociLayer) -> Descriptor {
    let descriptor = Descriptor(mediaType: mediaType, of: bytes)
    replace(descriptor, by: [bytes])
    return descriptor
  }

  /// What is sent for a blob instead; an empty chunk breaks the stream.
  func replace(_ descriptor: Descriptor, by chunks: [[UInt8]]) {
    blobs.withLock { $0[descriptor.digest] = chunks }
  }

  func add(_ manifest: RawManifest, as name: String? = nil) {
    documents.withLock { documents in
      documents[manifest.descriptor.digest.description] = manifest
      if let name { documents[name] = manifest }
    }
  }

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    reads.withLock { $0 += 1 }
    guard let chunks = blobs.withLock({ $0[descriptor.digest] }) else { throw Interrupted() }
    return BlobStream(VerifiedChunks(Chunks(chunks), expected: descriptor))
  }

  func manifest(_ reference: ImageReference) async throws -> RawManifest {
    guard let document = documents.withLock({ $0[reference.identifier] }) else { throw Interrupted() }
    return document
  }

  func blobs(of reference: ImageReference) -> any BlobSource { self }
}

/// A sequence of chunks; an empty one stands for a broken connection.
struct Chunks: AsyncSequence, Sendable {
  let chunks: [[UInt8]]
  init(_ chunks: [[UInt8]]) { self.chunks = chunks }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: chunks[...]) }

  struct AsyncIterator: AsyncIteratorProtocol {
    var rest: ArraySlice<[UInt8]>
    mutating func next() async throws -> ByteBuffer? {
      guard let chunk = rest.popFirst() else { return nil }
      if chunk.isEmpty { throw MemorySource.Interrupted() }
      return ByteBuffer(bytes: chunk)
    }
  }
}
