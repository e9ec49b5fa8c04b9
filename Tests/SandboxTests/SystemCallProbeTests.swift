import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@testable import Sandbox

/// What the kernel answers to a command's system calls and which rights a command has, at every rung, beside a build of
/// Debian's dockerd.
@Suite(.serialized, .timeLimit(.minutes(4))) struct SystemCallProbeTests {
  /// Where Docker 28, which our filter is like, differs from the 20.10 of Debian.
  private static let newer = [
    "io_uring_setup": refused, "name_to_handle_at": "e", "process_vm_readv": "0", "socket_alg": refused,
    "socket_vsock": refused,
  ]
  /// EPERM.
  private static let refused = "1"

  /// A busybox root with the program, as `/probe` and with the setuid bit.
  private static func root() async throws -> BusyboxRoot {
    let root = try BusyboxRoot()
    let probe = root.lower.appending("probe")
    try await SystemCallProbe.build(at: probe)
    try await Tool.run("cp", [probe.string, root.lower.appending("setuid").string])
    try await permitSetuid(in: root.path)
    return root
  }

  private static func permitSetuid(in folder: FilePath) async throws {
    try await Tool.run("chmod", ["4755", folder.appending("lower").appending("setuid").string])
  }

  private static let user = SandboxUser(uid: 1000, gid: 1000)

  /// As root of the machine in namespaces.
  private static func answers(in root: borrowing BusyboxRoot) async throws -> [String: String] {
    let runs = [
      try await root.run(["/probe"]), try await root.run(["/probe", "user."]) { $0.user = user },
      try await root.run(["/setuid", "setuid."]) { $0.user = user },
    ]
    #expect(runs.map(\.status) == [.exited(0), .exited(0), .exited(0)])
    return SystemCallProbe.answers(in: runs.map(\.output).joined())
  }

  private static func expectSame(_ answers: [String: String], as others: [String: String]) {
    for name in Set(answers.keys).union(others.keys).sorted() { #expect(answers[name] == others[name], "\(name)") }
  }

  @Test func dockerAnswersTheSame() async throws {
    let root = try await Self.root()
    let ours = try await Self.answers(in: root)
    var theirs = try await Self.answersOfDocker(root.lower)
    #expect(theirs.count > 150)
    for (name, answer) in Self.newer {
      for prefix in ["", "user.", "setuid."] { theirs[prefix + name] = answer }
    }
    Self.expectSame(ours, as: theirs)
    // Programs like sudo work.
    #expect(ours["setuid.effective_user"] == "0")
    #expect(ours["setuid.effective"] == "a80425fb")
    #expect(ours["no_new_privileges"] == "0")
    #expect(ours["filtered"] == "2")
  }

  @Test func plainUsersWithRangesGetTheSame() async throws {
    let root = try await Self.root()
    let expected = try await Self.answers(in: root)
    try await PlainUser.withRanges { user in
      try await user.adopt(root)
      try await Self.permitSetuid(in: user.folder)
      let folder = user.folder.string
      var output = try await user.run(["run", folder, "--", "/probe"]).outputText
      for command in [["/probe", "user."], ["/setuid", "setuid."]] {
        output += try await user.run(["run", folder, "user", "1000", "1000", "--"] + command).outputText
      }
      Self.expectSame(SystemCallProbe.answers(in: output), as: expected)
      _ = try await user.run(["remove", user.folder.string])
    }
  }

  @Test func plainUsersWithOneIDGetTheSame() async throws {
    let root = try await Self.root()
    let expected = try await root.run(["/probe"])
    let user = try PlainUser.withoutRanges()
    try await user.adopt(root)
    let run = try await user.run(["run", user.folder.string, "--", "/probe"])
    Self.expectSame(
      SystemCallProbe.answers(in: run.outputText), as: SystemCallProbe.answers(in: expected.output))
  }

  /// In a changed root folder, the capabilities that lead out of it are gone, and what they permit.
  @Test func aChangedRootFolderHasFewerRights() async throws {
    let root = try await Self.root()
    var expected = try await Self.answers(in: root)
    for prefix in ["", "setuid."] {
      expected[prefix + "chroot"] = Self.refused
      for name in ["effective", "permitted"] { expected[prefix + name] = "a00025fb" }
    }
    expected["user.chroot"] = Self.refused
    for prefix in ["", "user.", "setuid."] { expected[prefix + "bounding"] = "a00025fb" }
    Self.expectSame(try await Self.answersInFolder(root.path, []), as: expected)
  }

  /// A container's own filter is the only one then: ours would take from commands the right to use sudo.
  @Test func whereOnlyNoNewPrivilegesWouldDoThereIsNoFilter() async throws {
    let root = try await Self.root()
    let answers = try await Self.answersInFolder(root.path, SandboxChrootTests.containerRights)
    #expect(answers["filtered"] == "0")
    #expect(answers["no_new_privileges"] == "0")
    #expect(answers["setuid.effective_user"] == "0")
    #expect(answers["setuid.effective"] == "a00025fb")
    #expect(answers["user.effective"] == "0")
    #expect(answers["unshare_nothing"] == "0")
  }

  /// Where they are there already, they do no more harm.
  @Test func whereNoNewPrivilegesAreThereIsAFilter() async throws {
    let root = try await Self.root()
    let answers = try await Self.answersInFolder(root.path, ["--no-new-privs"] + SandboxChrootTests.containerRights)
    #expect(answers["filtered"] == "2")
    #expect(answers["no_new_privileges"] == "1")
    #expect(answers["unshare_nothing"] == Self.refused)
  }

  /// - Parameter rights: options of setpriv(1).
  private static func answersInFolder(_ folder: FilePath, _ rights: [String]) async throws -> [String: String] {
    let program = try SandboxChrootTests.program().string
    var output = ""
    for (user, command) in [("0", ["/probe"]), ("1000", ["/probe", "user."]), ("1000", ["/setuid", "setuid."])] {
      let arguments = [program, "chroot", folder.string, "user", user, user, "--"] + command
      let run = try await Tool.attempt("setpriv", rights + arguments)
      #expect(run.errorText == "")
      output += run.outputText
    }
    return SystemCallProbe.answers(in: output)
  }

  private static func answersOfDocker(_ folder: FilePath) async throws -> [String: String] {
    try await DockerDaemon.run { daemon in
      let directory = try TemporaryDirectory()
      try await Tool.run(
        "cp", ["-p", folder.appending("probe").string, folder.appending("setuid").string, directory.path.string])
      let dockerfile = """
        FROM scratch
        COPY . /
        RUN ["/probe"]
        USER 1000:1000
        RUN ["/probe", "user."]
        RUN ["/setuid", "setuid."]
        """
      try Files.writeAtomically(Array(dockerfile.utf8), to: directory.path.appending("Dockerfile"))
      let outcome = try await daemon.docker([
        "build", "--progress=plain", "--no-cache", "--network=none", directory.path.string,
      ])
      try #require(outcome.succeeded, "\(outcome.errorText)")
      return SystemCallProbe.answers(in: outcome.errorText)
    }
  }
}
