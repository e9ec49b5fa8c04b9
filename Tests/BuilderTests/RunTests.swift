import Diagnostics
import HostOS
import OCI
import Sandbox
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// What RUN leaves in its layer, and how commands end. As root; the suite of `Sandbox` runs as plain users too.
struct RunTests {
  private let bench: BuildBench

  init() throws {
    bench = try BuildBench()
    try bench.scratch.write(["d/one": "1", "d/sub/two": "2"], in: "context")
  }

  @Test(arguments: [
    ("true", []),
    ("mkdir /gone && rmdir /gone", []),
    ("cat /etc/resolv.conf /etc/hosts", []),
    ("echo x >/etc/hosts; echo y >/etc/resolv.conf; ls /proc/self /sys /dev/null /dev/shm", []),
    ("touch /dev/shm/x; mkdir /dev/pts/x; true", []),
    ("chmod 700 /x/sub", ["x: folder 755 0:0", "x/sub: folder 700 0:0"]),
    ("chown app:nogroup /x/one", ["x: folder 755 0:0", "x/one: file 644 1000:65534"]),
    ("touch -d 2001-02-03 /x/one", ["x: folder 755 0:0", "x/one: file 644 0:0"]),
    ("chmod u+s,g-r /x/one", ["x: folder 755 0:0", "x/one: file 4604 0:0"]),
    ("rm /x/one", ["x: folder 755 0:0", "x/one: whiteout"]),
    ("rm -r /x/sub", ["x: folder 755 0:0", "x/sub: whiteout"]),
    ("rm -r /x", ["x: whiteout"]),
    ("echo 3 >/x/sub/three", ["x: folder 755 0:0", "x/sub: folder 755 0:0", "x/sub/three: file 644 0:0"]),
    ("rm -r /x/sub && mkdir /x/sub", ["x: folder 755 0:0", "x/sub: folder 755 0:0", "x/sub: opaque"]),
    (
      "rm -r /x/sub && mkdir /x/sub && echo 3 >/x/sub/three",
      ["x: folder 755 0:0", "x/sub: folder 755 0:0", "x/sub: opaque", "x/sub/three: file 644 0:0"]
    ),
    ("rm -r /x/sub && echo f >/x/sub", ["x: folder 755 0:0", "x/sub: file 644 0:0"]),
    ("rm /x/one && mkdir /x/one", ["x: folder 755 0:0", "x/one: folder 755 0:0"]),
    ("rm /x/one && ln -s sub /x/one", ["x: folder 755 0:0", "x/one: link sub"]),
    ("ln /x/one /x/hard", ["x: folder 755 0:0", "x/hard: file 644 0:0", "x/one: hard link /x/hard"]),
  ])
  func layerHoldsWhatTheCommandChanged(_ command: String, _ lines: [String]) async throws {
    let outcome = try await bench.build("FROM base\nCOPY d /x\nRUN \(command)\n")
    let written = try bench.layer(-1, of: outcome.image)
    #expect(written == lines)
  }

  @Test func laterStepsSeeWhatTheLayersSay() async throws {
    let outcome = try await bench.build(
      """
      FROM base
      COPY d /x
      RUN rm -r /x/sub && mkdir /x/sub && echo new >/x/sub/new
      RUN rm /x/one && mkdir -p /x/one/in && rm -r /x/sub && echo file >/x/sub
      RUN find /x | sort >/seen
      RUN rm -r /x
      COPY d/sub /x
      RUN find /x | sort >>/seen
      """)
    #expect(try await bench.text("seen", in: outcome.image) == "/x\n/x/one\n/x/one/in\n/x/sub\n/x\n/x/two\n")
    // The same, from the index of layers.
    let tree = try await bench.tree(of: outcome.image)
    #expect(try tree.names(in: .clamped("x")) == [Array("two".utf8)])
  }

  @Test func unpackedLayersAreAsGoodAsTheFoldersThatMadeThem() async throws {
    let above = "RUN rm -r /x/sub && mkdir /x/sub && echo new >/x/sub/new && ln /x/one /x/hard\n"
    let first = try await bench.build("FROM base\nCOPY d /x\n\(above)RUN find /x -type f | sort >/seen\n")
    // Without snapshots, layers are unpacked from their blobs.
    try Files.removeTree(bench.store.root.appending("snapshots"))
    let second = try await bench.build(
      "FROM base\nCOPY d /x\n\(above)RUN find /x -type f | sort >/seen && cat /x/hard >>/seen\n")
    let seen = "/x/hard\n/x/one\n/x/sub/new\n"
    #expect(try await bench.text("seen", in: first.image) == seen)
    #expect(try await bench.text("seen", in: second.image) == seen + "1")
  }

  @Test(arguments: [
    ("", "uid=0(root) gid=0(root) groups=0(root),50(extra)", "/root"),
    ("root", "uid=0(root) gid=0(root) groups=0(root),50(extra)", "/root"),
    ("app", "uid=1000(app) gid=1000(app) groups=50(extra),1000(app)", "/home/app"),
    ("app:", "uid=1000(app) gid=1000(app) groups=50(extra),1000(app)", "/home/app"),
    ("1000", "uid=1000(app) gid=1000(app) groups=50(extra),1000(app)", "/home/app"),
    ("1000:1000", "uid=1000(app) gid=1000(app) groups=1000(app)", "/home/app"),
    ("4242", "uid=4242 gid=0(root) groups=0(root)", "/"), ("4242:77", "uid=4242 gid=77 groups=77", "/"),
    ("app:nogroup", "uid=1000(app) gid=65534(nogroup) groups=65534(nogroup)", "/home/app"),
  ])
  func usersAreThoseOfTheImage(_ user: String, _ id: String, _ home: String) async throws {
    let outcome = try await bench.build(
      """
      FROM base
      RUN echo 'extra:x:50:app,root' >>/etc/group && mkdir -m 777 /out
      \(user.isEmpty ? "" : "USER \(user)")
      RUN id >/out/id; echo "$HOME" >/out/home
      """)
    #expect(try await bench.text("out/id", in: outcome.image) == "\(id)\n")
    #expect(try await bench.text("out/home", in: outcome.image) == "\(home)\n")
  }

