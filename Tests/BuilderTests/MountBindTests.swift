import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// Bind mounts of stages, of the context and of nothing.
struct MountBindTests {
  private let bench: MountBench

  init() async throws {
    bench = try await MountBench()
    try bench.scratch.write(
      ["a": "one\n", "sub/b": "two\n", "sub/deep/c": "three\n", "run.sh": .file("#!/bin/sh\necho ran\n", mode: 0o755)],
      in: "context")
  }

  /// Files in three layers, the upper ones of which change the lower ones.
  private func stage() -> VertexID {
    let first = bench.run(
      "mkdir -p /src/sub /src/gone && echo one >/src/a && echo two >/src/sub/b && touch /src/gone/x")
    let second = bench.run(
      "echo 1 >/src/a && rm -r /src/gone && ln -s sub /src/link && ln -s /src/a /abs && chown 7:8 /src/sub/b",
      on: first)
    return bench.run("chmod 700 /src/sub && mkdir /empty", on: second)
  }

  @Test func stagesShowTheirMergedFiles() async throws {
    let stage = stage()
    let outcome = try await bench.build(
      bench.run(
        "find /m | sort; cat /m/a /m/link/b; stat -c '%a %u %g' /m/sub /m/sub/b",
        [MountBench.bind(stage, "/src", at: "/m")]))
    #expect(outcome.log == "/m\n/m/a\n/m/link\n/m/sub\n/m/sub/b\n1\ntwo\n700 0 0\n644 7 8\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test func pathsOfStagesAreFollowedInside() async throws {
    let stage = stage()
    for (source, path, kind) in [
      ("/", "/m/bin/sh", "file"), ("/src/a", "/m", "file"), ("/abs", "/m", "file"), ("/src/link/b", "/m", "file"),
      ("/src/link", "/m/b", "file"), ("/src/../src/./a", "/m", "file"), ("/empty", "/m", "directory"),
    ] {
      let outcome = try await bench.build(
        bench.run("stat -L -c %F \(path) # \(source)", [MountBench.bind(stage, source, at: "/m")]))
      #expect(outcome.log.contains(kind), "\(source)")
      #expect(try bench.layer(of: outcome) == [], "\(source)")
    }
  }

  @Test(arguments: ["/src", "/src/a"]) func readOnlyMountsCannotBeWritten(_ source: String) async throws {
    let stage = stage()
    let script = "for f in /m /m/new /m/a /c /c/new; do echo x >$f; done; touch /m; echo end"
    let context = bench.contextVertex()
    let outcome = try await bench.build(
      bench.run(script, [MountBench.bind(stage, source, at: "/m"), MountBench.bind(context, at: "/c")]))
    #expect(outcome.log.contains("touch: /m: Read-only file system"))
    #expect(outcome.log.contains("/c/new: Read-only file system"))
    #expect(outcome.log.contains("end\n"))
    #expect(try Files.names(in: bench.context).map(\.string) == ["a", "run.sh", "sub"])
  }

  @Test func whatIsWrittenToAMountIsLost() async throws {
    let stage = stage()
    let context = bench.contextVertex()
    let mounts = [
      MountBench.bind(stage, "/src", at: "/m", isReadOnly: false),
      MountBench.bind(context, at: "/c", isReadOnly: false),
      MountBench.bind(context, "/a", at: "/file", isReadOnly: false),
      MountBench.bind(nil, at: "/e", isReadOnly: false),
    ]
    let script =
      "for d in m c e; do echo new >/$d/a; mkdir /$d/made; done; echo new >/file; rm -rf /m/sub /c/sub; "
      + "cat /?/a /file; ls /m /c"
    let outcome = try await bench.build(bench.run(script, mounts))
    #expect(outcome.log == "new\nnew\nnew\nnew\n/c:\na\nmade\nrun.sh\n\n/m:\na\nlink\nmade\n")
    #expect(try bench.layer(of: outcome) == [])
    let after = try await bench.build(bench.run("cat /m/a /c/a /m/sub/b /c/sub/b; ls /e", mounts))
    #expect(after.log == "1\none\ntwo\ntwo\n")
    #expect(try Files.read(bench.context.appending("a")) == Array("one\n".utf8))
  }

