import HostOS
import Sandbox
import SystemPackage
import Testing

/// What commands see of ids and owners where one id only is mapped, and owners are recorded.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OwnershipTests {
  /// Scripts that run as root, and what they say.
  private static let rootScripts = [
    ("echo > /a; chown 5:6 /a; stat -c %u:%g /a; chown 7 /a; stat -c %u:%g /a", "5:6 7:6"),
    ("mkdir /d; chown 5:6 /d; stat -c %u:%g /d; chown 0:0 /d; stat -c %u:%g /d", "5:6 0:0"),
    ("ln -s a /l; chown -h 5:6 /l; stat -c %u:%g /l; rm /l; ln -s b /l; stat -c %u:%g /l", "5:6 0:0"),
    ("mkfifo /p; chown 5:6 /p; mv /p /q; stat -c %u:%g /q", "5:6"),
    ("echo > /a; chown 5:6 /a; ln /a /b; mv /a /c; chown 8:8 /c; stat -c %u:%g /b", "8:8"),
    ("cd /data; chown 5:6 file; cat file; stat -c %u:%g ../data/file", "lower 5:6"),
    // A change of owner takes set-user-id away, from folders it does not.
    ("echo > /a; chmod 6755 /a; mkdir -m 6755 /d; chown 5:6 /a /d; stat -c %a /a /d", "755 6755"),
    // A folder with set-group-id hands its group down.
    (
      "mkdir /d; chown 0:50 /d; chmod 2775 /d; mkdir /d/e; echo > /d/e/f; stat -c '%u:%g %a' /d/e /d/e/f",
      "0:50 2755 0:50 644"
    ),
    (
      "chown 5:6 /dev/stdout && stat -L -c %u:%g /dev/stdout; ln -s /dev/stdout /log; "
        + "chown 7:7 /log && echo yes", "5:6 yes"
    ),
    (
      "mkdir /dev/shm/d; chown 5:6 /dev/shm/d; stat -c %u:%g /dev/shm/d; chown 3:4 /dev/null; "
        + "stat -c %u:%g /dev/null", "5:6 3:4"
    ),
    (
      "cp /data/file /x; chown 5:6 /x; cp -a /x /y; stat -c %u:%g /y; tar -cf /t x; rm /x; tar -xpf /t; "
        + "stat -c %u /x", "5:6 5"
    ),
    // The program of process 1 is the caller's.
    (
      "for path in /proc/1/exe /proc/1/fd/3 /proc/self/fd/../../1/exe; do chown 5:6 $path 2>/dev/null || echo no; "
        + "done; cd /proc/1; chown 5:6 exe 2>/dev/null || echo no", "no no no no"
    ),
    // Another root folder.
    (
      "mkdir -p /j/bin; cp /bin/busybox /j/bin; chroot /j /bin/busybox chown 5:6 /bin/../../bin/busybox; "
        + "stat -c %u:%g /j/bin/busybox /bin/busybox", "5:6 0:0"
    ),
  ]

  @Test func rootGivesFilesAway() async throws {
    let place = try await Place()
    for (script, expected) in Self.rootScripts {
      let run = try await place.run(script)
      #expect(run.errorText == "", "\(script)")
      #expect(run.lines.joined(separator: " ") == expected, "\(script)")
    }
  }

  /// Scripts that run as user 1000 of group 1000.
  private static let otherScripts = [
    (
      "id -u; id -g; cd /tmp; echo > f; mkdir d; ln -s f l; mkfifo p; stat -c %u:%g f d l p",
      "1000 1000 1000:1000 1000:1000 1000:1000 1000:1000"
    ),
    (
      "cd /tmp; umask 027; echo > f; mkdir d; stat -c %a f d; echo more >> f; wc -c < f; "
        + "set -C; echo > f || echo busy", "640 750 6 busy"
    ),
    (
      "cd /tmp; echo > f; chown 0 f || echo no; chown 1000:1000 f && echo yes; chown 1000 /data/file || echo no",
      "no yes no"
    ),
    ("chroot / id -u; stat -c %u:%g /data/file", "1000 0:0"),
    // The command as a whole goes on as somebody else, and so do those that it starts.
    (
      "/bin/su -c 'chown 42 /data; id -u; su user5 -c \"touch /tmp/o; id -u\"'; "
        + "id -u; stat -c %u:%g /data /tmp/o", "0 5 1000 42:0 5:5"
    ),
    ("ulimit -x 5; id -u; (sh -c 'id -u' & wait); sh -c 'id -u'", "1000 1000 1000"),
  ]

  @Test func othersOwnWhatTheyMake() async throws {
    let place = try await Place()
    for (script, expected) in Self.otherScripts {
      let run = try await place.run(script, user: 1000)
      #expect(run.lines.joined(separator: " ") == expected, "\(script): \(run.errorText)")
    }
  }

  @Test func ownersStayWithTheFiles() async throws {
    let place = try await Place()
    _ = try await place.run("echo > /tmp/f; mkdir /tmp/d; chown 5:6 /data/file; chown 0:0 /tmp/d")
    let values = try ["data/file", "tmp/f", "tmp/d"].map { name in
      try ExtendedAttributes.value(of: "user.slipway.owner", at: place.upper.pushing(FilePath(name)))
    }
    #expect(values == [Array("5:6".utf8), nil, nil])
    #expect(try FileStatus(of: place.upper.appending("data").appending("file")).uid == place.user.uid)
  }

  /// Nobody waits for ever, and nobody is taken for somebody else.
  @Test func manyProcessesAreToldApart() async throws {
    let script = """
      cd /tmp
      for id in 1 2 3 4 5 6 7 8; do
        su user$id -c "for n in 1 2 3 4 5 6 7 8 9; do
          (mkdir $id.\\$n; echo > $id.\\$n/f; id -u > $id.\\$n/g) & done; wait" &
      done
      wait
      for id in 1 2 3 4 5 6 7 8; do find /tmp -user $id -group $id | wc -l; cat $id.*/g | sort -u; done
      """
    let run = try await Place().run(script)
    #expect(run.lines == (1...8).flatMap { ["27", "\($0)"] }, "\(run.errorText)")
  }

  @Test func theEndOfTheCommandIsTheEndOfAll() async throws {
    let run = try await Place().run("(while :; do stat / > /dev/null; done) & setsid sleep 1000 & echo left; exit 7")
    #expect(run.lines == ["left"])
    #expect(run.status == 7)
  }

  private struct Run {
    var status: Int32
    var lines: [String]
    var errorText: String
  }

  /// A root file system of a user with one id.
  private struct Place: ~Copyable {
    let user: PlainUser
    var upper: FilePath { user.folder.appending("upper") }

    init() async throws {
      let root = try BusyboxRoot()
      for name in ["ln", "mkfifo", "cp", "tar", "chroot", "find", "sort"] {
        try root.link("bin/\(name)", to: "busybox")
      }
      let users = ["root::0:0:root:/:/bin/sh"] + (1...8).map { "user\($0):x:\($0):\($0)::/:/bin/sh" }
      try root.write(users.joined(separator: "\n") + "\n", to: "etc/passwd")
      let user = try PlainUser.withoutRanges()
      try await user.adopt(root)
      // A program of its own, which busybox does not take for a part of its shell.
      let program = user.folder.appending("lower").appending("bin").appending("su")
      try Files.writeAtomically(try Files.read("/bin/busybox"), to: program, permissions: .init(rawValue: 0o755))
      try Files.setOwner(program, uid: user.uid, gid: user.gid)
      try Files.setMode(program, 0o4755)
      self.user = user
    }

    /// Runs a script in a fresh tree.
    func run(_ script: String, user id: UInt32 = 0) async throws -> Run {
      for name in ["upper", "work"] {
        let folder = user.folder.appending(name)
        try Files.removeTree(folder)
        try Files.createDirectories(folder)
        try Files.setOwner(folder, uid: user.uid, gid: user.gid)
      }
      let outcome = try await user.run(
        ["run", user.folder.string, "user", "\(id)", "\(id)", "owners", "--", "/bin/sh", "-c", script])
      return Run(
        status: outcome.status, lines: outcome.outputText.split(separator: "\n").map(String.init),
        errorText: outcome.errorText)
    }
  }
}
