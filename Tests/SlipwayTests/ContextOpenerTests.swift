import Archive
import Builder
import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import RemoteSources
import SystemPackage
import TestSupport
import Testing

@testable import Slipway

@Suite struct ContextOpenerTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch("context")
    try Files.createDirectories(scratch("work"))
  }

  private func open(
    _ text: String, input: [UInt8] = [], configure: (inout ContextOpener) -> Void = { _ in }
  ) async throws -> OpenedContext {
    let file = scratch("input-\(Files.uniqueName())")
    try Files.writeAtomically(input, to: file)
    let descriptor = try Files.open(file, .readOnly)
    defer { try? descriptor.close() }
    var opener = ContextOpener(
      standardInput: descriptor,
      remotes: RemoteFetcher(
        root: scratch("remote"), client: HTTPClient(transport: .live(), userAgent: "slipway/test"),
        environment: .current),
      work: scratch("work"), progress: .silent)
    configure(&opener)
    return try await opener.open(try ContextArgument(text))
  }

  private func failure(_ text: String, input: [UInt8] = []) async throws -> Diagnostic {
    let error = await #expect(throws: (any Error).self) { try await open(text, input: input) }
    let diagnostics = try #require(error as? any DiagnosticError).diagnostics
    return try #require(diagnostics.first)
  }

  /// A tar of a tree, made by GNU tar with owners of our choice.
  private func archive(_ tree: [String: ScratchEntry], _ arguments: [String] = []) async throws -> [UInt8] {
    try scratch.write(tree, in: "tree")
    let file = scratch("a.tar")
    try await Tool.run(
      "tar",
      ["-cf", file.string, "--sort=name", "--mtime=@1700000000", "-C", scratch("tree").string] + arguments + ["."])
    return try Files.read(file)
  }

  private func names(_ context: OpenedContext) throws -> [String] {
    try Files.names(in: context.folder).map(\.string)
  }

  private func archived(_ path: String, of context: OpenedContext) throws -> TreeEntry {
    let path = try #require(TreePath(path))
    return try #require(context.archived[path])
  }

  @Test func takesAFolderAsItIs() async throws {
    try scratch.write(["folder/Dockerfile": "FROM scratch\n", "folder/link": .symbolicLink("../out"), "out": "x"])
    let context = try await open(scratch("folder").string)
    #expect(context.folder == scratch("folder"))
    #expect(context.isLocal)
    #expect(context.dockerfile == nil)
    #expect(try context.file("Dockerfile") == scratch("folder/Dockerfile"))
    #expect(try context.file("link") == scratch("folder/link"))
    #expect(try context.file("none") == nil)
    let ignore = try DockerIgnore(patterns: ["a"])
    #expect(context.local(ignoring: ignore).ignore == ignore)
  }

  @Test("archives on standard input", arguments: ["cat", "gzip", "bzip2", "xz", "zstd"])
  func archives(compressor: String) async throws {
    var bytes = try await archive(["Dockerfile": "FROM scratch\n", "sub/run.sh": .file("x", mode: 0o755)])
    bytes = try await Tool.run(compressor, compressor == "cat" ? [] : ["-c"], input: bytes).output
    let context = try await open("-", input: bytes)
    #expect(try names(context) == ["Dockerfile", "sub"])
    #expect(context.folder.starts(with: scratch("work")))
    #expect(!context.isLocal)
    #expect(context.dockerfile == nil)
    let status = try FileStatus(of: context.folder.pushing("sub/run.sh"))
    #expect(status.mode == 0o755)
    #expect(status.modificationTime == Timestamp(seconds: 1_700_000_000))
    #expect(context.local(ignoring: try DockerIgnore(patterns: ["a"])).ignore == DockerIgnore())
  }

  @Test func keepsOwnersAndModesBesideTheFiles() async throws {
    let bytes = try await archive(
      ["a": .file("1", mode: 0o4755), "locked/b": .file("2", mode: 0)], ["--owner=5", "--group=6"])
    let context = try await open("-", input: bytes)
    let entry = try archived("a", of: context)
    #expect(entry.uid == 5)
    #expect(entry.gid == 6)
    #expect(entry.mode == 0o4755)
    let locked = try archived("locked/b", of: context)
    #expect(locked.mode == 0)
    #expect(try FileStatus(of: context.folder.pushing("locked/b")).mode == 0o400)
    #expect(context.local(ignoring: DockerIgnore()).archived.count == context.archived.count)
  }

  @Test func knowsWhatHardLinksAre() async throws {
    try scratch.write(["tree/a": .file("1", mode: 0o640)])
    try await Tool.run("ln", [scratch("tree/a").string, scratch("tree/b").string])
    let context = try await open("-", input: try await archive([:], ["--owner=5"]))
    let entry = try archived("b", of: context)
    #expect(entry.kind == .file(size: 1))
    #expect(entry.uid == 5)
    #expect(entry.mode == 0o640)
  }

  @Test("archives that reach outside", arguments: ["../evil", "a/../../evil"])
  func hostileArchives(name: String) async throws {
    let script = """
      import io, sys, tarfile
      archive = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
      entry = tarfile.TarInfo(sys.argv[1])
      entry.size = 1
      archive.addfile(entry, io.BytesIO(b"x"))
      archive.close()
      """
    let bytes = try await Tool.run("python3", ["-c", script, name]).output
    #expect(try await failure("-", input: bytes).code == "archive-unsafe-name")
    #expect(try FileStatus.ifExists(scratch("evil")) == nil)
    #expect(try FileStatus.ifExists(scratch("work/evil")) == nil)
  }

  @Test func findsNoFileOutsideOfAnArchive() async throws {
    try scratch.write(["secret": "x"])
    let context = try await open(
      "-",
      input: try await archive([
        "Dockerfile": .symbolicLink("/etc/passwd"), "up": .symbolicLink("../../secret"), "in": .symbolicLink("real"),
        "real": "y",
      ]))
    #expect(try context.file("Dockerfile") == nil)
    #expect(try context.file("up") == nil)
    #expect(try context.file("in")?.lastComponent?.string == "real")
  }

  @Test func takesADockerfileFromStandardInput() async throws {
    let context = try await open("-", input: Array("FROM scratch\n".utf8))
    #expect(context.dockerfile?.name == "<stdin>")
    #expect(context.dockerfile?.bytes == Array("FROM scratch\n".utf8))
    #expect(try names(context) == [])
  }

  @Test(
    "what is no context",
    arguments: [
      ([], "standard input is empty"), ([0x46, 0x00, 0x46], "standard input is neither an archive nor a Dockerfile"),
      ([0x1F, 0x8B, 0x08, 0x00, 0x00], "standard input is neither an archive nor a Dockerfile"),
    ] as [([UInt8], String)])
  func unusable(input: [UInt8], message: String) async throws {
    let diagnostic = try await failure("-", input: input)
    #expect(diagnostic.code == "context-not-usable")
    #expect(diagnostic.message == message)
  }

  @Test("arguments that name nothing", arguments: ["", "none", "./x.git", "ftp://h/x", "git@host"])
  func missing(text: String) async throws {
    #expect(try await failure(text).code == "context-not-found")
  }

  @Test func tellsFilesThatAreNoArchives() async throws {
    try scratch.write(["Dockerfile": "FROM scratch\n"])
    let diagnostic = try await failure(scratch("Dockerfile").string)
    #expect(diagnostic.code == "context-not-usable")
    #expect(diagnostic.help.first?.contains("--file") == true)
  }

  @Test func unpacksAnArchiveOfThisMachine() async throws {
    _ = try await archive(["x": "y"])
    #expect(try names(try await open(scratch("a.tar").string)) == ["x"])
  }

  @Test func tellsRepositoriesFromFiles() throws {
    for text in ["github.com/owner/repository", "https://h/x.git#v1", "git@h:x"] {
      let reference = try #require(try GitReference.parse(text))
      #expect(try ContextArgument(text) == .git(reference))
    }
    #expect(try ContextArgument("https://h/x.tar") == .web("https://h/x.tar"))
    #expect(try ContextArgument("-") == .standardInput)
  }

  @Test func fetchesArchivesAndDockerfiles() async throws {
    let tar = try await archive(["a": "1"])
    try await WebServer.serving({ request in
      switch request.path {
      case "/tar": .init(200, body: tar)
      case "/text": .text("FROM scratch\n")
      default: .init(404)
      }
    }) { _, port in
      let archive = try await open("http://u:secret@127.0.0.1:\(port)/tar")
      #expect(try names(archive) == ["a"])
      try Files.removeTree(archive.folder)
      let text = try await open("http://u:secret@127.0.0.1:\(port)/text")
      #expect(try names(text) == [])
      #expect(text.dockerfile?.name == "http://127.0.0.1:\(port)/text")
      let diagnostic = try await failure("http://127.0.0.1:\(port)/none")
      #expect(diagnostic.code == "download-missing")
    }
  }

  @Test func checksOutRepositories() async throws {
    let host = try GitHost(in: scratch("host"))
    let work = try await host.create("app")
    try scratch.write(["Dockerfile": "FROM scratch\n", "docs/d": "d"], in: "host/work-app")
    let commit = try await host.commit(work)
    try await WebServer.serving({ try await host.answer($0) }) { _, port in
      let url = "http://127.0.0.1:\(port)/app.git"
      let context = try await open(url)
      #expect(try names(context) == ["Dockerfile", "docs"])
      #expect(context.commit == commit)
      #expect(!context.isLocal)
      #expect(try context.file("Dockerfile") != nil)
      let folder = try await open("\(url)#main:docs")
      #expect(try names(folder) == ["d"])
      let kept = try await open(url) { $0.keepsGitFolder = true }
      #expect(try names(kept) == [".git", "Dockerfile", "docs"])
      let dated = try await open(url) { $0.takesTimeOfCommit = true }
      let status = try FileStatus(of: dated.folder.appending("Dockerfile"))
      #expect(status.modificationTime == Timestamp(seconds: 1_700_000_000))
      let wrong = try await failure("\(url)?brunch=x")
      #expect(wrong.code == "invalid-git-reference")
    }
  }
}
