import Diagnostics
import Glibc
import HostOS
import OCI
import Sandbox
import SystemPackage
import TestSupport
import Testing

@testable import Builder

/// Commands without mounts and namespaces leave what commands with them leave.
struct RunChrootTests {
  private let bench: BuildBench

  init() throws { bench = try Self.bench(.chroot) }

  private static func bench(_ isolation: Isolation) throws -> BuildBench {
    var bench = try BuildBench()
    bench.isolation = isolation
    bench.epoch = Timestamp(seconds: 1_000_000_000)
    try bench.scratch.write(["d/one": "1", "d/sub/two": "2", "d/sub/deep/three": "3"], in: "context")
    return bench
  }

  private static let commands = [
    "true", "mkdir /gone && rmdir /gone", "cat /etc/resolv.conf /etc/hosts",
    "echo x >/etc/hosts; echo y >>/etc/resolv.conf", "touch /dev/shm/x; echo x >/dev/null; mkdir /dev/mine; true",
    "chmod 700 /x/sub", "chown app:nogroup /x/one", "touch -d '2001-02-03 04:05:06' /x/one", "chmod u+s,g-r /x/one",
    "chmod 644 /x/one", "rm /x/one", "rm -r /x/sub", "rm -r /x", "echo 3 >/x/sub/three", "echo 4 >>/x/sub/two",
    "printf 9 >/x/one", "touch /x/sub/new && rm /x/sub/new", "rm -r /x/sub && mkdir /x/sub",
    "rm -r /x/sub && mkdir /x/sub && echo 3 >/x/sub/three", "rm -r /x/sub && echo f >/x/sub",
    "rm /x/one && mkdir /x/one", "rm /x/one && mkdir -p /x/one/in/deep", "rm /x/one && ln -s sub /x/one",
    "rm -r /x/sub && ln -s one /x/sub", "ln /x/one /x/hard", "mv /x/one /x/sub/one", "rm /x/one && printf 1 >/x/one",
    "mkdir /new && cd /new && echo a >a && ln a b && ln a c && mkfifo pipe && chmod 1777 .",
    "rm -r /x && mkdir -p /x/sub && touch /x/sub/a /x/z", "umask", "mkdir -p /etc/new && echo >/etc/new/file",
    "cp -a /x /y && rm -r /x/sub/deep", "echo b:x:7:8::/: >>/etc/passwd && chown b:8 /x/one",
    ": >>/x/sub/deep/three", ": >>/x/sub/two && echo new >/x/sub/new", "chmod 600 /x/one && chmod 644 /x/one",
    "cp -p /x/one /tmp/one && rm /x/one && mv /tmp/one /x/one",
    "mkdir /x/sub/a && echo b >/x/sub/a/b && mv /x/sub/a /x/c",
    "echo new >/new && chown app /new && chown root /new && ln /new /x/new",
  ]

  /// In two stores for all, which makes the base once.
  @Test func layersAreThoseOfNamespaces() async throws {
    let other = try Self.bench(.userns)
    for command in Self.commands {
      let dockerfile = "FROM base\nCOPY d /x\nRUN \(command)\n"
      let expected = try await other.build(dockerfile).image
      let image = try await bench.build(dockerfile).image
      #expect(try bench.layer(-1, of: image) == other.layer(-1, of: expected), "\(command)")
      // With every time at the same second at the latest, all bytes are equal.
      #expect(image.layers.map(\.diffID) == expected.layers.map(\.diffID), "\(command)")
      #expect(image.configDescriptor.digest == expected.configDescriptor.digest, "\(command)")
    }
    #expect(try bench.leftovers().isEmpty)
  }

  @Test func laterStepsGoOnInTheSameFolder() async throws {
    let dockerfile =
      """
      FROM base AS one
      COPY d /x
      RUN stat -c %i /x/sub/two >/inode && mkdir /x/mine
      RUN rm -r /x/sub/deep && stat -c %i /x/sub/two >>/inode
      COPY d/one /x/mine/
      RUN rm /x/one && stat -c %i /x/sub/two >>/inode && cat /x/mine/one >>/inode
      FROM one
      WORKDIR /made/by/workdir
      USER app
      RUN id -u >/tmp/id; pwd >>/tmp/id; find /x | sort >>/tmp/id
      """
    let outcome = try await bench.build(dockerfile)
    let inodes = try #require(try await bench.text("inode", in: outcome.image)).split(separator: "\n")
    #expect(Set(inodes.prefix(3)).count == 1)
    #expect(inodes.last == "1")
    #expect(
      try await bench.text("tmp/id", in: outcome.image)
        == "1000\n/made/by/workdir\n/x\n/x/mine\n/x/mine/one\n/x/sub\n/x/sub/two\n")
    #expect(try bench.leftovers().isEmpty)
  }

  @Test func nothingOfTheHostIsInSight() async throws {
    try bench.scratch.write(["host": "host"], in: "outside")
    let outside = bench.scratch("outside").appending("host")
    let outcome = try await bench.build(
      """
      FROM base
      RUN env | sort | cut -d= -f1 >/names; ls -A / >/root-list
      RUN cat \(outside) 2>/seen; cat ../../../../../..\(outside) 2>>/seen; ls /proc >>/seen; true
      RUN mkdir -p /jail && chroot /jail /bin/true 2>/chroot; mknod /disk b 8 0 2>/mknod; mount -t proc p /proc 2>/mount; true
      """)
    #expect(try await bench.text("names", in: outcome.image) == "HOME\nPATH\nPWD\nSHLVL\n")
    #expect(try await bench.text("root-list", in: outcome.image)?.contains("dev\n") == true)
    #expect(try await bench.text("seen", in: outcome.image)?.contains("host\n") == false)
    for file in ["chroot", "mknod", "mount"] {
      let text = try await bench.text(file, in: outcome.image)
      #expect(text?.contains("not permitted") == true || text?.contains("permission denied") == true, "\(text ?? "")")
    }
  }

  @Test(arguments: [("exit 3", "code 3"), ("kill -9 $$", "signal 9"), ("nothing-of-the-name", "code 127")])
  func failuresSayHowTheCommandEnded(_ command: String, _ what: String) async throws {
    let error = await #expect(throws: BuilderError.self) { try await bench.build("FROM base\nRUN \(command)\n") }
    #expect(error?.diagnostics.first?.code == "run-failed")
    #expect(error?.diagnostics.first?.message.contains(what) == true)
    #expect(try bench.leftovers().isEmpty)
  }

  @Test func withoutNetworkIsRefused() async throws {
    let error = await #expect(throws: BuilderError.self) {
      try await bench.build("FROM base\nRUN --network=none true\n")
    }
    #expect(error?.diagnostics.first?.code == "sandbox-unavailable")
    #expect(error?.diagnostics.first?.help.first?.contains("--network=none") == true)
  }

  @Test func whatRunsOnEndsWithTheStep() async throws {
    let marker = "4\(Int.random(in: 10_000_000..<99_999_999))"
    _ = try await bench.build(
      "FROM base\nRUN (trap '' HUP TERM; setsid sleep \(marker) & sleep \(marker)) & setsid sleep \(marker) & sleep \(marker) & true\n"
    )
    #expect(try await Tool.output("sh", ["-c", "ps -eo args | grep -c '^sleep \(marker)' || true"]) == "0")
  }
}

extension BuildBench {
  /// What work in progress left in the store.
  func leftovers() throws -> [String] {
    let work = store.root.appending("work")
    guard try FileStatus.ifExists(work) != nil else { return [] }
    return try Files.names(in: work).map(\.string).filter { !$0.hasSuffix(".lock") }
  }
}
