import Archive
import Glibc
import HostOS
import SystemPackage
import Testing

let isRoot = geteuid() == 0
/// Implied folders are root's.
private let ownership = isRoot ? LayerExtractor.Ownership.restore : .restoreWherePermitted

@Suite struct LayerExtractorTests {
  @Test func restoresATreeLikeTar() async throws {
    let folder = try TemporaryDirectory()
    let source = folder.path.appending("source")
    try await tool(
      "sh",
      [
        "-c",
        """
        set -e; mkdir -p "$1/usr/bin" "$1/empty" "$1/locked/in"; cd "$1"
        for i in $(seq 1 50); do echo "$i" > "usr/bin/file$i"; done
        ln usr/bin/file1 usr/hard; ln -s ../nowhere/é usr/soft; ln -s usr/bin bin; mkfifo usr/pipe
        truncate -s 1M usr/sparse; echo end >> usr/sparse; setfattr -n user.test -v value usr/bin/file2
        chmod 4755 usr/bin/file3; chmod 2750 usr/bin; chmod 1777 empty; touch -d 1965-01-02T03:04:05Z usr/bin/file4
        chmod 0500 locked/in; touch -d @1500000000 empty usr/bin usr .
        """, "sh", source.string,
      ])
    try await tool("tar", ["-C", source.string, "--xattrs", "-czf", "t.tgz", "."], in: folder.path)
    let target = try makeFolder(folder.path, "target")
    let result = try extract(Files.read(folder.path.appending("t.tgz")), to: target, .overlay(.user))
    #expect(result.warnings.isEmpty)
    #expect(try await description(of: target) == description(of: source))
    #expect(try FileStatus(of: target.appending("usr/hard")).linkCount == 2)
    #expect(try ExtendedAttributes.value(of: "user.test", at: target.appending("usr/bin/file2")) == Array("value".utf8))
    #expect(try Files.read(target.appending("usr/sparse")) == Files.read(source.appending("usr/sparse")))
  }

  @Test func fiveThousandFiles() async throws {
    let folder = try TemporaryDirectory()
    var samples: [Sample] = []
    for number in 0..<5000 {
      if number % 100 == 0 { samples.append(Sample.folder(TreePath("d\(number / 100)") ?? .root).ours()) }
      samples.append(Sample.file(TreePath("d\(number / 100)/f\(number)") ?? .root, "content \(number)").ours())
    }
    let made = try layer(samples, options: .init(digestsContent: true))
    var reading = LayerReader.Options(makesIndex: true, digestsContent: true)
    reading.expectation = LayerExpectation(
      sha256Hex: made.result.summary.sha256Hex, diffIDSHA256Hex: made.result.summary.diffIDSHA256Hex)
    let target = try makeFolder(folder.path, "target")
    let result = try LayerExtractor(into: target, options: .init(mode: .plain, reading: reading))
      .extract(MemoryByteSource(made.bytes))
    #expect(result.index == made.result.index)
    // And back: the scanner finds what was written.
    let sink = MemorySink()
    let writer = try LayerWriter(to: sink)
    try DirectoryScanner(root: target).scan { try writer.append($0) }
    let again = try writer.finish().summary
    #expect(again.entryCount == 5050)
    let sorted = try layer(samples.sorted { $0.entry.path < $1.entry.path }, options: .init())
    #expect(again == sorted.result.summary)
  }

  @Test(.enabled(if: isRoot, "owners, devices and capabilities need root")) func restoresWhatOnlyRootMay() async throws
  {
    let folder = try TemporaryDirectory()
    let source = folder.path.appending("source")
    try await tool(
      "sh",
      [
        "-c",
        """
        set -e; mkdir -p "$1/d"; cd "$1"; cp /bin/true ping; chown 12:34 ping d; setcap cap_net_raw+ep ping
        mknod null c 1 3; mknod disk b 8 1; chmod 666 null; ln -s x l; chown -h 5:6 l; cp /bin/true s; chown 7:8 s; chmod 6755 s
        """, "sh", source.string,
      ])
    let sink = MemorySink()
    let writer = try LayerWriter(to: sink)
    try DirectoryScanner(root: source).scan { try writer.append($0) }
    _ = try writer.finish()
    let target = try makeFolder(folder.path, "target")
    let result = try extract(sink.bytes, to: target, .overlay(.trusted))
    #expect(result.warnings.isEmpty)
    #expect(try await description(of: target) == description(of: source))
    #expect(try await tool("getcap", [target.appending("ping").string]).contains("cap_net_raw=ep"))
    // What libarchive's own program makes of the capability.
    let third = try makeFolder(folder.path, "third")
    try await tool("bsdtar", ["-xpf", "-"], in: third, input: sink.bytes)
    #expect(try await tool("getcap", [third.appending("ping").string]).contains("cap_net_raw=ep"))
  }

