import Archive
import HostOS
import SystemPackage
import Testing

@Suite struct DirectoryScannerTests {
  @Test func walksInTheOrderOfPaths() async throws {
    let folder = try TemporaryDirectory()
    try await tool(
      "sh",
      [
        "-c",
        "mkdir -p a/b z; touch a-b a.b a/b/c a/x z/1; ln -s a/x l; ln -s /etc abs; mkfifo p; printf 123 > 3; chmod 640 3",
      ],
      in: folder.path)
    var entries: [TreeEntry] = []
    try DirectoryScanner(root: folder.path).scan { entries.append($0.entry) }
    #expect(entries.map(\.path) == ["3", "a", "a/b", "a/b/c", "a/x", "a-b", "a.b", "abs", "l", "p", "z", "z/1"])
    #expect(entries.map(\.path).sorted() == entries.map(\.path))
    #expect(entries[0].kind == .file(size: 3) && entries[0].mode == 0o640)
    #expect(entries[7].kind == .symbolicLink(target: Array("/etc".utf8)))
    #expect(entries[9].kind == .fifo)
  }

  @Test func asksTheFilterBeforeGoingDown() async throws {
    let folder = try TemporaryDirectory()
    try await tool(
      "sh",
      [
        "-c",
        "mkdir -p keep/a drop/a find/deep/hit find/miss/x; touch keep/a/1 drop/a/1 find/deep/hit/1 find/miss/1 find/0",
      ],
      in: folder.path)
    var asked: [TreePath] = []
    var found: [TreePath] = []
    try DirectoryScanner(root: folder.path).scan(
      filter: { path, _ in
        asked.append(path)
        if path == "drop" { return .exclude }
        if path.hasPrefix("find") { return path == "find/deep/hit/1" ? .include : .search }
        return .include
      }
    ) { found.append($0.entry.path) }
    #expect(found == ["find", "find/deep", "find/deep/hit", "find/deep/hit/1", "keep", "keep/a", "keep/a/1"])
    #expect(!asked.contains("drop/a") && asked.contains("find/miss/x"))
  }

  @Test func opensContentAndKeepsBytes() async throws {
    let folder = try TemporaryDirectory()
    try Files.createDirectories(folder.path.appending("d"))
    try Files.writeAtomically(Array("inside".utf8), to: folder.path.appending("d/x"))
    try await tool("python3", ["-c", "open(b'd/\\xff\\xfe', 'w').write('odd')"], in: folder.path)
    try await tool("setfattr", ["-n", "user.a", "-v", "b", "d/x"], in: folder.path)
    var contents: [[UInt8]: [UInt8]] = [:]
    var attributes: [ExtendedAttribute] = []
    try DirectoryScanner(root: folder.path).scan { file in
      attributes += file.entry.extendedAttributes
      guard file.entry.isFile else { return }
      #expect(file.status.size == file.entry.size)
      contents[Array(file.entry.path.name)] = try file.withContent { descriptor in
        var bytes: [UInt8] = []
        try Files.readChunks(descriptor) { bytes.append(contentsOf: $0) }
        return bytes
      }
    }
    #expect(contents == [Array("x".utf8): Array("inside".utf8), [0xff, 0xfe]: Array("odd".utf8)])
    #expect(attributes == [ExtendedAttribute(name: "user.a", value: Array("b".utf8))])
  }

  @Test func doesNotFollowLinks() async throws {
    let folder = try TemporaryDirectory()
    try await tool(
      "sh", ["-c", "mkdir -p out/in ctx; touch out/in/x; ln -s ../out ctx/l; ln -s . ctx/self"], in: folder.path)
    var paths: [TreePath] = []
    try DirectoryScanner(root: folder.path.appending("ctx")).scan { paths.append($0.entry.path) }
    #expect(paths == ["l", "self"])
  }

  @Test func aMissingFolderIsAnError() throws {
    let folder = try TemporaryDirectory()
    #expect(throws: HostError.self) { try DirectoryScanner(root: folder.path.appending("none")).scan { _ in } }
  }
}
