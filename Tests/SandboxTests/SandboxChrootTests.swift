import Glibc
import HostOS
import SystemPackage
import Testing

@testable import Sandbox

/// Commands in a folder that became their root, without namespaces and mounts.
@Suite(.timeLimit(.minutes(2))) struct SandboxChrootTests {
  /// Runs a script in the lower layer of a busybox root.
  private func shell(
    _ script: String, in root: borrowing BusyboxRoot, _ change: (inout SandboxCommand) -> Void = { _ in }
  ) async throws -> Run {
    var command = SandboxCommand(["/bin/sh", "-c", script], environment: ["PATH=/bin"])
    change(&command)
    let chroot = ChrootRoot(folder: root.lower, work: root.root.work)
    let collector = OutputCollector()
    do {
      _ = try chroot.furnish(for: command)
      let status = try await Sandbox().run(command, in: chroot) { collector.append($0, $1) }
      try chroot.clear()
      return Run(
        status: status, output: collector.text(.standardOutput), errorOutput: collector.text(.standardError))
    } catch {
      try chroot.clear()
      throw error
    }
  }

  @Test func usersAndLimitsAreThoseThatWereAskedFor() async throws {
    let root = try BusyboxRoot()
    let limit = try SandboxLimit(name: "nofile", soft: 100, hard: 100)
    let run = try await shell("id -u; id -g; id -G; ulimit -n; echo $0; cat </dev/null; exit 7", in: root) {
      $0.user = SandboxUser(uid: 1000, gid: 50, supplementaryGroups: [7, 8])
      $0.limits = [limit]
    }
    #expect(run.lines == ["1000", "50", "50 7 8", "100", "/bin/sh"])
    #expect(run.status == .exited(7))
  }

  @Test func capabilitiesAreDockersWithoutTheWayOut() async throws {
    let root = try BusyboxRoot()
    // The host's /proc, bound for the test, shows what the command has.
    let run = try await root.shell("grep Cap /proc/self/status")
    let inNamespaces = run.lines.first { $0.hasPrefix("CapEff") }.flatMap { UInt64($0.suffix(16), radix: 16) }
    #expect(inNamespaces == Capabilities.container.rawValue)
    #expect(!Capabilities.chroot.contains(.changeRoot))
    let refused = try await shell(
      "/bin/busybox chroot /data /bin/true; /bin/busybox mknod /node b 8 0; mount -t tmpfs x /data; ls /data", in: root)
    #expect(refused.errorOutput.contains("chroot"))
    #expect(refused.errorOutput.contains("mknod"))
    #expect(refused.errorOutput.contains("mount"))
    #expect(refused.output == "file\nother\n")
  }

  @Test func aFolderInPlaceOfATmpfsHasTheModeOfWhatItCovers() async throws {
    let root = try BusyboxRoot()
    try root.write("", to: "private/file")
    #expect(chmod(root.lower.appending("private").string, 0o1750) == 0)
    #expect(chown(root.lower.appending("private").string, 5, 6) == 0)
    let run = try await shell("stat -c '%a %u %g' /private /new; ls /private", in: root) {
      $0.mounts = [SandboxMount(.tmpfs(size: 1 << 20), at: "/private"), SandboxMount(.tmpfs(size: nil), at: "/new")]
    }
    #expect(run.lines == ["1750 0 0", "1777 0 0"])
    #expect(try FileStatus(of: root.lower.appending("private")).uid == 5)
  }

  @Test func descriptorsOfTheHostAreClosed() async throws {
    let root = try BusyboxRoot()
    let opened = open("/", O_RDONLY)
    defer { close(opened) }
    let run = try await shell("for n in 3 4 5 6 7 8 9; do (: <&$n) 2>/dev/null && echo $n; done; true", in: root)
    #expect(run.output == "")
  }

  @Test func cancellationKillsTheTree() async throws {
    let root = try BusyboxRoot()
    let nap = "\(UInt32.random(in: 3_000_000...4_000_000))"
    let (lines, continuation) = AsyncStream<Void>.makeStream()
    let chroot = ChrootRoot(folder: root.lower, work: root.root.work)
    let task = Task {
      let command = SandboxCommand(
        ["/bin/sh", "-c", "setsid sleep \(nap) & trap '' TERM; echo started; sleep \(nap)"], environment: ["PATH=/bin"])
      return try await Sandbox().run(command, in: chroot) { _, _ in continuation.yield() }
    }
    for await _ in lines { break }
    task.cancel()
    let result = await task.result
    #expect(throws: CancellationError.self) { try result.get() }
    try await expectNone(nap)
  }

  @Test func whatIsLeftInTheBackgroundEndsWithTheCommand() async throws {
    let root = try BusyboxRoot()
    let nap = "\(UInt32.random(in: 4_000_000...5_000_000))"
    let run = try await shell(
      "setsid sh -c 'sleep \(nap) & (setsid sleep \(nap) &); sleep \(nap)' & (sleep \(nap) &) ; echo done", in: root)
    #expect(run.output == "done\n")
    try await expectNone(nap)
  }

  @Test func aTimeoutKillsTheTree() async throws {
    let root = try BusyboxRoot()
    let nap = "\(UInt32.random(in: 5_000_000...6_000_000))"
    await #expect(throws: SandboxError.self) {
      try await self.shell("setsid sleep \(nap) & sleep \(nap)", in: root) { $0.timeout = .milliseconds(100) }
    }
    try await expectNone(nap)
  }

  private func expectNone(_ nap: String) async throws {
    #expect(try await ChildProcess("pgrep", ["-fx", "sleep \(nap)"]).run().outputText == "")
  }

  /// Nothing may go on when the program is killed in the hardest way, with what a container has by default.
  @Test func killingTheProgramKillsTheTree() async throws {
    let root = try BusyboxRoot()
    let program = try Self.program()
    let nap = "\(UInt32.random(in: 1_000_000...2_000_000))"
    let marker = root.lower.appending("started")
    let command = "setsid sleep \(nap) & echo > /started; sleep \(nap)"
    let script =
      "setpriv \"$@\" & p=$!; while [ ! -e \(marker) ]; do kill -0 $p || exit 99; done; kill -9 $p; wait $p; "
      + "while pgrep -fx 'sleep \(nap)' > /dev/null; do :; done; echo gone"
    let arguments = Self.containerRights + [program.string, "chroot", root.path.string, "--", "sh", "-c", command]
    let outcome = try await ChildProcess("/bin/bash", ["-c", script, "bash"] + arguments).run()
    #expect(outcome.outputText == "gone\n", "\(outcome.errorText)")
  }

  @Test func theRightsOfAContainerAreEnough() async throws {
    let root = try BusyboxRoot()
    let command =
      "echo >/made; chown 5:6 /made; stat -c '%u %g' /made; head -c 3 /dev/zero | wc -c; echo x >/dev/null; "
      + "head -c 3 /dev/urandom | wc -c; ls /proc 2>/dev/null; ls -A /dev | wc -l"
    let arguments = Self.containerRights + [try Self.program().string, "chroot", root.path.string, "--", "sh", "-c"]
    let outcome = try await ChildProcess("setpriv", arguments + [command]).run()
    #expect(outcome.outputText == "5 6\n3\n3\n14\n", "\(outcome.errorText)")
    #expect(outcome.errorText == "")
    #expect(try FileStatus.ifExists(root.lower.appending("dev")) == nil)
  }

  /// Where neither namespaces nor device nodes are permitted.
  @Test(
    arguments: [("auto", "chroot\n", 0), ("chroot", "chroot\n", 0), ("userns", "", 70)] as [(String, String, Int32)])
  func theLadderIsClimbedDown(_ wanted: String, _ choice: String, _ status: Int32) async throws {
    let directory = try TemporaryDirectory()
    let outcome = try await Self.withoutNamespaces([
      try Self.program().string, "choose", wanted, directory.path.string,
    ])
    #expect(outcome.outputText == choice)
    #expect(outcome.status == status, "\(outcome.errorText)")
    if status != 0 { #expect(outcome.errorText.contains("user.max_user_namespaces")) }
  }

  @Test func filesStandForDevices() async throws {
    let root = try BusyboxRoot()
    let outcome = try await Self.withoutNamespaces([
      try Self.program().string, "chroot", root.path.string, "--", "sh", "-c",
      "echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 3 /dev/random | wc -c",
    ])
    #expect(outcome.outputText == "3\n3\n")
    #expect(outcome.errorText.contains("no device nodes"))
  }

  static func program() throws -> FilePath {
    try Files.symbolicLinkTarget("/proc/self/exe").removingLastComponent().appending("SandboxProgram")
  }

  /// Of setpriv(1): what Docker gives to a container.
  static let containerRights = [
    "--inh-caps", "-all", "--bounding-set",
    "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,"
      + "+sys_chroot,+mknod,+audit_write,+setfcap",
  ]

  private static func withoutNamespaces(_ arguments: [String]) async throws -> ChildProcess.Outcome {
    let script = "echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv \"$@\""
    return try await ChildProcess(
      "unshare", ["--user", "--map-root-user", "sh", "-c", script, "sh"] + containerRights + arguments
    ).run()
  }
}
