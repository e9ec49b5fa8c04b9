import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteSources

/// With real repositories that git's own server serves.
@Suite struct RemoteCheckoutTests {
  private let scratch: Scratch
  private let host: GitHost

  init() throws {
    scratch = try Scratch("checkout")
    host = try GitHost(in: scratch("host"))
  }

  private func fetcher(
    _ secrets: [String: String] = [:], _ environment: Environment = .current, store: String = "store"
  ) -> RemoteFetcher {
    RemoteFetcher(
      root: scratch(store), client: HTTPClient(transport: .live(), userAgent: "slipway/test"),
      environment: environment, secrets: RemoteSecrets { secrets[$0].map { Array($0.utf8) } })
  }

  private func reference(_ port: Int, _ rest: String) throws -> GitReference {
    try #require(try GitReference.parse("http://127.0.0.1:\(port)/\(rest)"))
  }

  /// All files below a folder, with what they say.
  private func files(in folder: FilePath) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in try Files.names(in: folder) {
      let path = folder.appending(name)
      switch try FileStatus(of: path).kind {
      case .directory:
        for (inner, text) in try files(in: path) { found["\(name.string)/\(inner)"] = text }
      case .symbolicLink: found[name.string] = "-> \(try Files.symbolicLinkTarget(path))"
      default: found[name.string] = String(decoding: try Files.read(path), as: UTF8.self)
      }
    }
    return found
  }

  private func expect(_ port: Int, _ text: String, _ commit: String) async throws {
    let checkout = try await fetcher().checkout(try reference(port, text))
    #expect(checkout.commit == commit)
  }

  private func serving<Result>(_ body: (WebServer, Int) async throws -> Result) async throws -> Result {
    let host = host
    return try await WebServer.serving({ try await host.answer($0) }, body)
  }

  private func failure(
    _ reference: GitReference, _ fetcher: RemoteFetcher? = nil
  ) async throws -> Diagnostic {
    let error = try await #require(throws: RemoteSourceError.self) {
      try await (fetcher ?? self.fetcher()).checkout(reference)
    }
    let diagnostic = try #require(error.diagnostics.first)
    #expect(!diagnostic.help.isEmpty)
    return diagnostic
  }

  /// A repository `app` with two commits, a branch, a light and an annotated tag.
  private func makeApp() async throws -> (first: String, second: String, feature: String) {
    let work = try await host.create("app")
    try scratch.write(["a.txt": "one", "sub/run.sh": .file("#!/bin/sh\n", mode: 0o755)], in: "host/work-app")
    let first = try await host.commit(work)
    try await host.git(["tag", "light"], in: work)
    try await host.git(["tag", "-a", "-m", "A tag", "marked"], in: work)
    try scratch.write(["a.txt": "two", "link": .symbolicLink("a.txt")], in: "host/work-app")
    let second = try await host.commit(work)
    try await host.git(["checkout", "--quiet", "-b", "feature/x", "light"], in: work)
    try scratch.write(["a.txt": "three"], in: "host/work-app")
    let feature = try await host.commit(work)
    return (first, second, feature)
  }

  @Test func checksOutTheDefaultBranch() async throws {
    let commits = try await makeApp()
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(checkout.commit == commits.second)
      #expect(!checkout.isReused)
      #expect(try files(in: checkout.folder) == ["a.txt": "two", "link": "-> a.txt", "sub/run.sh": "#!/bin/sh\n"])
      #expect(try FileStatus(of: checkout.folder).mode == 0o755)
      #expect(try FileStatus(of: checkout.folder.appending("a.txt")).mode == 0o644)
      #expect(try FileStatus(of: checkout.folder.appending("sub")).mode == 0o755)
      #expect(try FileStatus(of: checkout.folder.pushing("sub/run.sh")).mode == 0o755)
    }
  }

  /// One repository for all, since making one takes longer than looking.
  @Test func knowsWhatAReferenceCanStandFor() async throws {
    let commits = try await makeApp()
    let cases = [
      ("#light", "one"), ("#marked", "one"), ("?tag=marked", "one"), ("#main", "two"), ("#refs/heads/main", "two"),
      ("?branch=feature/x", "three"), ("#feature/x", "three"), ("#heads/feature/x", "three"), ("#tags/light", "one"),
    ]
    try await serving { _, port in
      for (options, content) in cases {
        let expected = ["one": commits.first, "two": commits.second, "three": commits.feature][content]
        let checkout = try await fetcher().checkout(try reference(port, "app.git\(options)"))
        #expect(checkout.commit == expected, "\(options)")
        #expect(try files(in: checkout.folder)["a.txt"] == content)
      }
    }
  }

  @Test func fetchesNothingTwice() async throws {
    let commits = try await makeApp()
    try await serving { server, port in
      let first = try await fetcher().checkout(try reference(port, "app.git#main"))
      let packs = server.requests.filter { $0.method == "POST" }.count
      let second = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(second.isReused)
      #expect(second.folder == first.folder)
      let asked = server.requests.count
      let byCommit = try await fetcher().checkout(try reference(port, "app.git#\(commits.second)"))
      #expect(byCommit == second)
      #expect(server.requests.count == asked, "a commit needs no question")
      // What ls-remote asks is a POST too; packs are what git-upload-pack is asked to fetch.
      let fetches = server.requests.dropFirst(packs).filter {
        String(decoding: $0.body, as: UTF8.self).contains("command=fetch")
      }
      #expect(fetches.allSatisfy { request in server.requests.prefix(packs + 2).contains { $0.body == request.body } })
    }
  }

  @Test func followsABranch() async throws {
    let work = try await host.create("app")
    try scratch.write(["a": "1"], in: "host/work-app")
    try await host.commit(work)
    try await serving { _, port in
      let first = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(try files(in: first.folder) == ["a": "1"])
      try scratch.write(["a": "2", "b": "3"], in: "host/work-app")
      let second = try await host.commit(work)
      let checkout = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(checkout.commit == second)
      #expect(try files(in: checkout.folder) == ["a": "2", "b": "3"])
      // A branch that was begun anew, under a name that was a folder of branches.
      try await host.git(["checkout", "--quiet", "--orphan", "new"], in: work)
      try await host.git(["branch", "--quiet", "-M", "new", "main"], in: work)
      let third = try await host.commit(work, message: "Anew")
      try await expect(port, "app.git", third)
    }
  }

  @Test("commits by themselves", arguments: [false, true])
  func commitsByThemselves(isAdvertised: Bool) async throws {
    let commits = try await makeApp()
    let commit = isAdvertised ? commits.second : commits.first
    if !isAdvertised {
      try await host.git(["push", "--quiet", "origin", ":light", ":marked"], in: host.folder.appending("work-app"))
    }
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "app.git#\(commit)"))
      #expect(checkout.commit == commit)
      #expect(try files(in: checkout.folder)["a.txt"] == (isAdvertised ? "two" : "one"))
    }
  }

  @Test func fetchesAllWhereTheServerGivesOnlyRefs() async throws {
    let commits = try await makeApp()
    let work = host.folder.appending("work-app")
    try await host.git(["push", "--quiet", "origin", ":light", ":marked"], in: work)
    // The first version of the protocol serves only what it advertises.
    let host = host
    try await WebServer.serving({ request in
      var request = request
      request.headers["git-protocol"] = nil
      return try await host.answer(request)
    }) { _, port in
      // Shallow first, so that the rest has to be made up for.
      try await expect(port, "app.git", commits.second)
      try await expect(port, "app.git#\(commits.first)", commits.first)
    }
  }

  @Test func takesACommitWhateverTheBranchStandsFor() async throws {
    let commits = try await makeApp()
    try await serving { _, port in
      let checkout = try await fetcher().checkout(
        try reference(port, "app.git?branch=main&fetch-by-commit&checksum=\(commits.first)"))
      #expect(checkout.commit == commits.first)
    }
  }

  @Test(
    "checksums",
    arguments: ["app.git?checksum=COMMIT", "app.git?tag=marked&checksum=SHORT", "app.git?tag=light&commit=SHORT"])
  func checksums(text: String) async throws {
    let commits = try await makeApp()
    try await serving { _, port in
      let full = text.replacing("COMMIT", with: commits.first).replacing("SHORT", with: commits.first.prefix(7))
      try await expect(port, full, commits.first)
    }
  }

  @Test func takesTheTagForTheCommit() async throws {
    let commits = try await makeApp()
    let tag = try await host.git(["rev-parse", "marked"], in: host.folder.appending("work-app"))
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "app.git?tag=marked&checksum=\(tag.prefix(9))"))
      #expect(checkout.commit == commits.first)
    }
  }

  @Test func refusesAnotherCommitThanWasAskedFor() async throws {
    let commits = try await makeApp()
    try await serving { server, port in
      let diagnostic = try await failure(try reference(port, "app.git?branch=main&checksum=\(commits.first)"))
      #expect(diagnostic.code == "checksum-mismatch")
      #expect(
        diagnostic.notes.map(\.message) == [
          "expected \(commits.first)", "refs/heads/main stands for \(commits.second)",
        ])
      // The same from what is here already.
      _ = try await fetcher().checkout(try reference(port, "app.git"))
      let again = try await failure(try reference(port, "app.git?branch=main&checksum=\(commits.first)"))
      #expect(again.code == "checksum-mismatch")
    }
  }

  @Test func saysWhatIsNotThere() async throws {
    _ = try await makeApp()
    _ = try await host.create("empty")
    let cases: [(String, DiagnosticCode)] = [
      ("app.git#nothing", "git-missing-ref"), ("app.git#abcdef0", "git-missing-ref"),
      ("app.git#0123456789012345678901234567890123456789", "git-missing-commit"),
      ("none.git", "git-missing-repository"), ("app.git#:none", "git-missing-folder"),
      ("app.git#:a.txt", "git-missing-folder"), ("app.git#:../..", "git-missing-folder"),
      ("empty.git", "git-missing-ref"),
    ]
    try await serving { _, port in
      for (text, code) in cases {
        let diagnostic = try await failure(try reference(port, text))
        #expect(diagnostic.code == code, "\(text)")
      }
    }
  }

  @Test func staysInsideOfTheRepository() async throws {
    let work = try await host.create("app")
    try scratch.write(
      ["out": .symbolicLink("/etc"), "up": .symbolicLink("../../.."), "in": .symbolicLink("real"), "real/f": "x"],
      in: "host/work-app")
    try await host.commit(work)
    try await serving { _, port in
      for folder in ["out", "up", "in/../../x"] {
        let diagnostic = try await failure(try reference(port, "app.git#:\(folder)"))
        #expect(diagnostic.code == "git-missing-folder")
      }
      let checkout = try await fetcher().checkout(try reference(port, "app.git#:in"))
      #expect(try files(in: checkout.folder) == ["f": "x"])
    }
  }

  @Test func keepsTheGitFolder() async throws {
    let commits = try await makeApp()
    try await serving { _, port in
      let tagged = try await fetcher().checkout(try reference(port, "app.git?tag=marked&keep-git-dir=true"))
      #expect(try await host.git(["rev-parse", "HEAD"], in: tagged.folder) == commits.first)
      #expect(try await host.git(["status", "--porcelain"], in: tagged.folder) == "")
      #expect(try await host.git(["describe", "--tags"], in: tagged.folder) == "marked")
      #expect(
        try await host.git(["remote", "get-url", "origin"], in: tagged.folder) == "http://127.0.0.1:\(port)/app.git")
      #expect(try await host.git(["rev-list", "--count", "HEAD"], in: tagged.folder) == "1")
      let branch = try await fetcher().checkout(try reference(port, "app.git?keep-git-dir=true"))
      #expect(try await host.git(["rev-parse", "refs/heads/main"], in: branch.folder) == commits.second)
      let plain = try await fetcher().checkout(try reference(port, "app.git?tag=marked"))
      #expect(try files(in: plain.folder).keys.allSatisfy { !$0.hasPrefix(".git") })
      #expect(plain.folder != tagged.folder)
      let folder = try await fetcher().checkout(try reference(port, "app.git?keep-git-dir=true&subdir=sub"))
      #expect(try files(in: folder.folder).keys.sorted() == ["run.sh"])
    }
  }

  @Test func givesFilesTheTimeOfTheCommit() async throws {
    _ = try await makeApp()
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "app.git?mtime=commit"))
      for name in ["", "a.txt", "link", "sub", "sub/run.sh"] {
        let path = name.isEmpty ? checkout.folder : checkout.folder.pushing(FilePath(name))
        #expect(try FileStatus(of: path).modificationTime == Timestamp(seconds: 1_700_000_000))
      }
      let other = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(try FileStatus(of: other.folder.appending("a.txt")).modificationTime > Timestamp(seconds: 1_700_000_000))
    }
  }

  @Test func fetchesSubmodules() async throws {
    let inner = try await host.create("inner")
    try scratch.write(["i": "inner"], in: "host/work-inner")
    try await host.commit(inner)
    let middle = try await host.create("middle")
    try scratch.write(
      ["m": "middle", ".gitmodules": "[submodule \"in\"]\npath = in\nurl = ../inner.git\n"], in: "host/work-middle")
    try await addSubmodule("in", of: inner, to: middle)
    let outer = try await host.create("outer")
    try scratch.write(
      ["o": "outer", ".gitmodules": "[submodule \"mid\"]\npath = mid\nurl = ../middle.git\n"], in: "host/work-outer")
    try await addSubmodule("mid", of: middle, to: outer)
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "outer.git"))
      var found = try files(in: checkout.folder)
      found[".gitmodules"] = nil
      found["mid/.gitmodules"] = nil
      #expect(found == ["o": "outer", "mid/m": "middle", "mid/in/i": "inner"])
      let without = try await fetcher().checkout(try reference(port, "outer.git?submodules=false"))
      #expect(try files(in: without.folder).keys.sorted() == [".gitmodules", "o"])
    }
  }

  private func addSubmodule(_ path: String, of source: FilePath, to work: FilePath) async throws {
    let commit = try await host.git(["rev-parse", "HEAD"], in: source)
    try await host.git(["add", "--all"], in: work)
    try await host.git(["update-index", "--add", "--cacheinfo", "160000,\(commit),\(path)"], in: work)
    try Files.createDirectories(work.appending(path))
    try await host.git(["commit", "--quiet", "-m", "Submodule"], in: work)
    try await host.push(work)
  }

  @Test(
    "submodules that reach into this machine",
    arguments: ["file://HOST/inner.git", "HOST/inner.git", "ext::sh -c true"])
  func refusesLocalSubmodules(address: String) async throws {
    let inner = try await host.create("inner")
    try await host.commit(inner)
    let outer = try await host.create("outer")
    let url = address.replacing("HOST", with: host.folder.string)
    try scratch.write([".gitmodules": "[submodule \"in\"]\npath = in\nurl = \(url)\n"], in: "host/work-outer")
    try await addSubmodule("in", of: inner, to: outer)
    try await serving { _, port in
      let diagnostic = try await failure(try reference(port, "outer.git"))
      #expect(diagnostic.code == "git-submodule-refused")
    }
  }

  /// Settings of the user that would change what comes out.
  @Test func ignoresTheUsersSettings() async throws {
    let work = try await host.create("app")
    try scratch.write(
      ["crlf.txt": "a\nb\n", ".gitattributes": "*.txt text=auto\nfiltered filter=evil\n", "filtered": "plain"],
      in: "host/work-app")
    try await host.commit(work)
    try scratch.write([
      "home/.gitconfig": """
      [core]
      autocrlf = true
      hooksPath = \(scratch("hooks"))
      [filter "evil"]
      smudge = sed s/plain/changed/
      [url "http://127.0.0.1:1/"]
      insteadOf = http://127.0.0.1

      """, "hooks/post-checkout": .file("#!/bin/sh\ntouch \(scratch("hooked"))\n", mode: 0o755),
    ])
    var environment = Environment.current
    environment.variables["HOME"] = scratch("home").string
    environment.variables["GIT_CONFIG_GLOBAL"] = scratch("home/.gitconfig").string
    environment.variables["GIT_DIR"] = scratch("elsewhere").string
    try await serving { _, port in
      let checkout = try await fetcher([:], environment).checkout(try reference(port, "app.git"))
      #expect(try files(in: checkout.folder)["crlf.txt"] == "a\nb\n")
      #expect(try files(in: checkout.folder)["filtered"] == "plain")
      #expect(try FileStatus.ifExists(scratch("hooked")) == nil)
    }
  }

  @Test(
    "secrets",
    arguments: [
      ["GIT_AUTH_TOKEN": "t0ken"], ["GIT_AUTH_HEADER": "Basic eC1hY2Nlc3MtdG9rZW46dDBrZW4="],
      ["GIT_AUTH_TOKEN.HOST": "t0ken", "GIT_AUTH_TOKEN": "other"], ["url": "x-access-token:t0ken@"],
    ])
  func authorizes(secrets: [String: String]) async throws {
    _ = try await makeApp()
    let host = host
    try await WebServer.serving({ request in
      request.headers["authorization"]?.lowercased() == "basic ec1hy2nlc3mtdg9rzw46ddbrzw4="
        ? try await host.answer(request) : .init(401, ["WWW-Authenticate": "Basic realm=\"x\""])
    }) { _, port in
      var named: [String: String] = [:]
      for (name, value) in secrets { named[name.replacing("HOST", with: "127.0.0.1:\(port)")] = value }
      let reference = try #require(
        try GitReference.parse("http://\(secrets["url"] ?? "")127.0.0.1:\(port)/app.git?keep-git-dir"))
      let checkout = try await fetcher(named).checkout(reference)
      #expect(try files(in: checkout.folder)["a.txt"] == "two")
      for (name, text) in try files(in: scratch("store")) {
        #expect(!text.contains("t0ken") && !text.contains("dDBrZW4"), "\(name) holds the secret")
      }
      let denied = try await failure(
        try #require(try GitReference.parse("http://u:hidden@127.0.0.1:\(port)/app.git")), fetcher(store: "other"))
      #expect(denied.code == "git-denied")
      #expect(!denied.message.contains("hidden") && !denied.notes.contains { $0.message.contains("hidden") })
    }
  }

  @Test func namesAServerThatIsNotThere() async throws {
    let port = try await WebServer.serving({ _ in .init(404) }) { _, port in port }
    let diagnostic = try await failure(try reference(port, "app.git"))
    #expect(diagnostic.code == "git-unreachable")
  }

  @Test func needsGit() async throws {
    try Files.createDirectories(scratch("bin"))
    let environment: Environment = ["PATH": scratch("bin").string]
    let diagnostic = try await failure(try reference(1, "app.git"), fetcher([:], environment))
    #expect(diagnostic.code == "git-missing")
  }

  @Test func givesUpAfterAWhile() async throws {
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    try await WebServer.serving({ _ in
      for await _ in ended { break }
      return .init(500)
    }) { _, port in
      var fetcher = fetcher()
      fetcher.gitTimeout = .milliseconds(300)
      let diagnostic = try await failure(try reference(port, "app.git"), fetcher)
      #expect(diagnostic.code == "git-timeout")
      end.finish()
    }
  }

  @Test func clearsUpAfterProcessesThatWereKilled() async throws {
    _ = try await makeApp()
    try await serving { _, port in
      let first = try await fetcher().checkout(try reference(port, "app.git"))
      let folder = first.folder.removingLastComponent().removingLastComponent()
      try scratch.write(["x": "y"], in: "leftover")
      let left = folder.pushing("checkouts/new-x")
      try Files.rename(scratch("leftover"), to: left)
      try Files.writeAtomically([], to: folder.pushing("repository/shallow.lock"))
      _ = try await fetcher().checkout(try reference(port, "app.git#light"))
      #expect(try FileStatus.ifExists(left) == nil)
    }
  }

  @Test func checksOutOnceForManyBuilds() async throws {
    _ = try await makeApp()
    try await serving { _, port in
      let wanted = try reference(port, "app.git")
      let checkouts = try await withThrowingTaskGroup(of: RemoteCheckout.self) { group in
        for _ in 0..<4 { group.addTask { try await fetcher().checkout(wanted) } }
        return try await group.reduce(into: [RemoteCheckout]()) { $0.append($1) }
      }
      #expect(Set(checkouts.map(\.folder)).count == 1)
      #expect(checkouts.filter { !$0.isReused }.count == 1)
    }
  }

  @Test func readsRepositoriesWithSHA256() async throws {
    let work = try await host.create("app", objectFormat: "sha256")
    try scratch.write(["a": "1"], in: "host/work-app")
    let commit = try await host.commit(work)
    try await serving { _, port in
      let checkout = try await fetcher().checkout(try reference(port, "app.git"))
      #expect(commit.count == 64)
      #expect(checkout.commit == commit)
      #expect(try files(in: checkout.folder) == ["a": "1"])
    }
  }
}
