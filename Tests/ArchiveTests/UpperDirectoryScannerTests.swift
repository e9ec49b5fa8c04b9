import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct UpperDirectoryScannerTests {
  /// A real overlay mount, in namespaces of its own so that any user can make it.
  private func change(_ folder: FilePath, lower: String, script: String, options: String = "") async throws {
    let program = """
      set -e; mkdir lower upper work merged; (cd lower; \(lower))
      mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work\(options) merged
      (cd merged; \(script))
      umount merged
      """
    try await tool("unshare", ["-Urm", "sh", "-c", program], in: folder)
  }

  private func scan(_ root: FilePath) throws -> [TreeEntry] {
    var entries: [TreeEntry] = []
    try UpperDirectoryScanner(root: root).scan { entries.append($0.entry) }
    return entries
  }

  @Test func findsWhatARunChanged() async throws {
    let folder = try TemporaryDirectory()
    try await change(
      folder.path,
      lower: """
        mkdir -p dir/sub other anew kept; touch dir/del dir/sub/x other/1 anew/old kept/same file tofolder; chmod 700 other
        mkdir tofile; touch tofile/1
        """,
      script: """
        rm dir/del; echo hi > dir/sub/new; touch other/2; rm -r anew; mkdir anew; touch anew/fresh; chmod 600 file
        rm tofolder; mkdir tofolder; rm -r tofile; echo f > tofile; echo l > one; ln one two; ln one also
        setfattr -n user.mine -v 1 one; mkdir gone; rmdir gone
        """)
    let entries = try scan(folder.path.appending("upper"))
    let expected: [(TreePath, TreeEntry.Kind)] = [
      ("also", .file(size: 2)), ("anew", .directory), ("anew", .opaqueWhiteout), ("anew/fresh", .file(size: 0)),
      ("dir", .directory), ("dir/del", .whiteout), ("dir/sub", .directory), ("dir/sub/new", .file(size: 3)),
      ("file", .file(size: 0)), ("one", .hardLink(to: "also")), ("other", .directory), ("other/2", .file(size: 0)),
      ("tofile", .file(size: 2)), ("tofolder", .directory), ("tofolder", .opaqueWhiteout),
      ("two", .hardLink(to: "also")),
    ]
    #expect(entries.map(\.path) == expected.map(\.0))
    #expect(entries.map(\.kind) == expected.map(\.1))
    #expect(entries.first { $0.path == "other" }?.mode == 0o700)
    #expect(entries.first?.extendedAttributes.map(\.name) == ["user.mine"])
    #expect(!entries.contains { $0.extendedAttributes.contains { $0.name.contains("overlay") } })
  }

  @Test func deletionsComeFirstAndAreNoHardLinks() async throws {
    let folder = try TemporaryDirectory()
    try await change(folder.path, lower: "touch y z", script: "rm y z; echo > a; mkdir b; echo > b/1")
    let entries = try scan(folder.path.appending("upper"))
    #expect(entries.map(\.path) == ["y", "z", "a", "b", "b/1"])
    #expect(entries.prefix(2).allSatisfy { $0.kind == .whiteout })
  }

  @Test func filterLeavesStubsOut() async throws {
    let folder = try TemporaryDirectory()
    try await tool("sh", ["-c", "mkdir -p proc/x etc; touch proc/x/y etc/hosts etc/kept"], in: folder.path)
    var paths: [TreePath] = []
    try UpperDirectoryScanner(root: folder.path).scan(filter: { path, _ in path != "proc" && path != "etc/hosts" }) {
      paths.append($0.entry.path)
    }
    #expect(paths == ["etc", "etc/kept"])
  }

  @Test(arguments: ["redirect", "metacopy"])
  func featuresThatNeedTheMountAreErrors(feature: String) async throws {
    let folder = try TemporaryDirectory()
    try await tool("sh", ["-c", "mkdir d; setfattr -n user.overlay.\(feature) -v /x d"], in: folder.path)
    let error = #expect(throws: ArchiveError.self) { try scan(folder.path) }
    #expect(code(of: error) == "overlay-feature")
    #expect(error?.message.contains("/d") == true && error?.message.contains(feature) == true)
  }

  @Test func socketsStayBehind() async throws {
    let folder = try TemporaryDirectory()
    try await tool(
      "python3", ["-c", "import socket; socket.socket(socket.AF_UNIX).bind('s'); open('f', 'w')"], in: folder.path)
    #expect(try scan(folder.path).map(\.path) == ["f"])
  }

  /// Layer → lower folder → mount and change → upper folder → layer.
  @Test func goesRoundThroughAMount() async throws {
    let folder = try TemporaryDirectory()
    let base = try layer([
      Sample.folder("etc").ours(), Sample.file("etc/a", "1").ours(), Sample.file("etc/b", "2").ours(),
    ])
    try Files.createDirectories(folder.path.appending("base"))
    _ = try LayerExtractor(into: folder.path.appending("base"), options: .init(mode: .overlay(.user)))
      .extract(MemoryByteSource(base.bytes))
    try await change(
      folder.path, lower: "cp -a ../base/. .",
      script: "rm etc/a; echo changed > etc/b; rm -r etc; mkdir etc; echo 3 > etc/c")
    let sink = MemorySink()
    let writer = try LayerWriter(to: sink)
    try UpperDirectoryScanner(root: folder.path.appending("upper")).scan { try writer.append($0) }
    _ = try writer.finish()
    let plain = folder.path.appending("plain")
    try Files.createDirectories(plain)
    for bytes in [base.bytes, sink.bytes] {
      _ = try LayerExtractor(into: plain, options: .init(mode: .plain)).extract(MemoryByteSource(bytes))
    }
    #expect(try Files.names(in: plain.appending("etc")).map(\.string) == ["c"])
  }
}
