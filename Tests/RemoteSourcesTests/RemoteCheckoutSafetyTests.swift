import Diagnostics
import DockerfileSyntax
import HTTP
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import RemoteSources

/// What repositories, servers and settings must not be able to do.
@Suite struct RemoteCheckoutSafetyTests {
  private let bench: CheckoutBench

  init() throws { bench = try CheckoutBench() }

  @Test func staysInsideOfTheRepository() async throws {
    let work = try await bench.host.create("app")
    try bench.scratch.write(
      ["out": .symbolicLink("/etc"), "up": .symbolicLink("../../.."), "in": .symbolicLink("real"), "real/f": "x"],
      in: "host/work-app")
    try await bench.host.commit(work)
    try await bench.serving { _, port in
      for folder in ["out", "up", "in/../../x"] {
        let diagnostic = try await bench.failure(try bench.reference(port, "app.git#:\(folder)"))
        #expect(diagnostic.code == "git-missing-folder")
      }
      for folder in ["in", "/real/", "../real", "real/../in/."] {
        let checkout = try await bench.fetcher().checkout(try bench.reference(port, "app.git#:\(folder)"))
        #expect(try bench.files(in: checkout.folder) == ["f": "x"], "\(folder)")
      }
    }
  }

  @Test(
    "submodules that reach into this machine",
    arguments: ["file://HOST/inner.git", "HOST/inner.git", "ext::sh -c true"])
  func refusesLocalSubmodules(address: String) async throws {
    let inner = try await bench.host.create("inner")
    try await bench.host.commit(inner)
    let outer = try await bench.host.create("outer")
    let url = address.replacing("HOST", with: bench.host.folder.string)
    try bench.scratch.write([".gitmodules": "[submodule \"in\"]\npath = in\nurl = \(url)\n"], in: "host/work-outer")
    try await bench.addSubmodule("in", of: inner, to: outer)
    try await bench.serving { _, port in
      let diagnostic = try await bench.failure(try bench.reference(port, "outer.git"))
      #expect(diagnostic.code == "git-submodule-refused")
    }
  }

  /// Settings of the user that would change what comes out.
  @Test func ignoresTheUsersSettings() async throws {
    let work = try await bench.host.create("app")
    try bench.scratch.write(
      ["crlf.txt": "a\nb\n", ".gitattributes": "*.txt text=auto\nfiltered filter=evil\n", "filtered": "plain"],
      in: "host/work-app")
    try await bench.host.commit(work)
    try bench.scratch.write([
      "home/.gitconfig": """
      [core]
      autocrlf = true
      hooksPath = \(bench.scratch("hooks"))
      [filter "evil"]
      smudge = sed s/plain/changed/
      [url "http://127.0.0.1:1/"]
      insteadOf = http://127.0.0.1

      """, "hooks/post-checkout": .file("#!/bin/sh\ntouch \(bench.scratch("hooked"))\n", mode: 0o755),
    ])
    var environment = Environment.current
    environment.variables["HOME"] = bench.scratch("home").string
    environment.variables["GIT_CONFIG_GLOBAL"] = bench.scratch("home/.gitconfig").string
    environment.variables["GIT_DIR"] = bench.scratch("elsewhere").string
    try await bench.serving { _, port in
      let checkout = try await bench.fetcher([:], environment).checkout(try bench.reference(port, "app.git"))
      #expect(try bench.files(in: checkout.folder)["crlf.txt"] == "a\nb\n")
      #expect(try bench.files(in: checkout.folder)["filtered"] == "plain")
      #expect(try FileStatus.ifExists(bench.scratch("hooked")) == nil)
    }
  }

