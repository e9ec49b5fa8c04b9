import Archive
import BuildPlanning
import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import OCI
import RemoteSources
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// ADD of URLs and repositories, and contexts that come from elsewhere, as whole builds.
@Suite struct RemoteBuildTests {
  private var bench: BuildBench
  private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

  init() throws {
    bench = try BuildBench()
    bench.remotes = RemoteFetcher(
      root: bench.scratch("remote"), client: HTTPClient(transport: .live(), userAgent: "slipway/test"),
      environment: .current)
  }

  /// The last layer of an image, as `path mode uid:gid seconds`.
  private func layer(of outcome: BuildBench.Outcome) throws -> [String] {
    let layer = try #require(outcome.image.layers.last)
    return try LayerIndex(contentsOf: bench.store.indexPath(of: layer.diffID)).items.map { item in
      let entry = item.entry
      return "\(entry.path.text) \(String(entry.mode, radix: 8)) \(entry.uid):\(entry.gid)"
        + (entry.isFile ? " \(entry.modificationTime.seconds)" : "")
    }
  }

  @Test func addsAFile() async throws {
    try await WebServer.serving({ _ in .text("hello", ["Last-Modified": Self.date]) }) { _, port in
      let outcome = try await bench.build("FROM scratch\nADD http://127.0.0.1:\(port)/a/tool.sh?x=1 /bin/\n")
      #expect(try layer(of: outcome) == ["bin 755 0:0", "bin/tool.sh 600 0:0 784111777"])
      let text = try await bench.text("/bin/tool.sh", in: outcome.image)
      #expect(text == "hello")
    }
  }

  @Test(
    "flags of ADD",
    arguments: [
      ("ADD URL /x", ["x 600 0:0 0"]), ("ADD --chmod=755 URL /x", ["x 755 0:0 0"]),
      ("ADD --chown=7:8 URL /x", ["x 600 7:8 0"]), ("ADD --link URL /d/", ["d 755 0:0", "d/file 600 0:0 0"]),
      ("ADD --exclude=* URL /d/x", ["d 755 0:0", "d/x 600 0:0 0"]),
    ])
  func flags(instruction: String, expected: [String]) async throws {
    try await WebServer.serving({ _ in .text("x") }) { _, port in
      let url = "http://127.0.0.1:\(port)/file"
      let outcome = try await bench.build("FROM scratch\n\(instruction.replacing("URL", with: url))\n")
      #expect(try layer(of: outcome) == expected)
    }
  }

  @Test(
    "archives", arguments: [("", ["t.tar"]), ("--unpack=true", ["a", "sub", "sub/b"]), ("--unpack=false", ["t.tar"])])
  func archives(flag: String, expected: [String]) async throws {
    try bench.scratch.write(["a": "1", "sub/b": "2"], in: "archive")
    try await Tool.run(
      "tar", ["-czf", bench.scratch("t.tar.gz").string, "-C", bench.scratch("archive").string, "a", "sub"])
    let bytes = try Files.read(bench.scratch("t.tar.gz"))
    try await WebServer.serving({ _ in .init(200, body: bytes) }) { _, port in
      let outcome = try await bench.build("FROM scratch\nADD \(flag) http://127.0.0.1:\(port)/t.tar /\n")
      let layer = try #require(outcome.image.layers.last)
      let paths = try LayerIndex(contentsOf: bench.store.indexPath(of: layer.diffID)).items.map(\.entry.path.text)
      #expect(paths == expected)
    }
  }

  @Test func goesByContentAndNotByURL() async throws {
    let content = Mutex("one")
    let date = Mutex(Self.date)
    try await WebServer.serving({ _ in .text(content.withLock { $0 }, ["Last-Modified": date.withLock { $0 }]) }) {
      _, port in
      let first = try await bench.build("FROM scratch\nADD http://127.0.0.1:\(port)/a/f /f\n")
      date.withLock { $0 = "Mon, 07 Nov 1994 08:49:37 GMT" }
      let second = try await bench.build("FROM scratch\nADD http://127.0.0.1:\(port)/b/f /f\n")
      #expect(second.cached == ["ADD http://127.0.0.1:\(port)/b/f /f"])
      #expect(second.image.layers.map(\.diffID) == first.image.layers.map(\.diffID))
      content.withLock { $0 = "two" }
      let third = try await bench.build("FROM scratch\nADD http://127.0.0.1:\(port)/a/f /f\n")
      #expect(third.ran.contains("ADD http://127.0.0.1:\(port)/a/f /f"))
      let text = try await bench.text("/f", in: third.image)
      #expect(text == "two")
    }
  }

  @Test func tellsThatAFileIsHereAlready() async throws {
    try await WebServer.serving({ request in
      request.headers["if-none-match"] == nil ? .text("x", ["ETag": "\"1\""]) : .init(304)
    }) { _, port in
      let dockerfile = "FROM scratch\nADD http://127.0.0.1:\(port)/f /f\n"
      let fetch = "ADD http://127.0.0.1:\(port)/f /f (fetch)"
      let first = try await bench.build(dockerfile)
      #expect(first.ran.contains(fetch))
      let second = try await bench.build(dockerfile)
      #expect(second.cached.contains(fetch))
      #expect(second.ran.isEmpty)
    }
  }

