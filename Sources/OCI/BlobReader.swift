import HostOS
import NIOCore
import Synchronization

/// A blob for whoever blocks while reading. When it is on its way into a store, bytes are written to the disk as they are
/// read. What was read is verified only when the end was reached without an error.
public final class BlobReader: Sendable {
  private let pipe: BlobPipe
  /// Nil where nobody keeps it.
  private let ingest: Mutex<BlobIngest?>

  fileprivate init(_ pipe: BlobPipe, _ ingest: consuming BlobIngest? = nil) {
    self.pipe = pipe
    self.ingest = Mutex(ingest)
  }

  /// Blocks until there are bytes, and returns how many; 0 at the end.
  /// - Throws: what the download fails with, `BlobMismatch`, `HostError`.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try pipe.read(into: buffer)
    try ingest.withLock { try $0?.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
    return count
  }

  /// Reads what is left, so that all is verified.
  /// - Throws: as `read` does.
  public func finish() throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
    defer { buffer.deallocate() }
    while try read(into: buffer) > 0 {}
  }

  /// Reads what is left, and gives the blob its name.
  fileprivate func finish(as digest: Digest) throws {
    try finish()
    try ingest.withLock { if let ingest = $0.take() { try ingest.commit(as: digest) } }
  }
}

extension BlobStream {
  /// Lets `body`, which blocks on a thread of its own, read the bytes as they come. What it does not read is read after
  /// it, so that all is verified.
  /// - Throws: what the stream throws, and what `body` throws.
  public func reading<Result: Sendable>(
    progress: @Sendable (Int64) -> Void = { _ in }, _ body: @escaping @Sendable (BlobReader) throws -> Result
  ) async throws -> Result {
    let pipe = BlobPipe()
    async let result = Blocking.run {
      defer { pipe.close() }
      let reader = BlobReader(pipe)
      let result = try body(reader)
      try reader.finish()
      return result
    }
    await send(to: pipe, progress)
    return try await result
  }

  fileprivate func send(to pipe: BlobPipe, _ progress: @Sendable (Int64) -> Void) async {
    var count: Int64 = 0
    do {
      for try await chunk in self {
        count += Int64(chunk.readableBytes)
        guard await pipe.send(chunk) else { return }
        progress(count)
      }
      pipe.end(.success(()))
    } catch {
      pipe.end(.failure(error))
    }
  }
}

extension ContentStore {
  /// Takes in a blob from elsewhere while verifying it. One that is here already is not read.
  /// - Throws: the source's errors, `BlobMismatch`, `HostError`.
  public func fetch(
    _ descriptor: Descriptor, from source: any BlobSource, progress: @Sendable (Int64) -> Void = { _ in }
  ) async throws {
    if contains(descriptor) { return }
    try await fetch(descriptor, from: source, progress: progress) { _ in }
  }

  /// Takes in a blob from elsewhere, and lets `body`, which blocks on a thread of its own, read it on the way. It gets
  /// its name when all of it was verified, and `body` did not fail.
  /// - Throws: the source's errors, `BlobMismatch`, `HostError`, what `body` throws.
  public func fetch<Result: Sendable>(
    _ descriptor: Descriptor, from source: any BlobSource, progress: @Sendable (Int64) -> Void,
    reading body: @escaping @Sendable (BlobReader) throws -> Result
  ) async throws -> Result {
    let stream = try await source.blob(descriptor).verified(as: descriptor)
    let pipe = BlobPipe()
    async let result = Blocking.run { [self] in
      defer { pipe.close() }
      let reader = BlobReader(pipe, try ingest(isDurable: false))
      let result = try body(reader)
      try reader.finish(as: descriptor.digest)
      return result
    }
    await stream.send(to: pipe, progress)
    return try await result
  }
}