  @Test(
    "secrets",
    arguments: [
      ["GIT_AUTH_TOKEN": "t0ken"], ["GIT_AUTH_HEADER": "Basic eC1hY2Nlc3MtdG9rZW46dDBrZW4="],
      ["GIT_AUTH_TOKEN.HOST": "t0ken", "GIT_AUTH_TOKEN": "other"], ["url": "x-access-token:t0ken@"],
    ])
  func authorizes(secrets: [String: String]) async throws {
    _ = try await bench.makeApp()
    try await WebServer.serving({ request in
      request.headers["authorization"]?.lowercased() == "basic ec1hy2nlc3mtdg9rzw46ddbrzw4="
        ? try await bench.host.answer(request) : .init(401, ["WWW-Authenticate": "Basic realm=\"x\""])
    }) { _, port in
      var named: [String: String] = [:]
      for (name, value) in secrets { named[name.replacing("HOST", with: "127.0.0.1:\(port)")] = value }
      let reference = try #require(
        try GitReference.parse("http://\(secrets["url"] ?? "")127.0.0.1:\(port)/app.git?keep-git-dir"))
      let checkout = try await bench.fetcher(named).checkout(reference)
      #expect(try bench.files(in: checkout.folder)["a.txt"] == "two")
      for (name, text) in try bench.files(in: bench.scratch("store")) {
        #expect(!text.contains("t0ken") && !text.contains("dDBrZW4"), "\(name) holds the secret")
      }
      let denied = try await bench.failure(
        try #require(try GitReference.parse("http://u:hidden@127.0.0.1:\(port)/app.git")), bench.fetcher(store: "other")
      )
      #expect(denied.code == "git-denied")
      #expect(!denied.message.contains("hidden") && !denied.notes.contains { $0.message.contains("hidden") })
    }
  }

  @Test func namesAServerThatIsNotThere() async throws {
    let port = try await WebServer.serving({ _ in .init(404) }) { _, port in port }
    let diagnostic = try await bench.failure(try bench.reference(port, "app.git"))
    #expect(diagnostic.code == "git-unreachable")
  }

  @Test func needsGit() async throws {
    try Files.createDirectories(bench.scratch("bin"))
    let environment: Environment = ["PATH": bench.scratch("bin").string]
    let diagnostic = try await bench.failure(try bench.reference(1, "app.git"), bench.fetcher([:], environment))
    #expect(diagnostic.code == "git-missing")
  }

  @Test func needsSSHForItsAddresses() async throws {
    let git = try Tool.find("git")
    try bench.scratch.write(["bin/git": .symbolicLink(git.string)])
    let environment: Environment = ["PATH": bench.scratch("bin").string]
    let reference = try #require(try GitReference.parse("git@h:app.git"))
    let diagnostic = try await bench.failure(reference, bench.fetcher([:], environment))
    #expect(diagnostic.code == "ssh-missing")
  }

  @Test func givesUpAfterAWhile() async throws {
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    try await WebServer.serving({ _ in
      for await _ in ended { break }
      return .init(500)
    }) { _, port in
      var fetcher = bench.fetcher()
      fetcher.gitTimeout = .milliseconds(300)
      let diagnostic = try await bench.failure(try bench.reference(port, "app.git"), fetcher)
      #expect(diagnostic.code == "git-timeout")
      end.finish()
    }
  }

  @Test func endsWhenItIsCancelled() async throws {
    let (asked, tell) = AsyncStream.makeStream(of: Void.self)
    let (ended, end) = AsyncStream.makeStream(of: Void.self)
    try await WebServer.serving({ _ in
      tell.yield()
      for await _ in ended { break }
      return .init(500)
    }) { _, port in
      let reference = try bench.reference(port, "app.git")
      let task = Task { try await bench.fetcher().checkout(reference) }
      for await _ in asked { break }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      end.finish()
    }
  }

  @Test func clearsUpAfterProcessesThatWereKilled() async throws {
    _ = try await bench.makeApp()
    try await bench.serving { _, port in
      let first = try await bench.fetcher().checkout(try bench.reference(port, "app.git"))
      let folder = first.folder.removingLastComponent().removingLastComponent()
      try bench.scratch.write(["x": "y"], in: "leftover")
      let left = folder.pushing("checkouts/new-x")
      try Files.rename(bench.scratch("leftover"), to: left)
      try Files.writeAtomically([], to: folder.pushing("repository/shallow.lock"))
      _ = try await bench.fetcher().checkout(try bench.reference(port, "app.git#light"))
      #expect(try FileStatus.ifExists(left) == nil)
    }
  }

  @Test func checksOutOnceForManyBuilds() async throws {
    _ = try await bench.makeApp()
    try await bench.serving { _, port in
      let wanted = try bench.reference(port, "app.git")
      let checkouts = try await withThrowingTaskGroup(of: RemoteCheckout.self) { group in
        for _ in 0..<4 { group.addTask { try await bench.fetcher().checkout(wanted) } }
        return try await group.reduce(into: [RemoteCheckout]()) { $0.append($1) }
      }
      #expect(Set(checkouts.map(\.folder)).count == 1)
      #expect(checkouts.filter { !$0.isReused }.count == 1)
    }
  }

  /// Git's own side of ssh, with a program in the place of ssh that runs the other end here.
  @Test func speaksThroughSecureShell() async throws {
    let commits = try await bench.makeApp()
    let script = """
      #!/bin/sh
      printf '%s\\n' "agent $SSH_AUTH_SOCK" "$@" >>\(bench.scratch("calls"))
      for last; do :; done
      cd \(bench.host.folder) && PATH=\(Environment.current["PATH"] ?? "") exec sh -c "$last"
      """
    try bench.scratch.write(["bin/ssh": .file(script + "\n", mode: 0o755)])
    var environment = Environment.current
    environment.variables["PATH"] = "\(bench.scratch("bin")):\(environment["PATH"] ?? "")"
    environment.variables["SSH_AUTH_SOCK"] = "/run/agent"
    let reference = try #require(try GitReference.parse("git@example.com:app.git#main"))
    let checkout = try await bench.fetcher([:], environment).checkout(reference)
    #expect(checkout.commit == commits.second)
    let calls = String(decoding: try Files.read(bench.scratch("calls")), as: UTF8.self).split(separator: "\n")
    #expect(calls.contains("agent /run/agent"))
    #expect(calls.contains("git@example.com"))
    #expect(calls.contains("BatchMode=yes"))
    #expect(calls.contains("StrictHostKeyChecking=accept-new"))
    let hosts = bench.scratch("store").pushing("git/known_hosts")
    #expect(calls.contains("UserKnownHostsFile=\"\(hosts)\" ~/.ssh/known_hosts"))
  }

  @Test(
    "what ssh says",
    arguments: [
      ("git@h: Permission denied (publickey).", DiagnosticCode("git-denied")),
      ("Host key verification failed.", "git-host-key"), ("ssh: Could not resolve hostname h", "git-unreachable"),
    ])
  func explainsSecureShell(text: String, code: DiagnosticCode) async throws {
    try bench.scratch.write(["bin/ssh": .file("#!/bin/sh\necho '\(text)' >&2\nexit 255\n", mode: 0o755)])
    var environment = Environment.current
    environment.variables["PATH"] = "\(bench.scratch("bin")):\(environment["PATH"] ?? "")"
    let reference = try #require(try GitReference.parse("ssh://git@h/app.git"))
    let diagnostic = try await bench.failure(reference, bench.fetcher([:], environment))
    #expect(diagnostic.code == code)
  }
}
