import Diagnostics
import Glibc
import HostOS
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BuildPlanning
@testable import Builder

/// What a command finds around itself: names of hosts, shared memory, limits, its platform.
struct MountSurroundingsTests {
  private let bench: MountBench

  init() async throws { bench = try await MountBench() }

  @Test func hostsAreAdded() async throws {
    let id = bench.run("tail -n 2 /etc/hosts") {
      $0.surroundings.hosts = [.init(name: "db", address: "192.0.2.7"), .init(name: "six", address: "2001:db8::1")]
    }
    let outcome = try await bench.build(id)
    #expect(outcome.log == "192.0.2.7\tdb\n2001:db8::1\tsix\n")
    #expect(try bench.layer(of: outcome) == [])
  }

  @Test(arguments: [(nil, "65536"), (1 << 20, "1024")] as [(Int64?, String)])
  func sharedMemoryHasItsSize(_ size: Int64?, _ shown: String) async throws {
    let outcome = try await bench.build(
      bench.run("df -k /dev/shm | tail -1 | tr -s ' ' | cut -d ' ' -f 2") { $0.surroundings.sharedMemorySize = size })
    #expect(outcome.log == "\(shown)\n")
  }

  @Test func limitsAreThoseThatWereAskedFor() async throws {
    let script = "sh -c 'ulimit -n; ulimit -H -n; ulimit -c; ulimit -u'; id -u"
    let outcome = try await bench.build(
      bench.run(script) {
        $0.user = "app"
        $0.surroundings.limits = [
          .init(name: "nofile", soft: 100, hard: 200), .init(name: "core", soft: 0, hard: -1),
          .init(name: "nproc", soft: 5000, hard: 5000),
        ]
      })
    #expect(outcome.log == "100\n200\n0\n5000\n1000\n")
  }

  @Test(
    arguments: [
      ("nofiles", 1, 1, "there is no limit called nofiles", "did you mean nofile?"),
      ("nofile", 20, 10, "above its hard limit", "nofile=SOFT:HARD"),
      ("nofile", -1, -1, "cannot set the limit nofile to -1:-1", "ask for less"),
    ] as [(String, Int64, Int64, String, String)])
  func limitsThatCannotBeAreRefused(
    _ name: String, _ soft: Int64, _ hard: Int64, _ message: String, _ help: String
  ) async throws {
    let failure = try await bench.failure(
      bench.run("true") { $0.surroundings.limits = [.init(name: name, soft: soft, hard: hard)] })
    #expect(failure.message.contains(message))
    #expect(failure.help.joined().contains(help))
  }

  /// A program for a processor that nobody has: the header of an ELF file and nothing else.
  @Test func programsOfAnotherPlatformAreNamed() async throws {
    let header =
      "\\177ELF\\002\\001\\001" + String(repeating: "\\000", count: 9) + "\\002\\000\\377\\177\\001\\000\\000\\000"
    let tree = bench.run("printf '\(header)' >/program && head -c 100 /dev/zero >>/program && chmod 755 /program")
    let platform = Platform(os: "linux", architecture: "riscv64")
    let failure = try await bench.failure(
      bench.run("", on: tree) {
        $0.platform = platform
        $0.arguments = ["/program"]
      })
    #expect(failure.code == "foreign-platform")
    #expect(failure.message.contains("it is for linux/riscv64, and this machine is \(Platform.host)"))
    #expect(failure.help[0].contains("--platform=$BUILDPLATFORM"))
    #expect(failure.help[1].contains("qemu-user-static"))
    // Of this platform, it is just broken.
    let own = try await bench.failure(bench.run("", on: tree) { $0.arguments = ["/program"] })
    #expect(own.code == "command-not-executable")
    // What can be executed all the same is not asked for its platform.
    let works = try await bench.build(bench.run("echo works") { $0.platform = platform })
    #expect(works.log == "works\n")
  }
}
