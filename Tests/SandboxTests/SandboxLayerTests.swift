import Diagnostics
import Glibc
import HostOS
import Sandbox
import SystemPackage
import Testing

@Suite struct SandboxLayerTests {
  @Test func aCommandThatChangesNothingLeavesNothing() async throws {
    let root = try BusyboxRoot()
    #expect(try await root.shell("cat /data/file").output == "lower\n")
    #expect(try root.changes() == [])
  }

  @Test func deletionsAreWhiteouts() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("rm /data/file")
    let status = try FileStatus(of: root.upper.appending("data").appending("file"))
    #expect(status.kind == .characterDevice)
    #expect(status.deviceMajor == 0 && status.deviceMinor == 0)
    #expect(try root.changes() == ["data", "data/file"])
  }

  @Test func aFolderThatIsMadeAnewIsOpaque() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("rm -r /data; mkdir /data; echo new > /data/new")
    let value = try ExtendedAttributes.value(of: Sandbox.opaqueAttribute, at: root.upper.appending("data"))
    #expect(value == Array("y".utf8))
    #expect(try root.changes() == ["data", "data/new"])
  }

  @Test func aFileCanReplaceAFolderAndTheReverse() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("rm -r /data; echo file > /data; rm /etc/passwd; mkdir /etc/passwd")
    #expect(try FileStatus(of: root.upper.appending("data")).kind == .file)
    #expect(try FileStatus(of: root.upper.appending("etc").appending("passwd")).kind == .directory)
  }

  @Test func ownersModesAndLinksAreKept() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("echo a > /a; chown 1234:5678 /a; chmod 4755 /a; chown 1:2 /data/other")
    let first = try FileStatus(of: root.upper.appending("a"))
    #expect(first.uid == 1234 && first.gid == 5678 && first.mode == 0o4755)
    #expect(try FileStatus(of: root.upper.appending("data").appending("other")).uid == 1)
  }

  @Test(arguments: [1, 2, 130, 400])
  func joinsManyLayers(_ count: Int) async throws {
    var root = try BusyboxRoot()
    for index in 0..<count {
      let layer = root.path.appending("layer-\(index)-with,a:strange\\name")
      try Files.createDirectories(layer)
      try Files.writeAtomically(Array("\(index)\n".utf8), to: layer.appending("top"))
      try Files.writeAtomically([], to: layer.appending("of-\(index)"))
      root.root.lowers.append(layer)
    }
    let run = try await root.shell("cat /top; echo /of-* | wc -w")
    #expect(run.lines == ["\(count - 1)", "\(count)"])
  }

  @Test func tooManyLayersAreRefusedInWords() async throws {
    var root = try BusyboxRoot()
    root.root.lowers = Array(repeating: root.lower, count: 501)
    let error = await #expect(throws: SandboxError.self) { try await root.shell("true") }
    #expect(error?.description.contains("501 layers") == true)
  }

  @Test func anEmptyRootCanRunWhatIsInItsUpperFolder() async throws {
    var root = try BusyboxRoot()
    try Files.writeAtomically(try Files.read("/bin/busybox"), to: root.upper.appending("busybox"))
    guard chmod(root.upper.appending("busybox").string, 0o755) == 0 else { throw Errno.current }
    root.root.lowers = []
    let run = try await root.run(["/busybox", "ls", "/"])
    #expect(run.lines == ["busybox", "dev", "proc", "sys"])
    #expect(try root.changes() == ["busybox"])
  }

  @Test func commandsMayFollowOneAnotherInOneUpperFolder() async throws {
    let root = try BusyboxRoot()
    _ = try await root.shell("echo one > /one; mkdir -p /run")
    let run = try await root.shell("cat /one") { $0.mounts = [SandboxMount(.tmpfs(size: nil), at: "/run/x")] }
    #expect(run.output == "one\n")
    #expect(try root.changes() == ["one", "run"])
  }

  @Test func aMissingLayerIsNamed() async throws {
    var root = try BusyboxRoot()
    root.root.lowers.append("/no/such/layer")
    let error = await #expect(throws: SandboxError.self) { try await root.shell("true") }
    #expect(error?.description.contains("/no/such/layer") == true)
    #expect(error?.description.contains("open the layers") == true)
  }

  /// The root of a container is an overlay; a store there cannot work.
  @Test func anUpperFolderOnAnOverlayIsExplained() async throws {
    let root = try BusyboxRoot()
    let mounted = root.path.appending("mounted")
    for name in ["mounted", "u", "w"] { try Files.createDirectories(root.path.appending(name)) }
    let options = "lowerdir=\(root.lower),upperdir=\(root.path)/u,workdir=\(root.path)/w"
    let outer = try await ChildProcess("mount", ["-t", "overlay", "overlay", "-o", options, mounted.string]).run()
    #expect(outer.succeeded, "\(outer.errorText)")
    for name in ["upper", "work"] { try Files.createDirectories(mounted.appending(name)) }
    let inner = RootFilesystem(
      lowers: [root.lower], upper: mounted.appending("upper"), work: mounted.appending("work"))
    let error = await #expect(throws: SandboxError.self) {
      try await Sandbox().run(SandboxCommand(["/bin/true"]), in: inner) { _, _ in }
    }
    _ = try await ChildProcess("umount", [mounted.string]).run()
    guard case .setUp(let failure)? = error?.cause else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(failure.step == "mount overlay")
    #expect(error?.help.first?.contains("SLIPWAY_ROOT") == true)
  }
}