  @Test func theContextIsAsDockerignoreShowsIt() async throws {
    let context = bench.contextVertex()
    let id = bench.run(
      "find /m | sort; stat -c '%a %u %g %Y' /m/a; /m/run.sh", [MountBench.bind(context, at: "/m")])
    try await Tool.run("touch", ["-d", "@1000000000", bench.context.appending("a").string])
    try await Tool.run("chown", ["12:34", bench.context.appending("a").string])
    let outcome = try await bench.build(id, ignore: try DockerIgnore(patterns: ["sub/*", "!sub/deep"]))
    #expect(outcome.log == "/m\n/m/a\n/m/run.sh\n/m/sub\n/m/sub/deep\n/m/sub/deep/c\n644 0 0 1000000000\nran\n")
  }

  @Test func theContextIsCopiedOnceAndOnlyWhatIsAskedFor() async throws {
    let context = bench.contextVertex()
    let mount = MountBench.bind(context, "/sub", at: "/m")
    _ = try await bench.build(bench.run("true", [mount]))
    let files = try await bench.stored("contexts").filter { !$0.hasSuffix(".lock") }
    #expect(files.filter { $0.hasSuffix("/b") || $0.hasSuffix("/c") || $0.hasSuffix("/a") }.count == 2)
    _ = try await bench.build(bench.run("echo another", [mount]))
    #expect(try await bench.stored("contexts").filter { !$0.hasSuffix(".lock") } == files)
    // What nobody uses any more goes when there is something newer.
    try bench.scratch.write(["sub/b": "changed\n"], in: "context")
    let outcome = try await bench.build(bench.run("cat /m/b", [mount]))
    #expect(outcome.log == "changed\n")
    #expect(try await bench.stored("contexts").filter { $0.hasSuffix("/b") }.count == 1)
    #expect(try await bench.stored("work") == [])
  }

  @Test(arguments: [true, false]) func nothingIsAnEmptyFolder(_ isReadOnly: Bool) async throws {
    let outcome = try await bench.build(
      bench.run("ls -A /m; touch /m/x && echo written; true", [MountBench.bind(nil, at: "/m", isReadOnly: isReadOnly)]))
    #expect(outcome.log.contains("written") == !isReadOnly)
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test(arguments: [("/sup", "did you mean /sub?"), ("/sub/nothing-like-it", "")])
  func aMissingSourceIsToldAtTheMount(_ path: String, _ help: String) async throws {
    let stage = bench.run("mkdir /sub")
    for source in [bench.contextVertex(), stage] {
      let failure = try await bench.failure(bench.run("true", [MountBench.bind(source, path, at: "/m")]))
      let name = source == stage ? "the stage that it is mounted from" : "the build context"
      #expect(failure.code == "mount-source-missing")
      #expect(failure.message == "\(path) is not in \(name)")
      #expect(failure.annotation == MountBench.place)
      #expect(help.isEmpty || failure.help.contains(help))
    }
    let failure = try await bench.failure(bench.run("true", [MountBench.bind(nil, "/x", at: "/m")]))
    #expect(failure.message == "/x is not in the empty image")
  }

  @Test func aFolderOnAFileIsToldAtTheMount() async throws {
    let failure = try await bench.failure(bench.run("true", [MountBench.bind(nil, at: "/etc/passwd")]))
    #expect(failure.code == "sandbox-set-up")
    #expect(failure.annotation == MountBench.place)
    #expect(failure.help.contains { $0.contains("a folder can be mounted on a folder only") })
  }

  @Test func aMountInAReadOnlyMountNeedsItsTarget() async throws {
    let context = bench.contextVertex()
    let inner = [MountBench.bind(context, at: "/m"), MountBench.tmpfs(at: "/m/sub")]
    #expect(try await bench.build(bench.run("ls -A /m/sub; echo end", inner)).log == "end\n")
    let missing = [MountBench.bind(context, at: "/m"), MountBench.tmpfs(at: "/m/new")]
    let failure = try await bench.failure(bench.run("true", missing))
    #expect(failure.help.first?.contains("read-only") == true)
    let writable = [MountBench.bind(context, at: "/m", isReadOnly: false), MountBench.tmpfs(at: "/m/new")]
    #expect(try await bench.build(bench.run("ls /m", writable)).log == "a\nnew\nrun.sh\nsub\n")
    #expect(try FileStatus.ifExists(bench.context.appending("new")) == nil)
  }
}
