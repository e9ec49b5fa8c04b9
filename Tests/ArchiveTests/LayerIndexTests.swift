import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct LayerIndexTests {
  private func index() throws -> LayerIndex {
    var samples = LayerWriterTests.everything
    samples[1].entry.extendedAttributes = [ExtendedAttribute(name: "user.x", value: [0, 255])]
    samples[2].entry.modificationTime = Timestamp(seconds: -5)
    return try layer(samples, options: .init(compression: .none, digestsContent: true)).result.index
  }

  @Test func survivesAFile() throws {
    let folder = try TemporaryDirectory()
    let index = try index()
    try index.write(to: folder.path.appending("index"))
    #expect(try LayerIndex(contentsOf: folder.path.appending("index")) == index)
  }

  @Test func damageIsNoticed() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path.appending("index")
    try index().write(to: path)
    let bytes = try Files.read(path)
    for position in stride(from: 0, to: bytes.count, by: 37) {
      var damaged = bytes
      damaged[position] ^= 0x10
      try Files.writeAtomically(damaged, to: path)
      #expect(throws: ArchiveError.self) { try LayerIndex(contentsOf: path) }
      try Files.writeAtomically(Array(bytes.prefix(position)), to: path)
      #expect(throws: ArchiveError.self) { try LayerIndex(contentsOf: path) }
    }
  }

  @Test(arguments: [0, 1, 5, 17, 64, 200])
  func bytesWithAValidChecksumNeverTrap(seed: UInt64) throws {
    let folder = try TemporaryDirectory()
    let path = folder.path.appending("index")
    for round in 0..<50 {
      var bytes = Array("SLIPIDX1".utf8) + noise(Int(seed) + round, seed: seed &+ UInt64(round) &* 977)
      var hasher = SHA256Hasher()
      hasher.update(bytes)
      bytes += hasher.finalize()
      try Files.writeAtomically(bytes, to: path)
      #expect(throws: ArchiveError.self) { try LayerIndex(contentsOf: path) }
    }
  }
}
