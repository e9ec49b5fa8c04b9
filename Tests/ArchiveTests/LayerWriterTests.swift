import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct LayerWriterTests {
  /// One of everything that needs no privilege to be written.
  static let everything: [Sample] = [
    .folder("bin", mode: 0o755), .file("bin/tool", "#!/bin/sh\n", mode: 0o4755), .link("bin/sh", to: "tool"),
    .of("bin/again", .hardLink(to: "bin/tool"), mode: 0o4755),
    .of("dev/null", .characterDevice(major: 1, minor: 3), mode: 0o666),
    .of("dev/loop", .blockDevice(major: 7, minor: 300), mode: 0o660), .of("dev/pipe", .fifo, mode: 0o600),
    .whiteout("gone"), .folder("etc"), .opaque("etc"), .file("etc/empty", ""),
    .folder("tmp", mode: 0o1777), .file("ünï/cödé", "x"),
    .file(TreePath(Array("long/".utf8) + Array(repeating: 0x61, count: 180)) ?? .root, "long"),
  ]

  @Test(arguments: [Compression.none, .gzip(level: 6)])
  func pythonReadsEverything(compression: Compression) async throws {
    let folder = try TemporaryDirectory()
    let file = folder.path.appending("layer")
    try Files.writeAtomically(layer(Self.everything, options: .init(compression: compression)).bytes, to: file)
    let listing = try await tool(
      "python3",
      [
        "-c",
        """
        import tarfile, sys
        for m in tarfile.open(sys.argv[1]):
            print(m.name, m.type.decode(), oct(m.mode), m.size, m.linkname, m.devmajor, m.devminor, m.mtime, repr(m.uname))
        """, file.string,
      ])
    let expected = """
      bin 5 0o755 0  0 0 1700000000 ''
      bin/tool 0 0o4755 10  0 0 1700000000 ''
      bin/sh 2 0o777 0 tool 0 0 1700000000 ''
      bin/again 1 0o4755 0 bin/tool 0 0 1700000000 ''
      dev/null 3 0o666 0  1 3 1700000000 ''
      dev/loop 4 0o660 0  7 300 1700000000 ''
      dev/pipe 6 0o600 0  0 0 1700000000 ''
      .wh.gone 0 0o0 0  0 0 0 ''
      etc 5 0o755 0  0 0 1700000000 ''
      etc/.wh..wh..opq 0 0o0 0  0 0 0 ''
      etc/empty 0 0o644 0  0 0 1700000000 ''
      tmp 5 0o1777 0  0 0 1700000000 ''
      ünï/cödé 0 0o644 1  0 0 1700000000 ''
      long/\(String(repeating: "a", count: 180)) 0 0o644 4  0 0 1700000000 ''

      """
    #expect(listing == expected)
  }

  @Test(arguments: ["tar", "bsdtar"])
  func tarProgramsUnpackEverything(program: String) async throws {
    let folder = try TemporaryDirectory()
    let file = folder.path.appending("layer")
    try Files.writeAtomically(
      layer(Self.everything.filter { $0.entry.path.hasPrefix("bin") || $0.entry.path.hasPrefix("ünï") }).bytes, to: file
    )
    try await tool(program, ["-xf", file.string, "--no-same-owner"], in: folder.path)
    #expect(try Files.read(folder.path.appending("bin/again")) == Array("#!/bin/sh\n".utf8))
    #expect(try FileStatus(of: folder.path.appending("bin/tool")).linkCount == 2)
    #expect(try Files.read(folder.path.appending("ünï/cödé")) == [0x78])
  }

  @Test func namesThatAreNoTextSurvive() async throws {
    let folder = try TemporaryDirectory()
    let name: [UInt8] = [0x62, 0xff, 0xfe]
    let long = Array(repeating: UInt8(0xe9), count: 200)
    let samples = try [name, long].map { Sample.file(try #require(TreePath($0)), "x") }
    let file = folder.path.appending("layer")
    try Files.writeAtomically(layer(samples).bytes, to: file)
    let listing = try await tool(
      "python3",
      [
        "-c", "import tarfile,sys,os\nfor m in tarfile.open(sys.argv[1]): print(os.fsencode(m.name).hex())",
        file.string,
      ])
    #expect(listing == "62fffe\n" + String(repeating: "e9", count: 200) + "\n")
  }

  @Test func gzipProgramReadsTheBytesOfTheTar() async throws {
    let folder = try TemporaryDirectory()
    let samples = [Sample.file("text", prose(3_500_000)), .file("noise", noise(2_500_000)), .file("end", "x")]
    let plain = try layer(samples)
    let packed = try layer(samples, options: .init(compression: .gzip(level: 6), threadCount: 3))
    let file = folder.path.appending("layer.gz")
    try Files.writeAtomically(packed.bytes, to: file)
    try await tool("gzip", ["-t", file.string])
    try await tool("gzip", ["-dk", file.string])
    #expect(try Files.read(folder.path.appending("layer")) == plain.bytes)
    #expect(packed.result.summary.diffIDSHA256Hex == SHA256Hasher.hex(of: plain.bytes))
    #expect(packed.result.summary.sha256Hex == SHA256Hasher.hex(of: packed.bytes))
    #expect(packed.result.summary.size == Int64(packed.bytes.count))
    #expect(packed.result.summary.uncompressedSize == Int64(plain.bytes.count))
    #expect(plain.result.summary.sha256Hex == plain.result.summary.diffIDSHA256Hex)
    #expect(packed.bytes.count < 3_000_000)
    #expect(packed.bytes.starts(with: [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]))
  }

  @Test(arguments: [-1, 1, 3, 19, 100])
  func zstdProgramReadsTheBytesOfTheTar(level: Int) async throws {
    let folder = try TemporaryDirectory()
    let samples = [Sample.file("text", prose(700_000)), .file("noise", noise(300_000)), .file("end", "x")]
    let plain = try layer(samples)
    let packed = try layer(samples, options: .init(compression: .zstd(level: level)))
    try Files.writeAtomically(packed.bytes, to: folder.path.appending("layer.zst"))
    try await tool("zstd", ["-dq", "layer.zst"], in: folder.path)
    #expect(try Files.read(folder.path.appending("layer")) == plain.bytes)
    #expect(packed.result.summary.diffIDSHA256Hex == plain.result.summary.sha256Hex)
    #expect(packed.result.summary.sha256Hex == SHA256Hasher.hex(of: packed.bytes))
    #expect(packed.result.summary.compression == .zstd)
    #expect(packed.bytes.count < 600_000)
    #expect(try contents(of: packed.bytes).samples.map(\.content) == samples.map(\.content))
  }

  /// In a process of its own, whose peak memory is that of this test.
  @Test func memoryDoesNotGrowWithTheLayer() async throws {
    let result = await #expect(processExitsWith: .success) {
      let block = noise(1 << 20)
      for compression in [Compression.none, .gzip(level: 6), .zstd(level: 3)] {
        let writer = try LayerWriter(to: NullByteSink(), options: .init(compression: compression, threadCount: 8))
        try writer.append(Sample.of("f", .file(size: 200 << 20)).entry, from: RepeatingSource(block: block, count: 200))
        _ = try writer.finish()
      }
      let status = String(decoding: try Files.read("/proc/self/status"), as: UTF8.self)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
      let kibibytes = try #require(line.split(separator: " ").dropLast().last.flatMap { Int($0) })
      #expect(kibibytes < 120 << 10)
    }
    #expect(result != nil)
  }

  @Test(arguments: [Compression.default, .estargz(level: 2), .zstd(level: 3)], [0, 1, 1024, 1 << 20, 5_000_000])
  func outputDoesNotDependOnThreads(compression: Compression, size: Int) throws {
    let samples = [Sample.file("a", prose(size)), .file("b", noise(size, seed: 7)), .file("c", prose(size / 3))]
    let one = try layer(samples, options: .init(compression: compression, threadCount: 1))
    for count in [2, 8, 16] {
      let other = try layer(samples, options: .init(compression: compression, threadCount: count))
      #expect(other.bytes == one.bytes)
      #expect(other.result.summary == one.result.summary)
    }
  }

  /// Noise is stored as it is; noise that repeats itself, and noise of few values, are not.
  @Test func onlyWhatDoesNotShrinkIsStored() throws {
    func size(_ content: [UInt8]) throws -> Int { try layer([.file("f", content)], options: .init()).bytes.count }
    let random = noise(4 << 20)
    #expect(try size(random) > random.count)
    let repeated = Array(repeatElement(random.prefix(1000), count: 4000).joined())
    #expect(try size(repeated) < repeated.count / 10)
    #expect(try size(random.map { $0 & 0x3f }) < random.count * 8 / 10)
  }

  /// Resources of a program lie between its texts, wherever blocks are cut.
  @Test func noiseWithinABlockIsStored() throws {
    let names: [(text: TreePath, noise: TreePath)] = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]
    let samples = names.enumerated().flatMap { number, name -> [Sample] in
      [.file(name.text, prose(400_000)), .file(name.noise, noise(300_000, seed: UInt64(number)))]
    }
    let packed = try layer(samples, options: .init(compression: .gzip(level: 1))).bytes
    #expect(try contents(of: packed).samples.map(\.content) == samples.map(\.content))
    let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
    // One member for each text and each noise, and some more where blocks of 1 MiB meet.
    #expect(packed.indices.count { packed[$0] == 0x1f && packed[$0...].starts(with: header) } >= 8)
    let plain = try layer([.file("a", prose(2_800_000))], options: .init(compression: .gzip(level: 1))).bytes
    #expect(plain.indices.count { plain[$0] == 0x1f && plain[$0...].starts(with: header) } == 3)
  }

  @Test func aKnownDigestIsNotComputed() throws {
    let known = [UInt8](repeating: 7, count: 32)
    let writer = try LayerWriter(to: NullByteSink(), options: .init(digestsContent: true))
    var source = MemoryByteSource(Array("text".utf8))
    try writer.append(Sample.of("f", .file(size: 4)).entry, contentSHA256: known) { try source.read(into: $0) }
    #expect(try writer.finish().index.items.map(\.contentSHA256) == [known])
  }

  @Test(arguments: [-5, 1, 9, 100])
  func everyLevelGivesTheSameTar(level: Int) throws {
    let samples = [Sample.file("a", prose(1_500_000))]
    let packed = try layer(samples, options: .init(compression: .gzip(level: level)))
    #expect(packed.result.summary.diffIDSHA256Hex == (try layer(samples).result.summary.sha256Hex))
    #expect(try contents(of: packed.bytes).samples.first?.content == samples.first?.content)
  }

  @Test func emptyLayerIsATarWithoutEntries() async throws {
    let empty = try layer([])
    #expect(empty.bytes == Array(repeating: 0, count: 1024))
    let folder = try TemporaryDirectory()
    try Files.writeAtomically(empty.bytes, to: folder.path.appending("layer"))
    #expect(try await tool("tar", ["-tf", folder.path.appending("layer").string]) == "")
  }

  @Test func timesAreCutToSecondsAndClamped() throws {
    var early = Sample.file("early", "")
    early.entry.modificationTime = Timestamp(seconds: -86_400, nanoseconds: 5)
    var late = Sample.file("late", "")
    late.entry.modificationTime = Timestamp(seconds: 2_000_000_000, nanoseconds: 999)
    let bytes = try layer([early, late], options: .init(compression: .none, latestTime: .sample)).bytes
    #expect(try contents(of: bytes).samples.map(\.entry.modificationTime) == [Timestamp(seconds: -86_400), .sample])
  }

  @Test func attributesAndLargeNumbersSurvive() async throws {
    var sample = Sample.file("a", "x")
    sample.entry.extendedAttributes = [
      ExtendedAttribute(name: "security.capability", value: [1, 0, 0, 2, 0, 4, 0, 0]),
      ExtendedAttribute(name: "user.empty", value: []),
      ExtendedAttribute(name: "user.text", value: Array("a=b\n".utf8)),
    ]
    sample.entry = sample.entry.owned(by: 4_000_000_000, 2_097_152)
    let bytes = try layer([sample]).bytes
    #expect(try contents(of: bytes).samples.map(\.entry) == [sample.entry])
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("SCHILY.xattr.user.text=a=b\n") && !text.contains("LIBARCHIVE"))
  }

  @Test(arguments: [
    (Sample.file("a", "1"), "layer-duplicate-entry"), (Sample.file("x/.wh.y", ""), "layer-reserved-name"),
    (Sample.of("h", .hardLink(to: "nowhere")), "layer-invalid-entry"),
    (Sample.of("h", .hardLink(to: "d")), "layer-invalid-entry"), (Sample.whiteout(""), "layer-invalid-entry"),
    (Sample.link("l", to: ""), "layer-invalid-entry"), (Sample.file("", "x"), "layer-invalid-entry"),
    (Sample.of("n", .file(size: -1)), "layer-invalid-entry"), (Sample.of("short", .file(size: 4)), "file-changed"),
  ])
  func refusesWrongEntries(sample: Sample, expected: String) throws {
    let error = #expect(throws: ArchiveError.self) {
      try layer([.folder("d"), .file("a", ""), sample])
    }
    #expect(code(of: error) == expected)
  }

  @Test(arguments: [(3, "grew while it was read: it had 3 bytes"), (9, "it had 9 bytes at first and 5 now")])
  func saysThatAFileChanged(announced: Int64, message: String) throws {
    let folder = try TemporaryDirectory()
    let path = folder.path.appending("f")
    try Files.writeAtomically(Array("12345".utf8), to: path)
    let error = #expect(throws: ArchiveError.self) {
      try Files.withDescriptor(path, .readOnly) { descriptor in
        let writer = try LayerWriter(to: NullByteSink())
        try writer.append(Sample.of("dir/f", .file(size: announced)).entry, content: descriptor)
      }
    }
    #expect(error?.message.contains(message) == true)
    #expect(error?.message.contains("/dir/f") == true)
  }

  @Test func failureOfTheSinkIsThrown() throws {
    struct FullSink: ByteSink {
      var room = 500_000
      mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        room -= bytes.count
        if room < 0 { throw HostError("write", nil, .noSpace) }
      }
    }
    let content = noise(1 << 20)
    for compression in [Compression.none, .default, .zstd(level: 3)] {
      #expect(throws: HostError.self) {
        let writer = try LayerWriter(to: FullSink(), options: .init(compression: compression, threadCount: 2))
        for number in 0..<20 {
          try writer.append(Sample.file(TreePath("\(number)") ?? .root, content).entry, content: content)
        }
        _ = try writer.finish()
      }
    }
  }

  @Test func indexSaysWhereContentIs() throws {
    let samples = [Sample.folder("d"), .file("d/a", prose(70_000)), .file("d/ü", "x"), .link("l", to: "d")]
    let made = try layer(samples, options: .init(compression: .none, digestsContent: true))
    let files = made.result.index.items.filter { $0.entry.isFile }
    #expect(files.count == 2)
    for (item, sample) in zip(files, samples.filter { $0.entry.isFile }) {
      let start = Int(try #require(item.contentOffset))
      #expect(Array(made.bytes[start..<(start + sample.content.count)]) == sample.content)
      #expect(item.contentSHA256.map { $0.count } == 32)
    }
    let read = try contents(of: made.bytes, options: .init(makesIndex: true, digestsContent: true)).result
    #expect(read.index == made.result.index)
    #expect(read.summary == made.result.summary)
  }
}
