import CHostOS
import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

/// What a command sees of the machine.
@Suite struct SandboxDeviceTests {
  @Test func devicesWork() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "head -c 4 /dev/zero | wc -c; head -c 8 /dev/urandom | wc -c; echo x > /dev/null; echo y > /dev/full; echo $?; "
        + "echo z > /dev/stdout; ls /dev")
    #expect(run.lines.prefix(4) == ["4", "8", "1", "z"])
    #expect(
      Set(run.lines.dropFirst(4)).isSuperset(of: [
        "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom",
        "zero",
      ]))
  }

  /// Otherwise a command of root could read the machine's disks.
  @Test func nodesThatACommandMakesCannotBeOpened() async throws {
    let root = try BusyboxRoot()
    for folder in ["host", "changes", "changes-work"] { try Files.createDirectories(root.path.appending(folder)) }
    let device = hostos_makedev(1, 5)
    let inImage = root.lower.appending("node").withPlatformString { mknod($0, S_IFCHR | 0o666, dev_t(device)) }
    #expect(inImage == 0)
    let layers = SandboxLayers(
      [root.lower], path: "/data",
      changes: .init(upper: root.path.appending("changes"), work: root.path.appending("changes-work")))
    let script = """
      head -c 1 /node | wc -c
      for folder in /tmp /dev /dev/shm /memory /host /layers; do
        busybox mknod $folder/node c 1 5 && head -c 1 $folder/node | wc -c
      done
      head -c 1 /dev/zero | wc -c
      """
    let run = try await root.shell(script) {
      $0.mounts = [
        SandboxMount(.tmpfs(size: 1 << 20), at: "/memory"),
        SandboxMount(.bind(root.path.appending("host"), readOnly: false), at: "/host"),
        SandboxMount(.layers(layers), at: "/layers"),
      ]
    }
    #expect(run.lines == Array(repeating: "0", count: 7) + ["1"], "\(run.errorOutput)")
    // They are in the layer all the same.
    #expect(try FileStatus(of: root.upper.appending("tmp").appending("node")).kind == .characterDevice)
  }

  @Test func sharedMemoryIsWritableAndSystemFilesAreNot() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "echo a > /dev/shm/a && cat /dev/shm/a; for f in /proc/sys/kernel/hostname /sys/kernel/mm/ksm/run /proc/sysrq-trigger; "
        + "do echo 1 2>/dev/null > $f && echo wrote $f; done; head -c 1 /proc/kcore | wc -c; ls /sys/firmware | wc -l")
    #expect(run.lines == ["a", "0", "0"])
  }

  @Test func noFileOfTheHostIsVisible() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("ls /; ls /proc/1/root 2>/dev/null; ls /proc/1/cwd 2>/dev/null; ls /proc/2/root")
    #expect(Set(run.lines) == ["bin", "data", "dev", "etc", "proc", "sys", "tmp"])
    let mounts = try await root.shell("cat /proc/self/mountinfo")
    #expect(!mounts.output.contains("slipway"))
  }

  @Test func noProcessOfTheHostIsVisible() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "echo /proc/[0-9]*; cat /proc/1/cmdline | tr -d '\\0' | wc -c; cat /proc/1/environ 2>/dev/null | wc -c; "
        + "cat /proc/1/comm")
    #expect(run.lines == ["/proc/1 /proc/2", "0", "0", "init"])
  }

  @Test func theOnlyMountsAreItsOwn() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("cat /proc/self/mounts")
    let targets = run.lines.compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
    #expect(targets.first == "/")
    #expect(targets.dropFirst().allSatisfy { $0.hasPrefix("/proc") || $0.hasPrefix("/dev") || $0.hasPrefix("/sys") })
  }

  @Test func theCommandMayNotMount() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("mount -t tmpfs none /tmp")
    #expect(run.status != .exited(0))
  }
}