  @Test(arguments: ["nobody-there", "app:nothing-there"])
  func unknownUsersAreRefused(_ user: String) async throws {
    let error = await #expect(throws: BuilderError.self) {
      try await bench.build("FROM base\nUSER \(user)\nRUN true\n")
    }
    #expect(error?.diagnostics.first?.code.rawValue.hasPrefix("unknown-") == true)
  }

  @Test func aMissingWorkingFolderIsMade() async throws {
    let outcome = try await bench.build(
      "FROM base\nWORKDIR /made/deep\nRUN rmdir /made/deep /made\nRUN pwd >/pwd\n")
    #expect(try await bench.text("pwd", in: outcome.image) == "/made/deep\n")
    #expect(
      try bench.layer(-1, of: outcome.image) == [
        "made: folder 755 0:0", "made/deep: folder 755 0:0", "pwd: file 644 0:0",
      ])
  }

  /// It is killed with all that it started, by both ways of running commands, and the steps before it are kept.
  @Test(arguments: [Isolation.userns, .chroot]) func whatTakesTooLongIsKilled(_ isolation: Isolation) async throws {
    var patient = bench
    patient.isolation = isolation
    let nap = "\(UInt32.random(in: 7_000_000...8_000_000))"
    let quick = "FROM base\nRUN echo quick >/a\n"
    _ = try await patient.build(quick)
    var impatient = patient
    impatient.runTimeout = .milliseconds(1500)
    let hasty = impatient
    let slow = quick + "RUN echo begun; (setsid sleep \(nap) &); sleep \(nap)\n"
    let error = await #expect(throws: BuilderError.self) { try await hasty.build(slow) }
    let diagnostic = try #require(error?.diagnostics.first)
    #expect(diagnostic.code == "run-timed-out")
    #expect(diagnostic.message == "the command took longer than 1.5s, and was killed with all that it had started")
    #expect(diagnostic.annotation?.range.lowerBound == quick.utf8.count)
    #expect(diagnostic.notes.first?.message.contains("begun") == true)
    #expect(diagnostic.help.first?.contains("--run-timeout") == true)
    #expect(error?.exitCode == .failure)
    #expect(try await Tool.attempt("pgrep", ["-fx", "sleep \(nap)"]).outputText == "")
    // Results do not depend on it.
    #expect(try await hasty.build(quick).cached == ["RUN echo quick >/a"])
  }

  @Test(arguments: [
    ("exit 3", "code 3"), ("kill -9 $$", "signal 9"), ("kill -TERM $$", "signal 15"),
    ("nothing-of-the-name", "code 127"),
    ("/etc/passwd", "code 126"), ("exit 137", "code 137"),
  ])
  func failuresSayHowTheCommandEnded(_ command: String, _ what: String) async throws {
    let error = await #expect(throws: BuilderError.self) { try await bench.build("FROM base\nRUN \(command)\n") }
    #expect(error?.diagnostics.first?.code == "run-failed")
    #expect(error?.diagnostics.first?.message.contains(what) == true)
  }

  @Test func whatRunsOnEndsWithTheStep() async throws {
    let outcome = try await bench.build(
      "FROM base\nRUN (trap '' HUP TERM; sleep 300; touch /late) & echo started\nRUN ps | grep -c '[s]leep' >/count; true\n"
    )
    #expect(outcome.log.contains("started"))
    #expect(try await bench.text("count", in: outcome.image) == "0\n")
    #expect(try await bench.tree(of: outcome.image).entry(at: .clamped("late")) == nil)
  }

  @Test func anEmptyImageHasWhatTheContextBrought() async throws {
    let busybox = try Files.read(Tool.find("busybox"))
    try bench.scratch.write(["busybox": .bytes(busybox, mode: 0o755)], in: "context")
    let outcome = try await bench.build(
      """
      FROM scratch
      COPY busybox /bin/
      RUN ["/bin/busybox", "sh", "-c", "/bin/busybox ls /proc/self/exe /dev/null /sys >/list && /bin/busybox ls / >/root-list"]
      """)
    #expect(try bench.layer(-1, of: outcome.image) == ["list: file 644 0:0", "root-list: file 644 0:0"])
    #expect(try await bench.text("list", in: outcome.image)?.contains("/dev/null") == true)
  }

  @Test func whatACommandWroteIsTheSnapshotOfItsLayer() async throws {
    let outcome = try await bench.build("FROM base\nCOPY d /x\nRUN chmod 711 /x/one\n")
    let folder = bench.store.snapshotPath(of: try #require(LayerStack(outcome.image.layers).chainID))
    #expect(try FileStatus(of: folder.appending("x").appending("one")).mode == 0o711)
    #expect(try FileStatus.ifExists(folder.appending("x").appending("sub")) == nil)
  }
}