  @Test(arguments: OverlayNamespace.allCases)
  func deletionsBecomeOverlayMarks(namespace: OverlayNamespace) throws {
    if namespace == .trusted, !isRoot { return }
    let folder = try TemporaryDirectory()
    let target = try makeFolder(folder.path, "target")
    let samples: [Sample] = [
      .whiteout("gone"), .folder("opaque"), .opaque("opaque"), .file("opaque/new", "1"),
      .whiteout("anew"), .folder("anew"), .file("anew/x", "1"),
      .whiteout("implied"), .file("implied/x", "1"),
      .folder("kept"), .whiteout("kept"), .whiteout("file"), .file("file", "1"),
      .opaque("shell/inner"),
    ]
    _ = try extract(layer(samples.map { $0.ours() }).bytes, to: target, .overlay(namespace))
    let gone = try FileStatus(of: target.appending("gone"))
    #expect(gone.kind == .characterDevice && gone.deviceMajor == 0 && gone.deviceMinor == 0)
    for path in ["opaque", "anew", "implied", "kept", "shell/inner"] {
      let mark = try ExtendedAttributes.value(of: "\(namespace).overlay.opaque", at: target.appending(path))
      #expect(mark == Array("y".utf8), "\(path)")
    }
    #expect(try ExtendedAttributes.names(of: target.appending("shell")).isEmpty)
    #expect(try Files.read(target.appending("file")) == Array("1".utf8))

    // The scanner reads the marks back.
    var found: [TreePath: TreeEntry.Kind] = [:]
    var opaque: [TreePath] = []
    try UpperDirectoryScanner(root: target).scan { file in
      if file.entry.kind == .opaqueWhiteout {
        opaque.append(file.entry.path)
      } else {
        found[file.entry.path] = file.entry.kind
      }
    }
    #expect(found["gone"] == .whiteout)
    #expect(found["file"] == .file(size: 1))
    #expect(opaque == ["anew", "implied", "kept", "opaque", "shell/inner"])
  }

