import HostOS
import Sandbox
import enum Sandbox.ExitStatus
import SystemPackage
import Testing

@Suite struct SandboxRunTests {
  @Test(arguments: [
    ("exit 0", ExitStatus.exited(0)), ("exit 7", .exited(7)), ("exit 255", .exited(255)),
    ("kill -TERM $$", .signaled(15)), ("kill -KILL $$", .signaled(9)),
  ])
  func tellsHowTheCommandEnded(_ script: String, _ status: ExitStatus) async throws {
    let root = try BusyboxRoot()
    #expect(try await root.shell(script).status == status)
  }

  @Test func keepsTheOutputsApart() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("echo out; echo err >&2; echo more")
    #expect(run.output == "out\nmore\n")
    #expect(run.errorOutput == "err\n")
  }

  @Test func passesManyBytesOnBothOutputs() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "dd if=/dev/zero bs=65536 count=300 2>/dev/null | tr '\\0' a & dd if=/dev/zero bs=65536 count=300 2>/dev/null | tr '\\0' b >&2; wait"
    )
    #expect(run.status == .exited(0))
    #expect(run.output.utf8.count == 300 * 65536)
    #expect(run.errorOutput.utf8.count == 300 * 65536)
  }

  @Test func readsNothingFromStandardInput() async throws {
    let root = try BusyboxRoot()
    #expect(try await root.shell("cat; readlink /proc/self/fd/0").output == "/dev/null\n")
  }

  @Test func hasNoOtherDescriptors() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("for n in 0 1 2 3 4 5 6 7 8 9 10; do readlink /proc/$$/fd/$n; done | wc -l")
    #expect(run.output == "3\n")
  }

  @Test func givesTheEnvironmentAndNoOther() async throws {
    let root = try BusyboxRoot()
    let run = try await root.run(["env"]) { $0.environment = ["PATH=/bin", "A=one two", "B=", "A_=ü"] }
    #expect(run.lines == ["PATH=/bin", "A=one two", "B=", "A_=ü"])
  }

  @Test func startsInTheWorkingFolder() async throws {
    let root = try BusyboxRoot()
    #expect(try await root.run(["pwd"]) { $0.workingDirectory = "/data" }.output == "/data\n")
  }

  @Test func hasAUmaskOf022AndASessionOfItsOwn() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("umask; set -- $(cat /proc/$$/stat); echo $1 $6")
    #expect(run.lines == ["0022", "2 2"])
  }

  @Test(arguments: [
    SandboxUser.root, SandboxUser(uid: 1000, gid: 1000),
    SandboxUser(uid: 4242, gid: 7, supplementaryGroups: [42, 100]),
  ])
  func becomesTheUser(_ user: SandboxUser) async throws {
    let root = try BusyboxRoot()
    let status = try await root.shell("grep -E '^(Uid|Gid|Groups):' /proc/self/status") { $0.user = user }
    let groups = user.supplementaryGroups.map(String.init).joined(separator: " ")
    #expect(
      status.lines.map { $0.split(whereSeparator: \.isWhitespace).dropFirst().joined(separator: " ") } == [
        "\(user.uid) \(user.uid) \(user.uid) \(user.uid)", "\(user.gid) \(user.gid) \(user.gid) \(user.gid)", groups,
      ])
  }

  @Test(arguments: [(UInt32(0), "00000000a80425fb"), (1000, "0000000000000000")])
  func leavesDockersCapabilities(_ uid: UInt32, _ permitted: String) async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("grep -E '^(Cap|NoNewPrivs)' /proc/self/status") {
      $0.user = SandboxUser(uid: uid, gid: uid)
    }
    let values = run.lines.map { $0.split(separator: "\t").last.map(String.init) ?? "" }
    #expect(values == ["0000000000000000", permitted, permitted, "00000000a80425fb", "0000000000000000", "0"])
  }

  @Test func resetsSignals() async throws {
    let root = try BusyboxRoot()
    let run = try await root.run(["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])
    #expect(run.lines == ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"])
  }

  @Test func setsTheHostName() async throws {
    let root = try BusyboxRoot()
    #expect(try await root.run(["hostname"]) { $0.hostName = "builder-7" }.output == "builder-7\n")
  }

  @Test func withoutNetworkThereIsLoopbackAlone() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("ls /sys/class/net; ip -o addr show; ip route | wc -l") { $0.network = .none }
    #expect(run.lines.first == "lo")
    #expect(run.output.contains("127.0.0.1/8"))
    #expect(run.lines.last == "0")
  }

  @Test func withTheHostsNetworkItsInterfacesAreThere() async throws {
    let root = try BusyboxRoot()
    let host = try Files.read("/proc/net/dev").count { $0 == UInt8(ascii: ":") }
    #expect(try await root.shell("grep -c : /proc/net/dev").output == "\(host)\n")
  }
}
