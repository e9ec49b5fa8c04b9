import Archive
import HostOS
import SystemPackage
import Testing

/// Reads eStargz layers as the runtimes do that fetch files one by one.
@Suite struct EStargzTests {
  private let samples: [Sample] = [
    .folder("bin"), .file("bin/small", "hello"), .file("bin/empty", ""), .file("large", prose(3_300_000)),
    .file("exact", noise(1 << 20)), .link("link", to: "bin/small"), .of("again", .hardLink(to: "bin/small")),
    .whiteout("gone"), .file("last", "x"),
  ]

  /// Checks the table of contents of a layer against what is in it: the footer leads to the table, each piece of a file
  /// begins a gzip member at its offset, and all digests are right. Prints a line for each file.
  private static let verifier = """
    import gzip, hashlib, io, json, sys, tarfile, zlib
    blob = open(sys.argv[1], 'rb').read()
    footer = blob[-51:]
    assert footer[:4] == b'\\x1f\\x8b\\x08\\x04' and footer[12:16] == b'SG\\x16\\x00' and footer[32:38] == b'STARGZ'
    assert gzip.decompress(footer) == b''
    place = int(footer[16:32], 16)
    table = tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob[place:])))
    entry = table.next()
    assert entry.name == 'stargz.index.json', entry.name
    raw = table.extractfile(entry).read()
    assert table.next() is None
    toc = json.loads(raw)
    assert toc['version'] == 1
    tar = {m.name: m for m in tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob)))}
    names = [e['name'].rstrip('/') for e in toc['entries'] if e['type'] != 'chunk']
    assert names == [n for n in tar if n != 'stargz.index.json'], (names, list(tar))
    def member(offset, size):
        reader = gzip.GzipFile(fileobj=io.BytesIO(blob[offset:]))
        return reader.read(size)
    contents, current = {}, None
    for e in toc['entries']:
        if e['type'] == 'reg': current, contents[e['name']] = e, b''
        if e['type'] in ('reg', 'chunk') and current.get('size', 0) > 0:
            start = e.get('chunkOffset', 0)
            size = e.get('chunkSize', current['size'] - start)
            assert start == len(contents[current['name']]) and e['name'] == current['name']
            piece = member(e['offset'], size)
            assert len(piece) == size
            assert 'sha256:' + hashlib.sha256(piece).hexdigest() == e['chunkDigest']
            contents[current['name']] += piece
    for e in toc['entries']:
        if e['type'] == 'reg' and e.get('size', 0) > 0:
            assert 'sha256:' + hashlib.sha256(contents[e['name']]).hexdigest() == e['digest']
        print(e['name'], e['type'], e.get('size', 0), e.get('linkName', ''))
    print(hashlib.sha256(raw).hexdigest())
    """

  @Test func theTableLeadsToEveryFile() async throws {
    let folder = try TemporaryDirectory()
    let file = folder.path.appending("layer")
    let packed = try layer(samples, options: .init(compression: .estargz(level: 6), threadCount: 3))
    try Files.writeAtomically(packed.bytes, to: file)
    let listing = try await tool("python3", ["-c", Self.verifier, file.string])
    let table = try #require(packed.result.tableSHA256Hex)
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