  @Test func plainModeAppliesDeletions() async throws {
    let folder = try TemporaryDirectory()
    let target = try makeFolder(folder.path, "target")
    let lower: [Sample] = [
      .folder("a"), .file("a/1", "x"), .file("a/2", "x"), .folder("b"), .file("b/1", "x"), .file("c", "x"),
      .folder("e"), .file("e/old", "x"), .file("swap", "x"), .folder("pwas"), .file("pwas/x", "x"),
    ]
    let upper: [Sample] = [
      .whiteout("a/1"), .folder("b"), .file("b/new", "y"), .opaque("b"), .whiteout("c"), .whiteout("missing/x"),
      .file("e/new", "y"), .whiteout("e"), .folder("swap"), .file("swap/in", "y"), .file("pwas", "y"),
    ]
    for samples in [lower, upper] { _ = try extract(layer(samples.map { $0.ours() }).bytes, to: target, .plain) }
    let names = try await tool("find", [".", "-mindepth", "1", "-printf", "%P\n"], in: target)
    #expect(
      names.split(separator: "\n").sorted() == ["a", "a/2", "b", "b/new", "e", "e/new", "pwas", "swap", "swap/in"])
  }

  /// An entry below a link of a lower layer makes a folder in its place, whether the layers lie in one folder or not: so
  /// do docker and containerd where they use overlayfs.
  @Test func linksOfLowerLayersAreNotFollowed() async throws {
    let folder = try TemporaryDirectory()
    let lower: [Sample] = [
      .folder("usr"), .folder("usr/lib"), .file("usr/lib/a", "x"), .link("lib", to: "usr/lib"), .file("f", "x"),
    ]
    let upper: [Sample] = [.file("lib/deep/b", "y"), .file("lib/c", "y"), .file("f/in", "y")]
    let (together, apart) = (try makeFolder(folder.path, "together"), try makeFolder(folder.path, "apart"))
    for samples in [lower, upper] { _ = try extract(layer(samples.map { $0.ours() }).bytes, to: together, .plain) }
    let names = try await tool("find", [".", "-mindepth", "1", "-printf", "%P %y\n"], in: together)
    let below = ["f d", "f/in f", "lib d", "lib/c f", "lib/deep d", "lib/deep/b f"]
    #expect(names.split(separator: "\n").map(String.init).sorted() == below + ["usr d", "usr/lib d", "usr/lib/a f"])
    let lowers = Dictionary(uniqueKeysWithValues: lower.map { ($0.entry.path, $0.ours().entry) })
    _ = try LayerExtractor(into: apart, options: .init(mode: .overlay(.user), ownership: ownership))
      .unpack(MemoryByteSource(layer(upper.map { $0.ours() }).bytes)).finish { lowers[$0] }
    let own = try await tool("find", [".", "-mindepth", "1", "-printf", "%P %y %m\n"], in: apart)
    #expect(own.split(separator: "\n").filter { $0.hasSuffix("d 755") }.count == 3)
  }

  /// Each tries to reach the folder `outside`, which lies beside the target.
  @Test(arguments: [
    "add('l', SYMTYPE, linkname='../outside')\nadd('l/evil', content=b'x')",
    "add('l', SYMTYPE, linkname=OUTSIDE)\nadd('l/evil', content=b'x')",
    "add('l', SYMTYPE, linkname=OUTSIDE + '/evil')\nadd('l', content=b'x')",
    "add('l', SYMTYPE, linkname=OUTSIDE + '/victim')\nadd('l', content=b'x', mode=0o777)",
    "add('l', SYMTYPE, linkname='../outside/victim')\nadd('h', LNKTYPE, linkname='l')\nadd('h', content=b'x')",
    "add('../outside/evil', content=b'x')",
    "add('d/../../outside/evil', content=b'x')",
    "add('h', LNKTYPE, linkname='../outside/victim')",
    "add('h', LNKTYPE, linkname=OUTSIDE + '/victim')",
    "add('l', SYMTYPE, linkname='../outside')\nadd('h', LNKTYPE, linkname='l/victim')\nadd('h', content=b'x')",
    "add('l', SYMTYPE, linkname='../outside')\nadd('l', DIRTYPE, mode=0o777)\nadd('l/evil', content=b'x')",
    "add('l', SYMTYPE, linkname='../outside')\nadd('l/.wh.victim')\nadd('l/.wh..wh..opq')",
    "add('a', SYMTYPE, linkname='b')\nadd('b', SYMTYPE, linkname='a')\nadd('a/evil', content=b'x')",
    "add('d', DIRTYPE)\nadd('d/l', SYMTYPE, linkname='../../outside')\nadd('d/l/evil/deep', content=b'x')",
    "add('d', DIRTYPE)\nadd('d', SYMTYPE, linkname='../outside')\nadd('d/evil', content=b'x')",
    "add('d/sub', DIRTYPE, mode=0o777)\nadd('d', SYMTYPE, linkname='../outside')",
    "add('p', SYMTYPE, linkname='/proc/self/cwd')\nadd('p/evil', content=b'x')",
    "add('f', content=b'x')\nadd('f/evil', content=b'x')",
    "add('" + String(repeating: "d/", count: 200) + "x', content=b'x')",
    "add(('n' * 250 + '/') * 17 + 'x', content=b'x')",
    "add('n' * 300, content=b'x')",
  ])
  func nothingLeavesTheFolder(members: String) async throws {
    let folder = try TemporaryDirectory()
    let outside = try makeFolder(folder.path, "outside")
    let victim = outside.appending("victim")
    try Files.writeAtomically(Array("safe".utf8), to: victim)
    _ = try makeFolder(outside, "sub")
    let before = try fingerprint(of: outside)
    let bytes = try await Python.tar(
      format: "PAX", "OUTSIDE = '\(outside.string)'\n\(members)", owner: (geteuid(), getegid()))
    for mode in [LayerExtractor.Mode.plain, .overlay(.user)] {
      let target = try makeFolder(folder.path, "target-\(mode == .plain)")
      // An error is as good as a file inside the folder.
      do { _ = try extract(bytes, to: target, mode) } catch is ArchiveError {} catch is HostError {}
      #expect(try fingerprint(of: outside) == before)
      #expect(try FileStatus.ifExists(FilePath("evil")) == nil)
    }
    #expect(try Files.names(in: folder.path).count == 3)
  }

  @Test func absoluteLinksLeadIntoTheFolder() throws {
    let folder = try TemporaryDirectory()
    let target = try makeFolder(folder.path, "target")
    let samples: [Sample] = [
      .folder("usr"), .folder("usr/lib"), .link("lib", to: "/usr/lib"), .file("lib/x", "1"),
      .of("again", .hardLink(to: "lib/x")),
    ]
    _ = try extract(layer(samples.map { $0.ours() }).bytes, to: target, .overlay(.user))
    #expect(try FileStatus(of: target.appending("usr/lib/x")).linkCount == 2)
  }

  @Test(arguments: [
    ([Sample.link("l", to: "nowhere"), .file("l/x", "")], "leads nowhere"),
    ([Sample.file("f", ""), .file("f/x", "")], "its folder is a file"),
    ([Sample.link("a", to: "b"), .link("b", to: "a"), .file("a/x", "")], "loop"),
  ])
  func saysWhyAPlaceCannotBe(samples: [Sample], reason: String) throws {
    let folder = try TemporaryDirectory()
    let error = #expect(throws: ArchiveError.self) {
      try extract(layer(samples.map { $0.ours() }).bytes, to: folder.path, .overlay(.user))
    }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test(arguments: ["add('d', DIRTYPE)\nadd('h', LNKTYPE, linkname='d')", "add('h', LNKTYPE, linkname='nothing')"])
  func hardLinksNeedAFile(members: String) async throws {
    let folder = try TemporaryDirectory()
    let bytes = try await Python.tar(format: "PAX", members, owner: (geteuid(), getegid()))
    let error = #expect(throws: ArchiveError.self) { try extract(bytes, to: folder.path, .overlay(.user)) }
    #expect(code(of: error) == "layer-unpack")
  }

  @Test func impliedFoldersAreThoseOfLowerLayers() throws {
    let folder = try TemporaryDirectory()
    let bytes = try layer([Sample.file("a/b/c", "1").ours()]).bytes
    let lower = Sample.folder("a", mode: 0o2711).ours().entry
    let unpacked = try LayerExtractor(into: folder.path, options: .init(mode: .overlay(.user), ownership: ownership))
      .unpack(MemoryByteSource(bytes))
    #expect(unpacked.asksForLowerEntries)
    _ = try unpacked.finish { $0 == lower.path ? lower : nil }
    #expect(try FileStatus(of: folder.path.appending("a")).mode == 0o2711)
    #expect(try FileStatus(of: folder.path.appending("a")).modificationTime == .sample)
    #expect(try FileStatus(of: folder.path.appending("a/b")).mode == 0o755)
  }

  @Test func marksOfOverlayfsInLayersAreDropped() throws {
    let folder = try TemporaryDirectory()
    var sample = Sample.folder("d").ours()
    sample.entry.extendedAttributes = [
      ExtendedAttribute(name: "user.fine", value: [1]),
      ExtendedAttribute(name: "user.overlay.redirect", value: Array("/etc".utf8)),
    ]
    let fake = Sample.of("fake", .characterDevice(major: 0, minor: 0)).ours()
    let result = try extract(layer([sample, fake]).bytes, to: folder.path, .overlay(.user))
    #expect(try ExtendedAttributes.names(of: folder.path.appending("d")) == ["user.fine"])
    #expect(try FileStatus.ifExists(folder.path.appending("fake")) == nil)
    #expect(result.warnings.count == 2)
  }

  @Test func aWrongDigestFailsTheExtraction() throws {
    let folder = try TemporaryDirectory()
    let bytes = try layer([Sample.file("a", "1").ours()], options: .init()).bytes
    let wrong = LayerReader.Options(expectation: LayerExpectation(diffIDSHA256Hex: String(repeating: "1", count: 64)))
    let error = #expect(throws: ArchiveError.self) {
      try LayerExtractor(into: folder.path, options: .init(mode: .plain, reading: wrong)).extract(
        MemoryByteSource(bytes))
    }
    #expect(code(of: error) == "digest-mismatch")
  }

  @Test func warningsAreBounded() throws {
    let folder = try TemporaryDirectory()
    let samples = (0..<200).map { Sample.of(TreePath("n\($0)") ?? .root, .characterDevice(major: 0, minor: 0)) }
    let result = try extract(layer(samples).bytes, to: folder.path, .overlay(.user))
    #expect(result.warnings.count == 51)
  }

  private func extract(
    _ bytes: [UInt8], to target: FilePath, _ mode: LayerExtractor.Mode
  ) throws -> UnpackedLayer.Result {
    try LayerExtractor(into: target, options: .init(mode: mode, ownership: ownership)).extract(MemoryByteSource(bytes))
  }

  private func makeFolder(_ parent: FilePath, _ name: String) throws -> FilePath {
    let path = parent.appending(name)
    try Files.createDirectories(path)
    return path
  }

  /// What an attack on a folder with one file would change: names, content, and all that stat(2) says.
  private func fingerprint(of folder: FilePath) throws -> [String] {
    try [".", "sub", "victim"].map { "\(try FileStatus(of: folder.appending($0)))" }
      + Files.names(in: folder).map(\.string) + [
        String(decoding: Files.read(folder.appending("victim")), as: UTF8.self)
      ]
  }

  /// Types, modes, owners, times in seconds, sizes and link targets of all below a folder.
  private func description(of folder: FilePath) async throws -> String {
    let lines = try await tool(
      "sh",
      [
        "-c",
        "find . -mindepth 1 -printf '%P %y %m %U:%G %Ts %s %l\\n' | sed 's/ d \\(.*\\) [0-9]* $/ d \\1/' | sort; find . -type b -o -type c | sort | xargs -r stat -c '%n %t:%T'",
      ],
      in: folder)
    return lines
  }
}
