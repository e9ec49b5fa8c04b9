import Diagnostics
import NIOCore
import OCI
import SystemPackage
import HostOS
import TestSupport
import Testing

@Suite struct VerifiedChunksTests {
  private static let content = Array("hello world".utf8)
  private static let descriptor = Descriptor(mediaType: .ociLayer, of: content)

  private static func read(_ chunks: [[UInt8]], as descriptor: Descriptor = descriptor) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in VerifiedChunks(Chunks(chunks), expected: descriptor) {
      bytes.append(contentsOf: chunk.readableBytesView)
    }
    return bytes
  }

  @Test(arguments: [[content], [Array(content.prefix(1)), Array(content.dropFirst())], content.map { [$0] }])
  func passesOnWhatWasAnnounced(_ chunks: [[UInt8]]) async throws {
    #expect(try await Self.read(chunks) == Self.content)
  }

  @Test func passesOnNothing() async throws {
    #expect(try await Self.read([], as: Descriptor(mediaType: .ociLayer, of: [])).isEmpty)
  }

  @Test(arguments: [
    ([Array(content.dropLast())], "announced 11 bytes, found 10 bytes"),
    ([content, [0]], "announced 11 bytes, found more than 11 bytes"),
    ([content + content], "announced 11 bytes, found more than 11 bytes"),
    ([], "announced 11 bytes, found 0 bytes"),
    (
      [Array("hello World".utf8)],
      "announced \(descriptor.digest), found \(Digest(sha256Of: Array("hello World".utf8)))"
    ),
  ])
  func refusesAnythingElse(_ chunks: [[UInt8]], _ note: String) async {
    let error = await #expect(throws: BlobMismatch.self) { try await Self.read(chunks) }
    #expect(error?.diagnostics.first?.notes.first?.message == note)
    #expect(error?.diagnostics.first?.code == "content-mismatch")
  }

  @Test func refusesNegativeSizes() async {
    let odd = Descriptor(mediaType: .ociLayer, digest: Digest(sha256Of: []), size: -1)
    await #expect(throws: BlobMismatch.self) { try await Self.read([], as: odd) }
    await #expect(throws: BlobMismatch.self) { try await Self.read([[1]], as: odd) }
  }

  /// The digest is that of `printf abc | sha512sum`.
  @Test func verifiesSHA512() async throws {
    let digest = try #require(
      Digest(
        "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
      ))
    let descriptor = Descriptor(mediaType: .ociLayer, digest: digest, size: 3)
    #expect(try await Self.read([Array("ab".utf8), Array("c".utf8)], as: descriptor) == Array("abc".utf8))
    await #expect(throws: BlobMismatch.self) { try await Self.read([Array("abd".utf8)], as: descriptor) }
  }

  @Test func passesErrorsOn() async {
    await #expect(throws: MemorySource.Interrupted.self) { try await Self.read([[1], []]) }
  }

  // MARK: FileChunks

  @Test(arguments: [1, 7, 4096, 1 << 20])
  func readsFilesInChunks(_ size: Int) async throws {
    try await Scratch.use("chunks") { scratch in
      let content = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      try Files.writeAtomically(content, to: scratch("file"))
      var bytes: [UInt8] = []
      for try await chunk in FileChunks(path: scratch("file"), chunkSize: size) {
        #expect(chunk.readableBytes > 0)
        bytes.append(contentsOf: chunk.readableBytesView)
      }
      #expect(bytes == content)
    }
  }

  @Test func saysThatTheFileIsMissing() async {
    await #expect(throws: HostError.self) {
      for try await _ in FileChunks(path: "/absent/file") {}
    }
  }
}
