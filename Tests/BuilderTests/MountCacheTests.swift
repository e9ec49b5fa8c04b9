import Diagnostics
import DockerfileSyntax
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// Cache mounts: what stays, who shares it, who waits.
@Suite(.timeLimit(.minutes(5))) struct MountCacheTests {
  private let bench: MountBench

  init() async throws { bench = try await MountBench() }

  @Test func whatIsWrittenStaysAndIsInNoLayer() async throws {
    let mount = MountBench.cache("go", at: "/root/.cache/go")
    let first = try await bench.build(
      bench.run("echo kept >/root/.cache/go/a && mkdir /root/.cache/go/d && chown 5:6 /root/.cache/go/d", [mount]))
    #expect(try bench.layer(of: first) == [])
    let elsewhere = MountBench.cache("go", at: "/other")
    let second = try await bench.build(
      bench.run("cat /other/a; stat -c '%u %g' /other/d; ls -A /root", [elsewhere]))
    #expect(second.log == "kept\n5 6\n")
    #expect(try bench.layer(of: second) == [])
    let others = try await bench.build(bench.run("ls -A /c", [MountBench.cache("rust", at: "/c")]))
    #expect(others.log == "")
    #expect(try await bench.stored("work") == [])
  }

  @Test func aNewFolderHasTheModeAndOwnerThatWereAskedFor() async throws {
    let usual = MountBench.cache("x", at: "/c")
    let owned = MountBench.cache("x", at: "/c") {
      $0.mode = 0o2770
      $0.uid = 1000
      $0.gid = 50
    }
    let script = "stat -c '%a %u %g' /c; touch /c/seen; ls /c"
    #expect(try await bench.build(bench.run(script, [usual])).log == "755 0 0\nseen\n")
    // BuildKit has another folder for another owner, too.
    let changing = script + "; chmod 700 /c; rm /c/seen"
    #expect(try await bench.build(bench.run(changing, [owned])).log == "2770 1000 50\nseen\n")
    #expect(try await bench.build(bench.run("\(script) # again", [owned])).log == "700 1000 50\nseen\n")
  }

  @Test func aReadOnlyCacheIsNotWritten() async throws {
    var mount = MountBench.cache("x", at: "/c")
    _ = try await bench.build(bench.run("echo old >/c/a", [mount]))
    mount = MountBench.cache("x", at: "/c") { $0.isReadOnly = true }
    let outcome = try await bench.build(bench.run("cat /c/a; echo new >/c/a; touch /c/b; true", [mount]))
    #expect(outcome.log.hasPrefix("old\n"))
    #expect(outcome.log.contains("Read-only file system"))
    #expect(try await bench.build(bench.run("cat /c/*", [mount])).log == "old\n")
  }

  @Test(arguments: [true, false]) func theFirstContentComesFromASource(_ unpacked: Bool) async throws {
    let stage = bench.run(
      "mkdir -p -m 711 /src/d && echo one >/src/d/a && chown 7:8 /src/d/a && ln -s a /src/d/link "
        + "&& chmod 4755 /src/d/a")
    _ = try await bench.build(stage)
    if !unpacked { try Files.removeTree(bench.store.root.appending("snapshots")) }
    let mount = MountBench.cache("x", at: "/c", source: stage, path: "/src/d")
    let script = "stat -c '%n %a %u %g' /c /c/*; cat /c/link; echo two >/c/a"
    let first = try await bench.build(bench.run(script, [mount]))
    #expect(first.log == "/c 711 0 0\n/c/a 4755 7 8\n/c/link 777 0 0\none\n")
    #expect(try await bench.build(bench.run("cat /c/a", [mount])).log == "two\n")
    let file = MountBench.cache("x", at: "/c", source: stage, path: "/src/d/a")
    #expect(try await bench.failure(bench.run("true", [file])).code == "cache-source-is-file")
  }

  @Test func theFirstContentMayBeOfTheContext() async throws {
    try bench.scratch.write(["seed/a": "one\n"], in: "context")
    let mount = MountBench.cache("x", at: "/c", source: bench.contextVertex(), path: "/seed")
    #expect(try await bench.build(bench.run("cat /c/a; rm /c/a", [mount])).log == "one\n")
    #expect(try await bench.build(bench.run("ls -A /c", [mount])).log == "")
    #expect(try Files.names(in: bench.context.appending("seed")).count == 1)
  }

  @Test func twoMountsOfOneCacheInACommandAreTheSame() async throws {
    let mounts = [MountBench.cache("x", at: "/a", sharing: .locked), MountBench.cache("x", at: "/b", sharing: .locked)]
    #expect(try await bench.build(bench.run("echo hello >/a/f; cat /b/f", mounts)).log == "hello\n")
  }

  // MARK: Side by side

  /// Each reads what the other one writes, so they end only if both have the folder at once.
  @Test func commandsShareACache() async throws {
    let mount = MountBench.cache("x", at: "/c")
    let bench = bench
    _ = try await bench.build(bench.run("mkfifo /c/a /c/b", [mount]))
    try await withThrowingTaskGroup(of: String.self) { group in
      for (mine, other) in [("a", "b"), ("b", "a")] {
        let id = bench.run("echo met >/c/\(mine) & cat /c/\(other); wait", [mount])
        group.addTask { try await bench.build(id).log }
      }
      for try await log in group { #expect(log == "met\n") }
    }
  }

  /// While one command holds a folder, until it hears by way of another cache.
  private static func whileHeld(
    _ bench: MountBench, _ sharing: CacheSharing, _ body: (MountBench) async throws -> Void
  ) async throws {
    var holder = bench
    let signals = MountBench.cache("signals", at: "/s")
    let id = holder.run(
      "mkfifo /s/end; echo first >/c/a; echo holding; cat /s/end; ls /c",
      [signals, MountBench.cache("x", at: "/c", sharing: sharing)])
    let (holding, started) = AsyncStream<Void>.makeStream()
    holder.onLog = { log in if log.contains("holding") { started.finish() } }
    let task = Task { [holder] in try await holder.build(id) }
    for await _ in holding {}
    try await body(bench)
    _ = try await bench.build(bench.run("echo go on >/s/end", [signals]))
    #expect(try await task.value.log == "holding\ngo on\na\n")
  }

  @Test func aPrivateCacheIsAnotherOneWhileInUse() async throws {
    try await Self.whileHeld(bench, .private) { bench in
      for sharing in [CacheSharing.private, .shared] {
        let mount = MountBench.cache("x", at: "/c", sharing: sharing)
        let outcome = try await bench.build(bench.run("ls -A /c", [mount]))
        #expect(outcome.log == "")
      }
    }
    let mount = MountBench.cache("x", at: "/c", sharing: .private)
    #expect(try await bench.build(bench.run("cat /c/a", [mount])).log == "first\n")
  }

  @Test func aLockedCacheIsWaitedForUntilTheTaskIsCancelled() async throws {
    try await Self.whileHeld(bench, .locked) { bench in
      var bench = bench
      let id = bench.run("echo never", [MountBench.cache("x", at: "/c", sharing: .locked)])
      let (waiting, waits) = AsyncStream<Void>.makeStream()
      bench.onLog = { log in if log.contains("waiting for another command that uses the cache x") { waits.finish() } }
      let task = Task { [bench] in try await bench.build(id) }
      for await _ in waiting {}
      task.cancel()
      let result = await task.result
      #expect(throws: (any Error).self) { try result.get() }
    }
  }

  @Test func lockedCachesAreUsedByOneAtATime() async throws {
    let bench = bench
    let caches = ["x", "y", "z"].map { MountBench.cache($0, at: "/\($0)", sharing: .locked) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      // In any order: nobody must wait for somebody who waits for them.
      for (index, mounts) in [caches, caches.reversed(), [caches[1], caches[0]], [caches[2], caches[1]]].enumerated() {
        let script =
          "for n in $(seq 50); do for d in /x /y /z; do [ ! -d $d ] || mkdir $d/busy || exit 9; done; "
          + "rmdir /?/busy; done; echo \(index)"
        let id = bench.run(script, mounts)
        group.addTask { _ = try await bench.build(id) }
      }
      try await group.waitForAll()
    }
  }
}
