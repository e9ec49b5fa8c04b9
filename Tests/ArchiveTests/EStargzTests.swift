import Archive
import HostOS
import SystemPackage
import TestSupport
import Testing

/// Reads eStargz layers as the runtimes do that fetch files one by one.
@Suite struct EStargzTests {
  private let samples: [Sample] = [
    .folder("bin"), .file("bin/small", "hello"), .file("bin/empty", ""), .file("large", prose(3_300_000)),
    .file("exact", noise(1 << 20)), .link("link", to: "bin/small"), .of("again", .hardLink(to: "bin/small")),
    .whiteout("gone"), .file("last", "x"),
  ]

  @Test func theTableLeadsToEveryFile() async throws {
    let folder = try TemporaryDirectory()
    let file = folder.path.appending("layer")
    let packed = try layer(samples, options: .init(compression: .estargz(level: 6), threadCount: 3))
    try Files.writeAtomically(packed.bytes, to: file)
    let table = try #require(packed.result.tableSHA256Hex)
    let verifier = Checkout.fixture("estargz/verify.py").string
    let listing = try await tool("python3", [verifier, file.string, "sha256:\(table)"])
    #expect(
      listing == """
        .no.prefetch.landmark reg 1\u{20}
        bin/ dir 0\u{20}
        bin/small reg 5\u{20}
        bin/empty reg 0\u{20}
        large reg 3300000\u{20}
        large chunk 0\u{20}
        large chunk 0\u{20}
        large chunk 0\u{20}
        exact reg 1048576\u{20}
        link symlink 0 bin/small
        again hardlink 0 bin/small
        .wh.gone reg 0\u{20}
        last reg 1\u{20}
        \(table)

        """)
  }

  @Test func itIsAnOrdinaryLayerToo() async throws {
    let folder = try TemporaryDirectory()
    let packed = try layer(samples, options: .init(compression: .estargz(level: 1)))
    #expect(packed.result.summary.compression == .gzip)
    #expect(packed.result.summary.diffIDSHA256Hex == packed.result.index.diffIDSHA256Hex)
    let read = try contents(of: packed.bytes).samples
    #expect(read.dropFirst().dropLast().map(\.content) == samples.map(\.content))
    #expect(read.map(\.entry) == packed.result.index.items.map(\.entry))
    let file = folder.path.appending("layer.tgz")
    try Files.writeAtomically(packed.bytes, to: file)
    let names = try await tool("bsdtar", ["-tf", file.string])
    #expect(names.hasPrefix(".no.prefetch.landmark\nbin/\n") && names.hasSuffix("\nlast\nstargz.index.json\n"))
  }

  @Test func theBytesDoNotDependOnThreads() throws {
    let one = try layer(samples, options: .init(compression: .estargz(level: 6), threadCount: 1))
    let many = try layer(samples, options: .init(compression: .estargz(level: 6), threadCount: 8))
    #expect(one.bytes == many.bytes)
  }
}
