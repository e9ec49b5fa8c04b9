import Diagnostics
import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

@Suite struct SandboxMountTests {
  private func host(_ root: borrowing BusyboxRoot) throws -> FilePath {
    let folder = root.path.appending("host")
    try Files.createDirectories(folder.appending("inner"))
    try Files.writeAtomically(Array("from host\n".utf8), to: folder.appending("note"))
    return folder
  }

  @Test func bindsFoldersAndFilesAndLeavesNoTrace() async throws {
    let root = try BusyboxRoot()
    let folder = try host(root)
    let run = try await root.shell("cat /mnt/deep/down/note /etc/secret; ls /mnt/deep/down") {
      $0.mounts = [
        SandboxMount(.bind(folder, readOnly: false), at: "/mnt/deep/down"),
        SandboxMount(.bind(folder.appending("note"), readOnly: true), at: "/etc/secret"),
      ]
    }
    #expect(run.output == "from host\nfrom host\ninner\nnote\n")
    #expect(try root.changes() == [])
  }

  @Test func writesGoToTheHostUnlessReadOnly() async throws {
    let root = try BusyboxRoot()
    let folder = try host(root)
    let run = try await root.shell("echo new > /rw/new; echo new > /ro/bad; echo bad > /ro/note; echo done") {
      $0.mounts = [
        SandboxMount(.bind(folder, readOnly: false), at: "/rw"), SandboxMount(.bind(folder, readOnly: true), at: "/ro"),
      ]
    }
    #expect(run.output == "done\n")
    #expect(run.errorOutput.contains("Read-only"))
    #expect(try Files.read(folder.appending("new")) == Array("new\n".utf8))
    #expect(try Files.read(folder.appending("note")) == Array("from host\n".utf8))
    #expect(try FileStatus.ifExists(folder.appending("bad")) == nil)
  }

  @Test func aMountMayLieInsideAnother() async throws {
    let root = try BusyboxRoot()
    let folder = try host(root)
    let run = try await root.shell("cat /m/inner/secret") {
      $0.mounts = [
        SandboxMount(.bind(folder, readOnly: false), at: "/m"),
        SandboxMount(.content(Array("s3cret".utf8), mode: 0o400, uid: 0, gid: 0), at: "/m/inner/secret"),
      ]
    }
    #expect(run.output == "s3cret")
    #expect(try root.changes() == [])
  }

  @Test func tmpfsHasItsSizeAndVanishes() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "dd if=/dev/zero of=/cache/a bs=1024 count=64 2>/dev/null && echo fits; "
        + "dd if=/dev/zero of=/cache/b bs=1024 count=640 2>/dev/null || echo full; stat -c %a /cache"
    ) { $0.mounts = [SandboxMount(.tmpfs(size: 256 << 10), at: "/cache")] }
    #expect(run.lines == ["fits", "full", "1777"])
    #expect(try root.changes() == [])
  }

  @Test func tmpfsHasTheModeOfWhatItCovers() async throws {
    let root = try BusyboxRoot()
    try root.write("", to: "private/file")
    #expect(chmod(root.lower.appending("private").string, 0o1750) == 0)
    #expect(chown(root.lower.appending("private").string, 5, 6) == 0)
    let run = try await root.shell("stat -c '%a %u %g' /private; ls /private") {
      $0.mounts = [SandboxMount(.tmpfs(size: 1 << 20), at: "/private")]
    }
    #expect(run.output == "1750 0 0\n", "\(run.errorOutput)")
  }

  @Test func contentHasItsModeAndOwner() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("stat -c '%a %u %g' /run/secrets/token; cat /run/secrets/token; id -u") {
      $0.user = SandboxUser(uid: 1000, gid: 1000)
      $0.mounts = [
        SandboxMount(.content(Array("abc\n".utf8), mode: 0o440, uid: 0, gid: 1000), at: "/run/secrets/token")
      ]
    }
    #expect(run.lines == ["440 0 1000", "abc", "1000"])
    #expect(try root.changes() == [])
  }

  @Test func contentMayBeEmptyOrLong() async throws {
    let root = try BusyboxRoot()
    let long = [UInt8](repeating: 65, count: 3 << 20)
    let run = try await root.shell("wc -c < /a; wc -c < /b") {
      $0.mounts = [
        SandboxMount(.content([], mode: 0o444, uid: 0, gid: 0), at: "/a"),
        SandboxMount(.content(long, mode: 0o444, uid: 0, gid: 0), at: "/b"),
      ]
    }
    #expect(run.lines == ["0", "\(3 << 20)"])
  }

  @Test(arguments: [
    "nowhere", "../../../../outside/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", "../data/file",
    "/proc/self/cwd/../etc/there",
  ])
  func resolvConfThroughASymlinkStaysInside(_ target: String) async throws {
    let root = try BusyboxRoot()
    try root.link("etc/resolv.conf", to: target)
    let run = try await root.shell("cat /etc/resolv.conf /etc/hosts; echo nameserver 9 >> /etc/resolv.conf") {
      $0.resolvConf = Array("nameserver 192.0.2.1\n".utf8)
      $0.hosts = Array("127.0.0.1 localhost\n".utf8)
    }
    #expect(run.output == "nameserver 192.0.2.1\n127.0.0.1 localhost\n")
    #expect(run.status == .exited(0))
    #expect(try root.changes() == [])
    #expect(try Files.read(root.lower.appending("data").appending("file")) == Array("lower\n".utf8))
  }

  @Test func aLoopOfSymlinksIsAnError() async throws {
    let root = try BusyboxRoot()
    try root.link("etc/a", to: "b")
    try root.link("etc/b", to: "a")
    let error = await #expect(throws: SandboxError.self) {
      try await root.shell("true") { $0.mounts = [SandboxMount(.tmpfs(size: nil), at: "/etc/a/x")] }
    }
    guard case .setUp(let failure)? = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.step == "mount tmpfs on /etc/a/x")
    #expect(failure.errno == .tooManySymbolicLinkLevels)
  }

  @Test func whatTheCommandPutsBesideAStubStays() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("echo mine > /run/mine; chmod 700 /data") {
      $0.mounts = [
        SandboxMount(.tmpfs(size: nil), at: "/run/lock"), SandboxMount(.tmpfs(size: nil), at: "/data/cache"),
      ]
    }
    #expect(run.status == .exited(0))
    #expect(try root.changes() == ["data", "run", "run/mine"])
  }

  @Test func theTimesOfFoldersWithStubsAreKept() async throws {
    let root = try BusyboxRoot()
    let before = try FileStatus(of: root.upper).modificationTime
    _ = try await root.shell("true") { $0.mounts = [SandboxMount(.tmpfs(size: nil), at: "/new/folder")] }
    #expect(try FileStatus(of: root.upper).modificationTime == before)
  }

  @Test func stubsAreRemovedAfterAFailureToo() async throws {
    let root = try BusyboxRoot()
    await #expect(throws: SandboxError.self) {
      try await root.shell("true") {
        $0.mounts = [
          SandboxMount(.tmpfs(size: nil), at: "/new/folder"), SandboxMount(.bind("/no/such", readOnly: true), at: "/x"),
        ]
      }
    }
    #expect(try root.changes() == [])
  }
}

