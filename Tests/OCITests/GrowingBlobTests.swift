import HostOS
import NIOCore
import OCI
import Testing

struct GrowingBlobTests {
  private static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 16) }

  @Test func isReadWhileItIsWritten() async throws {
    let folder = try TemporaryDirectory()
    var ingest = try ContentStore(root: folder.path).ingest()
    let blob = try ingest.growing()
    let descriptor = Descriptor(mediaType: .ociLayer, of: Self.content)
    async let bytes: [UInt8] = blob.chunks.reduce(into: []) { $0 += Array($1.readableBytesView) }
    for start in stride(from: 0, to: Self.content.count, by: 700_000) {
      try Self.content[start..<min(start + 700_000, Self.content.count)].withUnsafeBytes { try ingest.write($0) }
      blob.grow(to: ingest.count)
      await Task.yield()
    }
    #expect(blob.descriptor == nil)
    blob.finish(descriptor)
    try ingest.commit(as: descriptor.digest)
    #expect(try await blob.end() == descriptor)
    #expect(try await bytes == Self.content)
  }

  @Test func endsWithAnErrorWhenItIsNeverWhole() async throws {
    let folder = try TemporaryDirectory()
    var ingest = try ContentStore(root: folder.path).ingest()
    let blob = try ingest.growing()
    try Self.content.withUnsafeBytes { try ingest.write($0) }
    blob.grow(to: ingest.count)
    blob.finish(nil)
    await #expect(throws: CancellationError.self) { for try await _ in blob.chunks {} }
    await #expect(throws: CancellationError.self) { try await blob.end() }
  }
}
