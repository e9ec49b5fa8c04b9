import Diagnostics
import DockerfileSyntax
import HostOS
import Sandbox
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// Mounts where nothing can be mounted: there for the command, and without a trace afterwards.
@Suite(.timeLimit(.minutes(5))) struct MountChrootTests {
  private let bench: MountBench

  init() async throws {
    var bench = try await MountBench()
    bench.isolation = .chroot
    bench.secrets = ["token": .bytes(Array("s3cr3t-t0ken\n".utf8))]
    try bench.scratch.write(["a": "1", "sub/b": "2"], in: "context")
    self.bench = bench
  }

  @Test(arguments: ["/m", "/made/on/the/way", "/etc", "/var/link/in/it"])
  func bindsAreCopiesThatGoAgain(_ target: String) async throws {
    let base = bench.run("mkdir /real && ln -s ../real /var/link && echo own >/etc/own && stat -c %Y /etc /var >/times")
    let mount = MountBench.bind(bench.contextVertex(), at: target, isReadOnly: false)
    let script = "cat \(target)/sub/b; echo new >\(target)/a; rm -r \(target)/sub; test -e /etc/own || echo hidden"
    let outcome = try await bench.build(bench.run(script, [mount], on: base))
    #expect(outcome.log == (target == "/etc" ? "2hidden\n" : "2"))
    #expect(try bench.layer(of: outcome) == [])
    #expect(try Files.read(bench.context.appending("a")) == Array("1".utf8))
    let after = bench.run(
      "cat /etc/own; ls /m /made 2>/dev/null; stat -c %Y /etc /var | cmp - /times",
      on:
        bench.run(script, [mount], on: base))
    #expect(try await bench.build(after).log == "own\n")
    #expect(try await bench.stored("work") == [])
  }

  @Test func stagesAreBoundAsCopies() async throws {
    let stage = bench.run("mkdir -p -m 711 /src/d && echo one >/src/d/a && chown 7:8 /src/d/a && chmod 4755 /src/d/a")
    let mounts = [
      MountBench.bind(stage, "/src", at: "/m"), MountBench.bind(stage, "/src/d/a", at: "/file"),
      MountBench.bind(nil, at: "/empty"), MountBench.tmpfs(at: "/m/tmp"),
    ]
    let script = "stat -c '%a %u %g' /m/d /m/d/a /m/tmp; cat /file; ls /empty; echo x >/m/d/a; rm -rf /m/d; true"
    let vertex = bench.run(script, mounts)
    let outcome = try await bench.build(vertex)
    #expect(outcome.log == "711 0 0\n4755 7 8\n1777 0 0\none\n")
    #expect(try bench.layer(of: outcome) == [])
    // The stage is as it was.
    #expect(try await bench.build(bench.run("cat /m/d/a", [MountBench.bind(stage, "/src", at: "/m")])).log == "one\n")
  }

  @Test func whatACommandPutsBesideAMountStays() async throws {
    let mount = MountBench.bind(bench.contextVertex(), at: "/made/on/the/way")
    let outcome = try await bench.build(bench.run("echo >/made/on/mine", [mount]))
    #expect(
      try bench.layer(of: outcome) == ["made: folder 755 0:0", "made/on: folder 755 0:0", "made/on/mine: file 644 0:0"])
  }

  @Test func cachesComeBack() async throws {
    let mount = MountBench.cache("go", at: "/root/.cache/go")
    let first = try await bench.build(
      bench.run(
        "cd /root/.cache/go && echo kept >a && ln a b && mkdir -m 1700 d && chown 5:6 d && echo gone >c", [mount]))
    #expect(try bench.layer(of: first) == [])
    let elsewhere = MountBench.cache("go", at: "/other")
    let script = "cat /other/b; stat -c '%a %u %g' /other/d; stat -c %h /other/a; rm /other/c; ls -A /root; exit 5"
    _ = try await bench.failure(bench.run(script, [elsewhere]))
    // Also what a command that failed did.
    let readOnly = MountBench.cache("go", at: "/c") { $0.isReadOnly = true }
    let third = try await bench.build(bench.run("ls -A /c; stat -c '%a %u %g %h' /c/d /c/a; echo x >/c/a", [readOnly]))
    #expect(third.log == "a\nb\nd\n1700 5 6 2\n644 0 0 2\n")
    #expect(try await bench.build(bench.run("cat /c/a", [readOnly])).log == "kept\n")
    // A cache that was thrown away is as it was before.
    let thrown = try await bench.build(bench.run("rm -r /c; test ! -e /c", [MountBench.cache("go", at: "/c")]))
    #expect(try bench.layer(of: thrown) == [])
    #expect(try await bench.build(bench.run("cat /c/a # again", [readOnly])).log == "kept\n")
    #expect(try await bench.stored("work") == [])
  }

  @Test func commandsThatShareACacheLoseNothing() async throws {
    let mount = MountBench.cache("shared", at: "/c")
    let bench = bench
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<4 {
        let vertex = bench.run("echo \(number) >/c/\(number)", [mount])
        group.addTask { _ = try await bench.build(vertex) }
      }
      try await group.waitForAll()
    }
    #expect(try await bench.build(bench.run("cat /c/*", [mount])).log == "0\n1\n2\n3\n")
  }

  @Test(arguments: [
    "cat /t", "mv /t /stolen", "ln /t /stolen", "rm /t; echo other >/t", "mkdir /d && mv /t /d/t && rm -r /d",
    "cat /t; exit 3",
  ])
  func secretsGoWhateverTheCommandDoes(_ command: String) async throws {
    let secret = MountBench.secret("token", at: "/t") {
      $0.mode = 0o440
      $0.uid = 1000
    }
    let recorder = bench.run("stat -c '%a %u %g' /t; \(command)", [secret])
    if command.hasSuffix("exit 3") {
      _ = try await bench.failure(recorder)
    } else {
      let outcome = try await bench.build(recorder)
      #expect(outcome.log.hasPrefix("440 1000 0\n"))
      #expect(try bench.layer(of: outcome).filter { !$0.contains("/.wh") } == [])
      // The command after it, in the same folder or another one, sees nothing of it either.
      let after = try await bench.build(bench.run("ls -A / | grep -c -e '^t$' -e stolen; true", on: recorder))
      #expect(after.log.hasSuffix("0\n"))
    }
    let found = try await Tool.attempt("grep", ["-rl", "s3cr3t-t0ken", bench.store.root.string])
    #expect(found.outputText == "")
    #expect(try await bench.stored("work") == [])
  }

  @Test func aSecretMayBeAVariable() async throws {
    let secret = MountBench.secret("token", at: nil, variable: "TOKEN")
    #expect(try await bench.build(bench.run("echo ${#TOKEN}", [secret])).log == "13\n")
  }

  @Test func agentsAnswerInTheFolder() async throws {
    let bench = bench
    try await SSHAgent.run(in: bench.scratch) { agent in
      var bench = bench
      bench.agents["default"] = agent.socket
      let outcome = try await bench.build(
        bench.run("stat -c '%F %a' $SSH_AUTH_SOCK", [MountBench.ssh(isRequired: true) { $0.mode = 0o640 }]))
      #expect(outcome.log == "socket 640\n")
      #expect(try bench.layer(of: outcome) == [])
    }
  }

  @Test func aFolderDoesNotReplaceAFile() async throws {
    let failure = try await bench.failure(
      bench.run("true", [MountBench.bind(bench.contextVertex(), at: "/etc/passwd")]))
    #expect(failure.code == "sandbox-set-up")
    #expect(failure.help.first?.contains("a folder can be mounted on a folder only") == true)
    #expect(failure.annotation?.range == MountBench.place.range)
    #expect(try await bench.stored("work") == [])
  }
}