/// Mounts of joined layers, which are no root file system.
@Suite struct SandboxLayersTests {
  /// Two layers and a place for changes.
  private func layers(_ root: borrowing BusyboxRoot, _ path: FilePath, writable: Bool) throws -> SandboxLayers {
    let folders = ["bottom", "top", "changes", "changes-work"].map { root.path.appending($0) }
    for folder in folders { try Files.createDirectories(folder.appending("d")) }
    try Files.removeTree(folders[2].appending("d"))
    try Files.removeTree(folders[3].appending("d"))
    for (layer, name, text) in [(0, "a", "low"), (0, "b", "kept"), (1, "a", "high")] {
      try Files.writeAtomically(Array("\(text)\n".utf8), to: folders[layer].appending("d").appending(name))
    }
    return SandboxLayers(
      Array(folders[..<2]), path: path,
      changes: writable ? .init(upper: folders[2], work: folders[3]) : nil)
  }

  @Test(arguments: [("/", "/m/d"), ("/d", "/m"), ("/d/../d/.", "/m"), ("/../../d", "/m")])
  func showFoldersOfLayers(_ path: String, _ folder: String) async throws {
    let root = try BusyboxRoot()
    let mount = SandboxMount(.layers(try layers(root, FilePath(path), writable: false)), at: "/m")
    let run = try await root.shell("cat \(folder)/a \(folder)/b; echo x >\(folder)/a; echo x >\(folder)/new") {
      $0.mounts = [mount]
    }
    #expect(run.output == "high\nkept\n")
    #expect(run.errorOutput.split(separator: "\n").count { $0.contains("Read-only") } == 2)
    #expect(try root.changes() == [])
  }

  @Test func keepChangesApart() async throws {
    let root = try BusyboxRoot()
    let mount = SandboxMount(.layers(try layers(root, "/d", writable: true)), at: "/m")
    let run = try await root.shell("echo new >/m/new; rm /m/b; echo more >>/m/a; cat /m/*") { $0.mounts = [mount] }
    #expect(run.output == "high\nmore\nnew\n")
    #expect(try root.changes() == [])
    let changed = try Files.names(in: root.path.appending("changes").appending("d")).map(\.string)
    #expect(changed == ["a", "b", "new"])
    #expect(try Files.read(root.path.appending("top").appending("d").appending("a")) == Array("high\n".utf8))
  }

  @Test func showFilesAndManyAtOnce() async throws {
    let root = try BusyboxRoot()
    let file = SandboxMount(.layers(try layers(root, "/d/a", writable: false)), at: "/etc/new/file")
    let mounts = (0..<8).map { index in SandboxMount(file.source, at: FilePath("/m\(index)/f")) }
    let run = try await root.shell("cat /etc/new/file /m?/f | wc -l") { $0.mounts = [file] + mounts }
    #expect(run.output == "9\n", "\(run.errorOutput)")
    #expect(try root.changes() == [])
  }

  @Test func whatIsNotThereIsAnErrorOfThatMount() async throws {
    let root = try BusyboxRoot()
    let missing = SandboxMount(.layers(try layers(root, "/d/none", writable: false)), at: "/m")
    let error = await #expect(throws: SandboxError.self) {
      try await root.shell("true") { $0.mounts = [SandboxMount(.tmpfs(size: nil), at: "/t"), missing] }
    }
    guard case .setUp(let failure)? = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.mount == 1)
    #expect(failure.errno == .noSuchFileOrDirectory)
    #expect(failure.step == "mount /d/none of other layers on /m")
  }

  @Test func linksInLayersLeadNowhereElse() async throws {
    let root = try BusyboxRoot()
    let shown = try layers(root, "/link", writable: false)
    #expect(symlink("/etc", root.path.appending("top").appending("link").string) == 0)
    let error = await #expect(throws: SandboxError.self) {
      try await root.shell("ls /m") { $0.mounts = [SandboxMount(.layers(shown), at: "/m")] }
    }
    #expect(error?.diagnostics.first?.message.contains("no such file") == true)
  }
}
