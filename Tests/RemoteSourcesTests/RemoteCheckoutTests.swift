import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteSources

/// What references stand for, with real repositories that git's own server serves.
@Suite struct RemoteCheckoutTests {
  private let bench: CheckoutBench

  init() throws { bench = try CheckoutBench() }

  @Test func checksOutTheDefaultBranch() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(checkout.commit == commits.second)
      #expect(!checkout.isReused)
      #expect(
        try bench.files(in: checkout.folder) == ["a.txt": "two", "link": "-> a.txt", "sub/run.sh": "#!/bin/sh\n"])
      #expect(try FileStatus(of: checkout.folder).mode == 0o755)
      #expect(try FileStatus(of: checkout.folder.appending("a.txt")).mode == 0o644)
      #expect(try FileStatus(of: checkout.folder.appending("sub")).mode == 0o755)
      #expect(try FileStatus(of: checkout.folder.pushing("sub/run.sh")).mode == 0o755)
    }
  }

  /// One repository for all, since making one takes longer than looking.
  @Test func knowsWhatAReferenceCanStandFor() async throws {
    let commits = try await bench.makeApp()
    let cases = [
      ("#light", "one"), ("#marked", "one"), ("?tag=marked", "one"), ("#main", "two"), ("#refs/heads/main", "two"),
      ("?branch=feature/x", "three"), ("#feature/x", "three"), ("#heads/feature/x", "three"), ("#tags/light", "one"),
    ]
    try await bench.serving { _, port in
      for (options, content) in cases {
        let expected = ["one": commits.first, "two": commits.second, "three": commits.feature][content]
        let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git\(options)"))
        #expect(checkout.commit == expected, "\(options)")
        #expect(try bench.files(in: checkout.folder)["a.txt"] == content)
      }
    }
  }

  @Test func fetchesNothingTwice() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { server, port in
      let first = try await bench.fetcher().checkout(try bench.reference(port, "app.git#main"))
      let packs = server.requests.filter { $0.method == "POST" }.count
      let second = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(second.isReused)
      #expect(second.folder == first.folder)
      let asked = server.requests.count
      let byCommit = try await bench.fetcher().checkout(try bench.reference(port, "app.git#\(commits.second)"))
      #expect(byCommit == second)
      #expect(server.requests.count == asked, "a commit needs no question")
      // What ls-remote asks is a POST too; packs are what git-upload-pack is asked to fetch.
      let fetches = server.requests.dropFirst(packs).filter {
        String(decoding: $0.body, as: UTF8.self).contains("command=fetch")
      }
      #expect(
        fetches.allSatisfy { request in server.requests.prefix(packs + 2).contains { $0.body == request.body } })
    }
  }

  @Test func followsABranch() async throws {
    let work = try await bench.host.create("app")
    try bench.scratch.write(["a": "1"], in: "host/work-app")
    try await bench.host.commit(work)
    try await bench.serving { _, port in
      let first = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(try bench.files(in: first.folder) == ["a": "1"])
      try bench.scratch.write(["a": "2", "b": "3"], in: "host/work-app")
      let second = try await bench.host.commit(work)
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(checkout.commit == second)
      #expect(try bench.files(in: checkout.folder) == ["a": "2", "b": "3"])
      // A branch that was begun anew, under a name that was a folder of branches.
      try await bench.host.git(["checkout", "--quiet", "--orphan", "new"], in: work)
      try await bench.host.git(["branch", "--quiet", "-M", "new", "main"], in: work)
      let third = try await bench.host.commit(work, message: "Anew")
      try await bench.expect(port, "app.git", third)
    }
  }

  @Test("commits by themselves", arguments: [false, true])
  func commitsByThemselves(isAdvertised: Bool) async throws {
    let commits = try await bench.makeApp()
    let commit = isAdvertised ? commits.second : commits.first
    if !isAdvertised {
      try await bench.host.git(
        ["push", "--quiet", "origin", ":light", ":marked"], in: bench.host.folder.appending("work-app"))
    }
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git#\(commit)"))
      #expect(checkout.commit == commit)
      #expect(try bench.files(in: checkout.folder)["a.txt"] == (isAdvertised ? "two" : "one"))
    }
  }

  @Test func fetchesAllWhereTheServerGivesOnlyRefs() async throws {
    let commits = try await bench.makeApp()
    let work = bench.host.folder.appending("work-app")
    try await bench.host.git(["push", "--quiet", "origin", ":light", ":marked"], in: work)
    // The first version of the protocol serves only what it advertises.
    try await WebServer.serving({ request in
      var request = request
      request.headers["git-protocol"] = nil
      return try await bench.host.answer(request)
    }) { _, port in
      // Shallow first, so that the rest has to be made up for.
      try await bench.expect(port, "app.git", commits.second)
      try await bench.expect(port, "app.git#\(commits.first)", commits.first)
    }
  }

  @Test func takesACommitWhateverTheBranchStandsFor() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(
        try bench.reference(port, "app.git?branch=main&fetch-by-commit&checksum=\(commits.first)"))
      #expect(checkout.commit == commits.first)
    }
  }

  @Test(
    "checksums",
    arguments: ["app.git?checksum=COMMIT", "app.git?tag=marked&checksum=SHORT", "app.git?tag=light&commit=SHORT"])
  func checksums(text: String) async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { _, port in
      let full = text.replacing("COMMIT", with: commits.first).replacing("SHORT", with: commits.first.prefix(7))
      try await bench.expect(port, full, commits.first)
    }
  }

  @Test func asksNobodyForACommitThatIsHere() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { server, port in
      _ = try await bench.fetcher().checkout(try bench.reference(port, "app.git#\(commits.first)"))
      let asked = server.requests.count
      let pinned = try await bench.fetcher().checkout(
        try bench.reference(port, "app.git?branch=main&checksum=\(commits.first)"))
      #expect(pinned.isReused)
      #expect(pinned.commit == commits.first)
      #expect(server.requests.count == asked)
    }
  }

  @Test func takesTheTagForTheCommit() async throws {
    let commits = try await bench.makeApp()
    let tag = try await bench.host.git(["rev-parse", "marked"], in: bench.host.folder.appending("work-app"))
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(
        try bench.reference(port, "app.git?tag=marked&checksum=\(tag.prefix(9))"))
      #expect(checkout.commit == commits.first)
    }
  }

  @Test func refusesAnotherCommitThanWasAskedFor() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { server, port in
      let diagnostic = try await bench.failure(
        try bench.reference(port, "app.git?branch=main&checksum=\(commits.first)"))
      #expect(diagnostic.code == "checksum-mismatch")
      #expect(
        diagnostic.notes.map(\.message) == [
          "expected \(commits.first)", "refs/heads/main stands for \(commits.second)",
        ])
      // The same from what is here already.
      _ = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      let again = try await bench.failure(try bench.reference(port, "app.git?branch=main&checksum=\(commits.first)"))
      #expect(again.code == "checksum-mismatch")
    }
  }

  @Test func saysWhatIsNotThere() async throws {
    _ = try await bench.makeApp()
    _ = try await bench.host.create("empty")
    let cases: [(String, DiagnosticCode)] = [
      ("app.git#nothing", "git-missing-ref"), ("app.git#abcdef0", "git-missing-ref"),
      ("app.git#0123456789012345678901234567890123456789", "git-missing-commit"),
      ("none.git", "git-missing-repository"), ("app.git#:none", "git-missing-folder"),
      ("app.git#:a.txt", "git-missing-folder"), ("app.git?checksum=0123456", "checksum-mismatch"),
      ("empty.git", "git-missing-ref"),
    ]
    try await bench.serving { _, port in
      for (text, code) in cases {
        let diagnostic = try await bench.failure(try bench.reference(port, text))
        #expect(diagnostic.code == code, "\(text)")
      }
    }
  }

  @Test func keepsTheGitFolder() async throws {
    let commits = try await bench.makeApp()
    try await bench.serving { _, port in
      let tagged = try await bench.fetcher().checkout(try bench.reference(port, "app.git?tag=marked&keep-git-dir=true"))
      #expect(try await bench.host.git(["rev-parse", "HEAD"], in: tagged.folder) == commits.first)
      #expect(try await bench.host.git(["status", "--porcelain"], in: tagged.folder) == "")
      #expect(try await bench.host.git(["describe", "--tags"], in: tagged.folder) == "marked")
      #expect(
        try await bench.host.git(["remote", "get-url", "origin"], in: tagged.folder)
          == "http://127.0.0.1:\(port)/app.git")
      #expect(try await bench.host.git(["rev-list", "--count", "HEAD"], in: tagged.folder) == "1")
      let branch = try await bench.fetcher().checkout(try bench.reference(port, "app.git?keep-git-dir=true"))
      #expect(try await bench.host.git(["rev-parse", "refs/heads/main"], in: branch.folder) == commits.second)
      let plain = try await bench.fetcher().checkout(try bench.reference(port, "app.git?tag=marked"))
      #expect(try bench.files(in: plain.folder).keys.allSatisfy { !$0.hasPrefix(".git") })
      #expect(plain.folder != tagged.folder)
      let folder = try await bench.fetcher().checkout(try bench.reference(port, "app.git?keep-git-dir=true&subdir=sub"))
      #expect(try bench.files(in: folder.folder).keys.sorted() == ["run.sh"])
    }
  }

  @Test func givesFilesTheTimeOfTheCommit() async throws {
    _ = try await bench.makeApp()
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git?mtime=commit"))
      for name in ["", "a.txt", "link", "sub", "sub/run.sh"] {
        let path = name.isEmpty ? checkout.folder : checkout.folder.pushing(FilePath(name))
        #expect(try FileStatus(of: path).modificationTime == Timestamp(seconds: 1_700_000_000))
      }
      let other = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(
        try FileStatus(of: other.folder.appending("a.txt")).modificationTime > Timestamp(seconds: 1_700_000_000))
    }
  }

  @Test func fetchesSubmodules() async throws {
    let inner = try await bench.host.create("inner")
    try bench.scratch.write(["i": "inner"], in: "host/work-inner")
    try await bench.host.commit(inner)
    let middle = try await bench.host.create("middle")
    try bench.scratch.write(
      ["m": "middle", ".gitmodules": "[submodule \"in\"]\npath = in\nurl = ../inner.git\n"], in: "host/work-middle")
    try await bench.addSubmodule("in", of: inner, to: middle)
    let outer = try await bench.host.create("outer")
    try bench.scratch.write(
      ["o": "outer", ".gitmodules": "[submodule \"mid\"]\npath = mid\nurl = ../middle.git\n"], in: "host/work-outer")
    try await bench.addSubmodule("mid", of: middle, to: outer)
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "outer.git"))
      var found = try bench.files(in: checkout.folder)
      found[".gitmodules"] = nil
      found["mid/.gitmodules"] = nil
      #expect(found == ["o": "outer", "mid/m": "middle", "mid/in/i": "inner"])
      let without = try await bench.fetcher().checkout(try bench.reference(port, "outer.git?submodules=false"))
      #expect(try bench.files(in: without.folder).keys.sorted() == [".gitmodules", "o"])
    }
  }

  @Test func readsRepositoriesWithSHA256() async throws {
    let work = try await bench.host.create("app", objectFormat: "sha256")
    try bench.scratch.write(["a": "1"], in: "host/work-app")
    let commit = try await bench.host.commit(work)
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      #expect(commit.count == 64)
      #expect(checkout.commit == commit)
      #expect(try bench.files(in: checkout.folder) == ["a": "1"])
    }
  }
}