  @Test(
    "what fails points at the instruction",
    arguments: [
      ("ADD http://127.0.0.1:PORT/missing /x", DiagnosticCode("download-missing")),
      ("ADD --checksum=sha256:\(String(repeating: "0", count: 64)) http://127.0.0.1:PORT/x /x", "checksum-mismatch"),
      ("ADD http://127.0.0.1:PORT/none.git /x", "git-missing-repository"),
    ] as [(String, DiagnosticCode)])
  func failures(instruction: String, code: DiagnosticCode) async throws {
    try await WebServer.serving({ $0.path == "/x" ? .text("x") : .init(404) }) { _, port in
      let line = instruction.replacing("PORT", with: "\(port)")
      let error = try await #require(throws: BuilderError.self) { try await bench.build("FROM scratch\n\(line)\n") }
      let diagnostic = try #require(error.diagnostics.first)
      #expect(diagnostic.code == code)
      let annotation = try #require(diagnostic.annotation)
      #expect(annotation.file.text(in: annotation.range).hasPrefix("ADD "))
    }
  }

  @Test func addsARepository() async throws {
    let host = try GitHost(in: bench.scratch("host"))
    let work = try await host.create("app")
    try bench.scratch.write(
      ["a.txt": "one", "run.sh": .file("x", mode: 0o755), "docs/d": "d", "link": .symbolicLink("a.txt")],
      in: "host/work-app")
    let commit = try await host.commit(work)
    try await WebServer.serving({ try await host.answer($0) }) { _, port in
      let url = "http://127.0.0.1:\(port)/app.git"
      let all = try await bench.build("FROM scratch\nADD \(url)?mtime=commit /src\n")
      #expect(
        try layer(of: all) == [
          "src 755 0:0", "src/a.txt 644 0:0 1700000000", "src/docs 755 0:0", "src/docs/d 644 0:0 1700000000",
          "src/link 777 0:0", "src/run.sh 755 0:0 1700000000",
        ])
      #expect(all.log.contains(commit))
      let folder = try await bench.build("FROM scratch\nADD --checksum=\(commit) \(url)#main:docs /src/\n")
      let paths = try layer(of: folder).map { $0.prefix { $0 != " " } }
      #expect(paths == ["src", "src/d"])
      let again = try await bench.build("FROM scratch\nADD --checksum=\(commit) \(url)#main:docs /src/\n")
      #expect(again.ran.isEmpty)
      let kept = try await bench.build("FROM scratch\nADD --keep-git-dir=true \(url) /src/\n")
      #expect(try layer(of: kept).contains { $0.hasPrefix("src/.git/HEAD ") })
    }
  }

  @Test func copiesFromNamedContexts() async throws {
    var bench = bench
    let host = try GitHost(in: bench.scratch("host"))
    let work = try await host.create("app")
    try bench.scratch.write([
      "host/work-app/a": "repository", "docs/b": "folder", "docs/hidden": "x", "tree/c": "archive",
    ])
    try await host.commit(work)
    let tar = bench.scratch("t.tar")
    try await Tool.run("tar", ["-cf", tar.string, "-C", bench.scratch("tree").string, "c"])
    let bytes = try Files.read(tar)
    try await WebServer.serving({ request in
      request.path == "/t.tar" ? .init(200, body: bytes) : try await host.answer(request)
    }) { _, port in
      let url = "http://127.0.0.1:\(port)"
      let folder = "docs"
      bench.contexts = [
        folder: .folder, "web": .http(HTTPSource(url: "\(url)/t.tar", fileName: "context")),
        "repo": .git(try #require(try GitReference.parse("\(url)/app.git"))),
      ]
      bench.folders = [
        folder: LocalContext(bench.scratch("docs"), ignore: try DockerIgnore(patterns: ["hidden"]))
      ]
      let outcome = try await bench.build(
        """
        FROM base
        COPY --from=docs / /all/
        COPY --from=repo a /all/
        COPY --from=web / /all/
        RUN --mount=type=bind,from=repo,target=/r --mount=type=bind,from=web,target=/w cat /r/a /w/c
        """)
      let all = try await bench.tree(of: outcome.image)
      let names = try all.names(in: .clamped("/all")).map { String(decoding: $0, as: UTF8.self) }
      #expect(names == ["a", "b", "c"])
      #expect(outcome.log.contains("repositoryarchive"))
    }
  }

  @Test func givesFilesOfAnArchiveTheOwnersThatItNames() async throws {
    var bench = bench
    try bench.scratch.write(["context/a": "1", "context/b": "2"])
    let path = try #require(TreePath("a"))
    bench.archived = [
      path: TreeEntry(path: path, kind: .file(size: 99), mode: 0o4711, modificationTime: Timestamp(seconds: 77))
        .owned(by: 5, 6)
    ]
    let outcome = try await bench.build("FROM scratch\nCOPY a b /\n")
    let layer = try layer(of: outcome)
    #expect(layer.first == "a 4711 5:6 77")
    #expect(layer.last?.hasPrefix("b 644 0:0 ") == true)
  }

  @Test func needsSomethingToFetchWith() async throws {
    var bench = bench
    bench.remotes = nil
    let error = await #expect(throws: BuilderError.self) { try await bench.build("FROM scratch\nADD http://h/x /x\n") }
    #expect(error?.diagnostics.first?.code == "no-network")
  }
}
