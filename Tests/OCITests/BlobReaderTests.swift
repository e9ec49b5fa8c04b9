import HostOS
import NIOCore
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Blobs that are read while they come into a store.
struct BlobReaderTests {
  /// More than waits on the way at a time.
  static let content = (0..<160).flatMap { Array(repeating: UInt8($0), count: 65_537) }

  private func chunks(of bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 65_536).map { Array(bytes[$0..<min($0 + 65_536, bytes.count)]) }
  }

  private func readAll(_ blob: BlobReader) throws -> [UInt8] {
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 100_000))
    while true {
      let count = try buffer.withUnsafeMutableBytes { try blob.read(into: $0) }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }

  @Test func readerAndStoreGetTheSame() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      source.replace(descriptor, by: chunks(of: Self.content))
      let seen = Mutex<Int64>(0)
      let read = try await store.fetch(
        descriptor, from: source, progress: { count in seen.withLock { $0 = count } }, reading: readAll)
      #expect(read == Self.content)
      #expect(seen.withLock { $0 } == descriptor.size)
      #expect(try store.read(descriptor.digest) == Self.content)
    }
  }

  @Test func whatTheReaderLeavesIsStored() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      source.replace(descriptor, by: chunks(of: Self.content))
      let first = try await store.fetch(descriptor, from: source, progress: { _ in }) { blob in
        var byte: UInt8 = 1
        return try withUnsafeMutableBytes(of: &byte) { try blob.read(into: $0) }
      }
      #expect(first == 1)
      #expect(try store.read(descriptor.digest) == Self.content)
    }
  }

  @Test func aReaderThatFailsLeavesNothing() async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      source.replace(descriptor, by: chunks(of: Self.content))
      await #expect(throws: HostError.self) {
        try await store.fetch(descriptor, from: source, progress: { _ in }) { _ in
          throw HostError("write", "elsewhere", .noSpace)
        }
      }
      #expect(!store.contains(descriptor.digest))
      let left = try Files.names(in: scratch("root/ingest"))
      #expect(left.isEmpty)
    }
  }

  /// Whoever reads gets an error in the place of the end, and the blob gets no name.
  @Test(arguments: ["truncated", "longer", "damaged", "broken off"])
  func whatIsNotTheBlobHasNoEnd(_ damage: String) async throws {
    try await Scratch.use("store") { scratch in
      let store = ContentStore(root: scratch("root"))
      let source = MemorySource()
      let descriptor = source.add(Self.content)
      var sent = chunks(of: Self.content)
      switch damage {
      case "truncated": sent.removeLast()
      case "longer": sent.append([0])
      case "damaged": sent[100][7] ^= 1
      default: sent[140] = []
      }
      source.replace(descriptor, by: sent)
      let ended = Mutex(false)
      await #expect(throws: (any Error).self) {
        try await store.fetch(descriptor, from: source, progress: { _ in }) { blob in
          _ = try readAll(blob)
          ended.withLock { $0 = true }
        }
      }
      #expect(ended.withLock { $0 } == false)
      #expect(!store.contains(descriptor.digest))
      let left = try Files.names(in: scratch("root/ingest"))
      #expect(left.isEmpty)
    }
  }

  /// Bytes that their source verifies are not digested again; those of another blob are.
  @Test func verifiesAsWhatWasAskedFor() async throws {
    let source = MemorySource()
    let (one, two) = (source.add([1, 2, 3]), source.add([4, 5, 6]))
    for try await _ in try await source.blob(one).verified(as: one) {}
    await #expect(throws: BlobMismatch.self) {
      for try await _ in try await source.blob(one).verified(as: two) {}
    }
    let unverified = BlobStream(Chunks([[9]]))
    await #expect(throws: BlobMismatch.self) { for try await _ in unverified.verified(as: one) {} }
  }
}
