import Diagnostics
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// What mounts leave in a layer: nothing.
struct MountTargetTests {
  private let bench: MountBench

  init() async throws {
    bench = try await MountBench()
    try bench.scratch.write(["file": "from the context\n"], in: "context")
  }

  /// Targets of a cache mount, commands that see it, on a tree with some folders and links, and what is in the layer.
  private static let cases: [(target: String, command: String, lines: [String])] = [
    // What is missing goes again, with all that was made on the way.
    ("/new", "true", []), ("/new/deep/er", "ls -A /new/deep/er", []), ("/data/new/deep", "true", []),
    ("/data/sub", "true", []), ("/tmp/x", "true", []), ("/usr/share/new", "true", []),
    // By way of links.
    ("/var/run/lock/x", "[ -d /run/lock/x ]", []), ("/link/new", "[ -d /data/sub/new ]", []),
    ("/data/up/new", "[ -d /new ]", []), ("/dangling/x", "[ -d /nowhere/x ]", []),
    ("/data/../other/./new", "[ -d /other/new ]", []),
    // On what is not in the layer at all.
    ("/dev/new", "true", []), ("/dev/shm/x", "true", []),
    // What the command does beside it stays.
    ("/new/deep", "echo x >/new/mine", ["new: folder 755 0:0", "new/mine: file 644 0:0"]),
    ("/data/new", "echo x >/data/mine", ["data: folder 755 0:0", "data/mine: file 644 0:0"]),
    ("/data/new", "chmod 700 /data", ["data: folder 700 0:0"]),
    ("/data/sub", "rm /data/kept", ["data: folder 755 0:0", "data/kept: whiteout"]),
    ("/data/sub/new", "touch -d 2001-02-03 /data", ["data: folder 755 0:0"]),
    ("/new", "mkdir /new/inside; echo x >/new/inside/f", []),
    (
      "/made/by/mount", "mv /data/kept /made/by/",
      [
        "data: folder 755 0:0", "data/kept: whiteout", "made: folder 755 0:0", "made/by: folder 755 0:0",
        "made/by/kept: file 600 3:4",
      ]
    ),
  ]

  @Test func layersShowNoTrace() async throws {
    let tree = tree()
    for (target, command, lines) in Self.cases {
      let outcome = try await bench.build(bench.run(command, [MountBench.cache("x", at: target)], on: tree))
      #expect(try bench.layer(of: outcome) == lines, "\(command) with \(target)")
    }
  }

  private func tree() -> VertexID {
    bench.run(
      "mkdir -p /data/sub /other /var /run && echo kept >/data/kept && chmod 600 /data/kept && chown 3:4 /data/kept "
        + "&& { [ -e /var/run ] || ln -s /run /var/run; } && ln -s data/sub /link && ln -s ../.. /data/up "
        + "&& ln -s nowhere /dangling")
  }

  @Test func filesShowNoTrace() async throws {
    for target in ["/data/kept", "/data/new", "/etc/passwd", "/link/file", "/new/file"] {
      let mount = MountBench.bind(bench.contextVertex(), "/file", at: target)
      let outcome = try await bench.build(bench.run("cat \(target)", [mount], on: tree()))
      #expect(outcome.log == "from the context\n", "\(target)")
      #expect(try bench.layer(of: outcome) == [], "\(target)")
    }
    let after = try await bench.build(bench.run("cat /data/kept; ls /data; [ ! -e /new ]", on: tree()))
    #expect(after.log == "kept\nkept\nsub\nup\n")
  }

  @Test(arguments: ["/w/here", "/w/folder/here", "."]) func theWorkingFolderMayHoldMounts(_ target: String)
    async throws
  {
    let place = target == "." ? "/w/folder" : target
    let outcome = try await bench.build(
      bench.run("pwd; ls", [MountBench.bind(bench.contextVertex(), at: place)]) { $0.workingDirectory = "/w/folder" })
    // The working folder is the instruction's, so it stays.
    #expect(try bench.layer(of: outcome) == ["w: folder 755 0:0", "w/folder: folder 755 0:0"])
  }

  @Test func mountsLieInMounts() async throws {
    let context = bench.contextVertex()
    let mounts = [
      MountBench.bind(context, at: "/m", isReadOnly: false), MountBench.cache("x", at: "/m/cache"),
      MountBench.tmpfs(at: "/m/cache/memory", size: 1 << 20),
      MountBench.bind(context, "/file", at: "/m/cache/memory/file"),
      MountBench.secret("none", at: "/m/secret"),
    ]
    let script = "cd /m; find . | sort; df -k cache/memory | tail -1 | tr -s ' ' | cut -d ' ' -f 2"
    let outcome = try await bench.build(bench.run(script, mounts))
    #expect(outcome.log == ".\n./cache\n./cache/memory\n./cache/memory/file\n./file\n1024\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test func theTimesOfFoldersAreKept() async throws {
    let tree = bench.run("mkdir -p /data/sub && touch -d @1000000000 /data/sub && touch -d @1000000001 /data")
    let mounts = [MountBench.cache("x", at: "/data/sub/new"), MountBench.cache("y", at: "/data/other/new")]
    let script = "stat -c %Y /data /data/sub; echo x >/data/sub/f && touch -d @1000000002 /data/sub"
    let changed = bench.run(script, mounts, on: tree)
    let outcome = try await bench.build(changed)
    #expect(outcome.log == "1000000001\n1000000000\n")
    let lines = ["data: folder 755 0:0", "data/sub: folder 755 0:0", "data/sub/f: file 644 0:0"]
    #expect(try bench.layer(of: outcome) == lines)
    let after = try await bench.build(bench.run("stat -c %Y /data /data/sub", on: changed))
    #expect(after.log == "1000000001\n1000000002\n")
  }

  /// The root is empty: all that the command sees is mounted.
  @Test func hostsAndResolvConfShowNoTrace() async throws {
    let mounts = [MountBench.bind(bench.base, at: "/base")]
    let script = "cd /base/bin; ./grep -c localhost /etc/hosts; echo x >>/etc/hosts; echo y >>/etc/resolv.conf; ./ls /"
    let nothing = MountBench.bind(nil, at: "/unused")
    let outcome = try await bench.build(
      bench.run(script, mounts + [nothing]) {
        $0.root = nil
        $0.arguments = ["/base/bin/busybox", "sh", "-c", script]
      })
    #expect(outcome.log == "2\nbase\ndev\netc\nproc\nsys\nunused\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test func aFailedCommandLeavesNothing() async throws {
    let mounts = [
      MountBench.cache("x", at: "/c"), MountBench.bind(bench.contextVertex(), at: "/m", isReadOnly: false),
      MountBench.tmpfs(at: "/t"),
    ]
    _ = try await bench.failure(bench.run("touch /m/x; exit 3", mounts))
    #expect(try await bench.stored("work") == [])
    #expect(try await bench.stored("locks") == [])
    let table = try Files.read("/proc/self/mounts")
    #expect(!String(decoding: table, as: UTF8.self).contains(bench.store.root.string))
  }
}
