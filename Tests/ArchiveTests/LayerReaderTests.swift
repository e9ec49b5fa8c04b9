import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct LayerReaderTests {
  /// The same tree, written by python3's tarfile into the three formats that it knows.
  @Test(arguments: ["USTAR", "GNU", "PAX"])
  func readsWhatPythonWrites(format: String) async throws {
    let bytes = try await Python.tar(
      format: format,
      """
      add('bin', DIRTYPE, mode=0o755)
      add('./bin/sh', content=b'#!', mode=0o4755, mtime=1)
      add('/abs', content=b'x')
      add('link', SYMTYPE, linkname='../anywhere')
      add('hard', LNKTYPE, linkname='./bin/sh')
      add('null', CHRTYPE, devmajor=1, devminor=3)
      add('sda', BLKTYPE, devmajor=8, devminor=1)
      add('pipe', FIFOTYPE)
      add('d/.wh.gone')
      add('d/.wh..wh..opq')
      add('d/.wh..wh.plnk')
      """)
    let (samples, result) = try contents(of: bytes)
    let kinds: [(TreePath, TreeEntry.Kind)] = [
      ("bin", .directory), ("bin/sh", .file(size: 2)), ("abs", .file(size: 1)),
      ("link", .symbolicLink(target: Array("../anywhere".utf8))), ("hard", .hardLink(to: "bin/sh")),
      ("null", .characterDevice(major: 1, minor: 3)), ("sda", .blockDevice(major: 8, minor: 1)), ("pipe", .fifo),
      ("d/gone", .whiteout), ("d", .opaqueWhiteout),
    ]
    #expect(samples.map(\.entry.path) == kinds.map(\.0))
    #expect(samples.map(\.entry.kind) == kinds.map(\.1))
    #expect(samples[1].content == Array("#!".utf8))
    #expect(samples[1].entry.mode == 0o4755)
    #expect(result.summary.diffIDSHA256Hex == SHA256Hasher.hex(of: bytes))
  }

  @Test(arguments: ["GNU", "PAX"])
  func readsLongNamesBigNumbersAndOldDates(format: String) async throws {
    let bytes = try await Python.tar(
      format: format,
      """
      add('n' * 300, content=b'1', mtime=-86400, uid=3000000000, gid=2097152)
      add('l', SYMTYPE, linkname='t' * 300)
      add('e\\u0301')
      add('bad\\udcff')
      """)
    let entries = try contents(of: bytes).samples.map(\.entry)
    try #require(entries.count == 4)
    #expect(entries[0].path.bytes == Array(repeating: UInt8(ascii: "n"), count: 300))
    #expect(entries[0].modificationTime == Timestamp(seconds: -86_400))
    #expect(entries[0].uid == 3_000_000_000 && entries[0].gid == 2_097_152)
    #expect(entries[1].kind == .symbolicLink(target: Array(repeating: UInt8(ascii: "t"), count: 300)))
    #expect(entries[2].path.bytes == [0x65, 0xcc, 0x81], "the decomposed name must not be composed")
    #expect(entries[3].path.bytes == Array("bad".utf8) + [0xff])
  }

  @Test func readsAttributesOfBothDialects() async throws {
    let bytes = try await Python.tar(
      format: "PAX",
      """
      add('a', pax_headers={'SCHILY.xattr.user.one': 'v=1', 'SCHILY.xattr.security.capability': 'cap'})
      add('b', pax_headers={'LIBARCHIVE.xattr.user.two': 'djI='})
      """)
    let entries = try contents(of: bytes).samples.map(\.entry)
    try #require(entries.count == 2)
    #expect(entries[0].extendedAttributes.map(\.name) == ["security.capability", "user.one"])
    #expect(entries[0].extendedAttributes.last?.value == Array("v=1".utf8))
    #expect(entries[1].extendedAttributes == [ExtendedAttribute(name: "user.two", value: Array("v2".utf8))])
  }

  @Test(arguments: [("tar", ["--format=gnu", "-S"]), ("tar", ["--format=posix", "-S"]), ("bsdtar", ["--format=pax"])])
  func readsSparseFiles(program: String, options: [String]) async throws {
    let folder = try TemporaryDirectory()
    try await tool("truncate", ["-s", "3M", "sparse"], in: folder.path)
    try await tool(
      "dd", ["if=/bin/sh", "of=sparse", "bs=4096", "count=2", "seek=256", "conv=notrunc"], in: folder.path)
    try await tool(program, options + ["-cf", "t.tar", "sparse"], in: folder.path)
    let bytes = try Files.read(folder.path.appending("t.tar"))
    let (samples, result) = try contents(of: bytes, options: .init(makesIndex: true, digestsContent: true))
    let original = try Files.read(folder.path.appending("sparse"))
    #expect(samples.first?.content == original)
    let item = try #require(result.index?.items.first)
    var hasher = SHA256Hasher()
    hasher.update(original)
    #expect(item.contentSHA256 == hasher.finalize())
    #expect(item.contentOffset == nil)
    #expect(bytes.count < 100_000)
  }

  @Test(arguments: [("gzip", CompressionFormat.gzip), ("zstd", .zstd), ("xz", .xz), ("bzip2", .bzip2)])
  func tellsCompressionByContent(program: String, format: CompressionFormat) async throws {
    let samples = [Sample.file("a", prose(1_000_000)), .file("b", noise(100_000))]
    let plain = try layer(samples).bytes
    let packed = try await compress(plain, program)
    // Two streams in one, as parallel compressors write them.
    let twice = try await compress(Array(plain[..<700_001]), program) + compress(Array(plain[700_001...]), program)
    for bytes in [packed, twice] {
      let (read, result) = try contents(of: bytes)
      #expect(read.map(\.content) == samples.map(\.content))
      #expect(result.summary.compression == format)
      #expect(result.summary.sha256Hex == SHA256Hasher.hex(of: bytes))
      #expect(result.summary.size == Int64(bytes.count))
      #expect(result.summary.diffIDSHA256Hex == SHA256Hasher.hex(of: plain))
      #expect(result.summary.uncompressedSize == Int64(plain.count))
    }
    #expect(throws: ArchiveError.self) { try contents(of: Array(packed.dropLast(20))) }
    #expect(throws: ArchiveError.self) { try contents(of: Array(packed.prefix(packed.count / 2))) }
  }

  @Test(arguments: [1, 7, 511])
  func sourcesMayGiveLittleAtATime(pieceSize: Int) throws {
    let samples = [Sample.file("a", prose(40_000)), .file("b", "x")]
    let bytes = try layer(samples, options: .init()).bytes
    let reader = try LayerReader(DribblingSource(bytes, pieceSize: pieceSize))
    var names: [TreePath] = []
    while let entry = try reader.next() { names.append(entry.path) }
    #expect(names == ["a", "b"])
    #expect(try reader.finish().summary.sha256Hex == SHA256Hasher.hex(of: bytes))
  }

  @Test func paddingAfterTheTarCounts() async throws {
    let plain = try layer([.file("a", "x")]).bytes + Array(repeating: 0, count: 8192)
    #expect(try contents(of: plain).result.summary.diffIDSHA256Hex == SHA256Hasher.hex(of: plain))
    let gzip = try await compress(plain, "gzip") + Array(repeating: 0, count: 700)
    let summary = try contents(of: gzip).result.summary
    #expect(summary.sha256Hex == SHA256Hasher.hex(of: gzip))
    #expect(summary.diffIDSHA256Hex == SHA256Hasher.hex(of: plain))
  }

  @Test func aLayerOfNoBytesHasNoEntries() throws {
    #expect(try contents(of: []).samples.isEmpty)
    #expect(throws: ArchiveError.self) { try contents(of: [], options: .archive) }
  }

  @Test(arguments: ["digest", "size", "diffID"])
  func mismatchesAreErrors(what: String) throws {
    let made = try layer([.file("a", "x")], options: .init())
    var expectation = LayerExpectation(
      sha256Hex: made.result.summary.sha256Hex, size: made.result.summary.size,
      diffIDSHA256Hex: made.result.summary.diffIDSHA256Hex)
    #expect(throws: Never.self) { try contents(of: made.bytes, options: .init(expectation: expectation)) }
    switch what {
    case "digest": expectation.sha256Hex = String(repeating: "0", count: 64)
    case "size": expectation.size = 1
    default: expectation.diffIDSHA256Hex = String(repeating: "0", count: 64)
    }
    let error = #expect(throws: ArchiveError.self) {
      try contents(of: made.bytes, options: .init(expectation: expectation))
    }
    #expect(code(of: error) == "digest-mismatch")
  }

  @Test(arguments: [
    "add('../x')", "add('a/../../x')", "add('h', LNKTYPE, linkname='../x')", "add('h', LNKTYPE, linkname='/')",
    "add('.wh.')", "add('a/.wh..')", "add('a/.wh...')", "add('.', content=b'x')", "add('h', LNKTYPE, linkname='h')",
    "add('a', uid=2**32)", "add('a', uid=2**32-1)", "add('a', gid=2**40)", "add('s', SYMTYPE, linkname='')",
    "add('c', CHRTYPE, devmajor=4096, devminor=0)",
  ])
  func hostileEntriesAreRefused(member: String) async throws {
    let bytes = try await Python.tar(format: "GNU", member)
    let error = #expect(throws: ArchiveError.self) { try contents(of: bytes) }
    #expect(["archive-unsafe-name", "archive-invalid-entry"].contains(code(of: error)))
  }

  @Test(arguments: ["99 path=x\\n", "path=x\\n", "9 path=xyz\\n", "x path=x\\n"])
  func brokenPaxHeadersAreErrors(record: String) async throws {
    let bytes = try await Python.tar(format: "PAX", "add('h', XHDTYPE, content=b'\(record)')\nadd('f')")
    let error = #expect(throws: ArchiveError.self) { try contents(of: bytes) }
    #expect(code(of: error) == "archive-corrupt")
  }

  @Test func limitsEndBombs() async throws {
    let zeros = try layer([.file("zeros", Array(repeating: 0, count: 8 << 20))], options: .init()).bytes
    let many = try layer((0..<20).map { .file(TreePath("f\($0)") ?? .root, "") }).bytes
    let sparse = try await Python.tar(
      format: "PAX",
      "add('s', content=b'0\\n' + b'\\0' * 510, pax_headers={'GNU.sparse.major': '1', 'GNU.sparse.minor': '0',"
        + " 'GNU.sparse.name': 's', 'GNU.sparse.realsize': str(2**62)})")
    let cases: [([UInt8], ReadingLimits)] = [
      (zeros, ReadingLimits(uncompressedSize: 1 << 20)), (zeros, ReadingLimits(ratio: 50, ratioThreshold: 1 << 20)),
      (many, ReadingLimits(entryCount: 19)), (sparse, ReadingLimits()),
    ]
    for (bytes, limits) in cases {
      let error = #expect(throws: ArchiveError.self) { try contents(of: bytes, options: .init(limits: limits)) }
      #expect(code(of: error) == "archive-limit")
    }
    #expect(throws: Never.self) { try contents(of: zeros) }
    #expect(throws: Never.self) { try contents(of: many, options: .init(limits: ReadingLimits(entryCount: 20))) }
  }

  @Test func whiteoutsOfOtherArchivesAreFiles() async throws {
    let bytes = try await Python.tar(format: "PAX", "add('.wh.x', content=b'1')")
    #expect(try contents(of: bytes, options: .archive).samples.map(\.entry.kind) == [.file(size: 1)])
  }

  @Test func damagedArchivesNeverTrap() throws {
    let bytes = try layer(LayerWriterTests.everything + [.file("noise", noise(5000))]).bytes
    var failures = 0
    for seed in 1...300 {
      var damaged = bytes
      for (index, value) in noise(12, seed: UInt64(seed)).enumerated() {
        damaged[(Int(value) * 131 + index * 977 + seed * 53) % damaged.count] = value
      }
      do { _ = try contents(of: damaged) } catch is ArchiveError { failures += 1 }
    }
    #expect(failures > 0)
  }

  @Test func aReaderThatIsDroppedEndsItsThread() throws {
    let bytes = try layer([.file("a", Array(repeating: 1, count: 20 << 20))]).bytes
    let reader = try LayerReader(MemoryByteSource(bytes))
    #expect(try reader.next()?.path == "a")
  }

  @Test func failureOfTheSourceIsThrown() throws {
    struct BrokenSource: ByteSource {
      var source: MemoryByteSource
      var rest = 100_000
      mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        rest -= buffer.count
        if rest < 0 { throw HostError("download", nil, .ioError) }
        return try source.read(into: buffer)
      }
    }
    let bytes = try layer([.file("a", noise(2 << 20))], options: .init()).bytes
    #expect(throws: HostError.self) {
      let reader = try LayerReader(BrokenSource(source: MemoryByteSource(bytes)))
      _ = try reader.finish()
    }
  }

  private func compress(_ bytes: [UInt8], _ program: String) async throws -> [UInt8] {
    let outcome = try await ChildProcess(program, ["-c"], input: bytes).run()
    try #require(outcome.succeeded, "\(program): \(outcome.errorText)")
    return outcome.output
  }
}
