import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

/// The sandbox as a plain user, in processes of their own. They change files of the machine, so one at a time.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PlainUserTests {
  @Test func withRangesCommandsHaveManyIDs() async throws {
    try await PlainUser.withRanges { user in
      try await user.adopt(BusyboxRoot())
      let script =
        "id -u; id -g; grep ^Groups /proc/self/status | wc -w; echo a > /a; chown 1234:42 /a; stat -c '%u %g' /a; "
        + "rm /data/file; rm -r /etc; mkdir /etc; echo /proc/[0-9]*"
      let run = try await user.run(["run", user.folder.string, "--", "/bin/sh", "-c", script])
      #expect(run.errorText == "")
      #expect(run.outputText.split(separator: "\n") == ["0", "0", "1", "1234 42", "/proc/1 /proc/2"])
      let upper = user.folder.appending("upper")
      let owner = try FileStatus(of: upper.appending("a"))
      #expect(owner.uid == user.firstSubordinateID + 1233)
      let whiteout = try FileStatus(of: upper.appending("data").appending("file"))
      #expect(whiteout.kind == .characterDevice && whiteout.deviceMajor == 0 && whiteout.deviceMinor == 0)
      #expect(try ExtendedAttributes.value(of: "user.overlay.opaque", at: upper.appending("etc")) == Array("y".utf8))
      let removal = try await user.run(["remove", user.folder.string])
      #expect(removal.succeeded, "\(removal.errorText)")
      #expect(try FileStatus.ifExists(user.folder) == nil)
    }
  }

  @Test func withRangesCommandsHaveOtherUsersAndNoNetwork() async throws {
    try await PlainUser.withRanges { user in
      try await user.adopt(BusyboxRoot())
      let inside = try await user.run([
        "run", user.folder.string, "user", "1000", "1000", "network", "none", "--", "sh", "-c",
        "id -u; grep -c : /proc/net/dev; ls /sys/class/net",
      ])
      #expect(inside.outputText == "1000\n1\nlo\n", "\(inside.errorText)")
      let place = try await user.run(["where"])
      #expect(place.outputText == "ranges  true\n", "\(place.errorText)")
    }
  }

  @Test func withoutRangesThereIsOneID() async throws {
    let root = try BusyboxRoot()
    let user = try PlainUser.withoutRanges()
    try await user.adopt(root)
    let run = try await user.run([
      "run", user.folder.string, "--", "sh", "-c", "id -u; echo a > /a; cat /data/file; exit 9",
    ])
    let other = try await user.run(["run", user.folder.string, "user", "1000", "1000", "--", "true"])
    let place = try await user.run(["where"])
    #expect(run.outputText == "0\nlower\n", "\(run.errorText)")
    #expect(run.status == 9)
    #expect(try FileStatus(of: user.folder.appending("upper").appending("a")).uid == user.uid)
    #expect(other.status == 70)
    #expect(other.errorText.contains("become user 1000, group 1000"))
    #expect(other.errorText.contains("--add-subuids"))
    #expect(place.outputText == "singleID /etc/subuid has no line for this user true\n")
  }

  @Test func withoutTheToolsThereIsOneIDToo() async throws {
    try await PlainUser.withRanges { user in
      let place = try await user.run(["where"], variables: ["PATH=/nonexistent"])
      #expect(place.outputText.hasPrefix("singleID cannot run newuidmap"), "\(place.errorText)")
    }
  }

  @Test func theProbeTellsWhatAPlainUserLacks() async throws {
    let user = try PlainUser.withoutRanges()
    let probe = try await user.run(["probe", user.path.string])
    let lines = probe.outputText.split(separator: "\n")
    #expect(lines.first == "userns singleID", "\(probe.errorText)")
    #expect(lines.contains { $0.contains("subordinate ids") && $0.contains("--add-subuids") })
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func signalsAreHandedOn(_ signal: Int32) async throws {
    let root = try BusyboxRoot()
    let user = try PlainUser.withoutRanges()
    try await user.adopt(root)
    let marker = user.folder.appending("upper").appending("started")
    let arguments = user.commandLine(["run", user.folder.string, "--", "sh", "-c", "echo > /started; sleep 1000"])
    let signalScript =
      "set -m; setpriv \"$@\" & p=$!; while [ ! -e \(marker) ]; do kill -0 $p || exit 99; done; kill -\(signal) $p; wait $p"
    let outcome = try await ChildProcess("/bin/bash", ["-c", signalScript, "bash"] + arguments).run()
    #expect(outcome.status == 128 + signal, "\(outcome.errorText)")
  }

  /// Nothing may go on when the program is killed in the hardest way.
  @Test(arguments: [true, false]) func killingTheProgramKillsTheTree(_ asRoot: Bool) async throws {
    let root = try BusyboxRoot()
    let user = try PlainUser.withoutRanges()
    try await user.adopt(root)
    let marker = user.folder.appending("upper").appending("started")
    let nap = "\(UInt32.random(in: 1_000_000...2_000_000))"
    let command = ["run", user.folder.string, "--", "sh", "-c", "setsid sleep \(nap) & echo > /started; sleep \(nap)"]
    let script =
      "setpriv \"$@\" & p=$!; while [ ! -e \(marker) ]; do kill -0 $p || exit 99; done; kill -9 $p; wait $p; "
      + "while pgrep -fx 'sleep \(nap)' > /dev/null; do :; done; echo gone"
    let arguments = asRoot ? [user.program.string] + command : user.commandLine(command)
    let outcome = try await ChildProcess("/bin/bash", ["-c", script, "bash"] + arguments).run()
    #expect(outcome.outputText == "gone\n", "\(outcome.errorText)")
  }

  @Test(arguments: [true, false]) func mountsAreThereForPlainUsersToo(_ withRanges: Bool) async throws {
    let body = { (user: borrowing PlainUser) async throws in
      try await user.adopt(BusyboxRoot())
      for name in ["changes", "changes-work"] {
        let folder = user.folder.appending(name)
        try Files.createDirectories(folder)
        try Files.setOwner(folder, uid: user.uid, gid: user.gid)
      }
      let script = "echo new >/m/deep/new; rm /m/deep/file; ls /m/deep; cat /run/s; stat -c %u /run/s; ulimit -n; ls /"
      let run = try await user.run([
        "run", user.folder.string, "layers", "/m/deep", "secret", "/run/s", "1000", "limit", "nofile", "100", "200",
        "--", "/bin/sh", "-c", script,
      ])
      #expect(run.errorText == "")
      let lines = run.outputText.split(separator: "\n").map(String.init)
      #expect(Array(lines.prefix(5)) == ["new", "other", "secret", withRanges ? "1000" : "0", "100"])
      // Nothing of the mounts is left, and what was below is as it was.
      #expect(try Files.names(in: user.folder.appending("upper")).map(\.string) == [])
      #expect(try FileStatus.ifExists(user.folder.appending("lower").appending("data").appending("file")) != nil)
      let raised = try await user.run([
        "run", user.folder.string, "limit", "nofile", "-1", "-1", "--", "/bin/true",
      ])
      #expect(raised.errorText.contains("cannot set the limit nofile") || raised.errorText.contains("nofile to -1:-1"))
      _ = try await user.run(["remove", user.folder.string])
    }
    if withRanges { try await PlainUser.withRanges(body) } else { try await body(PlainUser.withoutRanges()) }
  }

  /// Root that may not mount, as in a container, goes into a namespace with all its ids.
  @Test func rootWithoutTheRightToMountHasAllItsIDs() async throws {
    let root = try BusyboxRoot()
    let user = try PlainUser.withoutRanges()
    let script = "echo > /a; chown 4000000:42 /a; rm -r /data; mkdir /data; id -u"
    let drop = ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", user.program.string]
    let run = try await ChildProcess("setpriv", drop + ["run", root.path.string, "--", "sh", "-c", script]).run()
    #expect(run.outputText == "0\n", "\(run.errorText)")
    #expect(try FileStatus(of: root.upper.appending("a")).uid == 4_000_000)
    let opaque = try ExtendedAttributes.value(of: "user.overlay.opaque", at: root.upper.appending("data"))
    #expect(opaque == Array("y".utf8))
  }
}
