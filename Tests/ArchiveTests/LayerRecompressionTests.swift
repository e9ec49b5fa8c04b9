import Archive
import HostOS
import Testing

@Suite struct LayerRecompressionTests {
  private let samples: [Sample] = [.folder("d"), .file("d/text", prose(2_500_000)), .file("d/noise", noise(1_200_000))]

  private func recompress(_ bytes: [UInt8], _ compression: Compression, _ expectation: LayerExpectation) throws
    -> (result: LayerRecompression.Result, bytes: [UInt8])
  {
    let sink = MemorySink()
    let recompression = LayerRecompression(expectation, options: .init(compression: compression))
    let result = try recompression.write(MemoryByteSource(bytes), to: sink)
    return (result, sink.bytes)
  }

  @Test(arguments: [Compression.none, .gzip(level: 0), .gzip(level: 9), .zstd(level: 3)])
  func theTarStaysAsItIs(compression: Compression) throws {
    let original = try layer(samples, options: .init(compression: .gzip(level: 1)))
    let summary = original.result.summary
    let expectation = LayerExpectation(
      sha256Hex: summary.sha256Hex, size: summary.size, diffIDSHA256Hex: summary.diffIDSHA256Hex)
    let (result, bytes) = try recompress(original.bytes, compression, expectation)
    #expect(result.summary.diffIDSHA256Hex == summary.diffIDSHA256Hex)
    #expect(result.summary.uncompressedSize == summary.uncompressedSize)
    #expect(result.summary.sha256Hex == SHA256Hasher.hex(of: bytes))
    #expect(result.summary.compression == compression.format)
    #expect(result.index == nil)
    // The same as if it had been written so at first.
    #expect(try layer(samples, options: .init(compression: compression)).bytes == bytes)
  }

  @Test func eStargzOfEStargzIsTheSame() throws {
    let first = try layer(samples, options: .init(compression: .estargz(level: 6)))
    let (result, bytes) = try recompress(first.bytes, .estargz(level: 6), LayerExpectation())
    #expect(bytes == first.bytes)
    #expect(result.tableSHA256Hex == first.result.tableSHA256Hex)
    #expect(result.index == first.result.index)
  }

  @Test func anotherLayerIsRefused() throws {
    let original = try layer(samples)
    for compression in [Compression.zstd(level: 1), .estargz(level: 1)] {
      let error = #expect(throws: ArchiveError.self) {
        try recompress(
          original.bytes, compression, LayerExpectation(diffIDSHA256Hex: String(repeating: "0", count: 64)))
      }
      #expect(code(of: error) == "digest-mismatch")
    }
  }
}
