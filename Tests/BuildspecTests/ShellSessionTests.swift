import Buildspec
import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct ShellSessionTests {
  private let scratch: Scratch
  private let source: FilePath

  init() throws {
    scratch = try Scratch("session")
    source = try scratch.write(["a/b/c": "x"], in: "source")
  }

  private func session(
    _ version: Buildspec.Version = .v0_2, shell: ShellProgram = ShellProgram("/bin/bash", options: ["--posix"]),
    _ variables: [String: String] = [:]
  ) throws -> ShellSession {
    let environment = ["PATH": Environment.current["PATH"] ?? "", "HOME": "/root"].merging(variables) { $1 }
    return try ShellSession(
      shell, version, source: source, environment: Environment(environment), mark: Files.uniqueName())
  }

  /// Runs commands, and says what they wrote and how each ended.
  private func run(_ session: ShellSession, _ commands: [String]) throws -> (
    text: String, endings: [SessionChild.Ending]
  ) {
    var bytes: [UInt8] = []
    let endings = try commands.map { try session.run($0) { bytes += $0 } }
    return (String(decoding: bytes, as: UTF8.self), endings)
  }

  static let shells = [
    ShellProgram("/bin/bash", options: ["--posix"]), ShellProgram("/bin/bash"), ShellProgram("/bin/sh"),
  ]

  @Test(arguments: shells)
  func folderAndVariablesCarryOver(shell: ShellProgram) throws {
    let session = try session(shell: shell, ["GIVEN": "it's\n\"given\" $x", "GONE": "1"])
    let result = try run(
      session,
      [
        "A=1", "cd a/b", "pwd", "echo $A; sh -c 'echo child $A'", "printf '%s\\n' \"$GIVEN\"", "unset GONE",
        "echo ${GONE-none}", "B=\"$(printf 'x\\ny')\"", "echo \"$B\"", "exit 0", "C=1; exit 0",
        "echo [$C]",
      ])
    #expect(
      result.text == "\(source)/a/b\n1\nchild 1\nit's\n\"given\" $x\nnone\nx\ny\n[]\n", "\(shell)")
    #expect(result.endings.filter { !$0.succeeded }.isEmpty)
    #expect(session.folder == source.pushing("a/b"))
    #expect(try session.values(of: ["A", "B", "NONE", "GONE"]) == ["A": "1", "B": "x\ny"])
  }

  @Test func functionsAndOptionsDoNotCarryOver() throws {
    let result = try run(
      try session(), ["f() { echo f; }; set -e; alias g=echo; umask 077", "f || echo none", "false; echo on", "umask"])
    #expect(result.text.hasSuffix("none\non\n0022\n"))
    #expect(result.text.contains("line 4: f: command not found"))
  }

  @Test func version01CarriesNothingOver() throws {
    let result = try run(try session(.v0_1), ["A=1; cd a", "echo [$A]; pwd"])
    #expect(result.text == "[]\n\(source)\n")
  }

  @Test func endingsAreThoseOfTheCommand() throws {
    let result = try run(
      try session(),
      ["exit 7", "false", "kill -9 $$", "if", "a | true", "false\ntrue\n", "true # x", "cat <<E\nx\nE"])
    #expect(
      result.endings == [
        .exited(7), .exited(1), .signaled(9), .exited(2), .exited(0), .exited(0), .exited(0), .exited(0),
      ])
  }

  @Test func noCommandWaitsForInputOrATerminal() throws {
    let result = try run(try session(), ["cat; tty || true; (: </dev/tty) 2>/dev/null || echo none"])
    #expect(result.text == "not a tty\nnone\n")
  }

  @Test func programsInTheBackgroundStayUntilTheEnd() throws {
    let session = try session()
    let start = ContinuousClock.now
    let result = try run(
      session,
      [
        "sleep 300 & echo $! > pid", "nohup sleep 300 >/dev/null 2>&1 &", "setsid sleep 300 &",
        "kill -0 $(cat pid) && echo alive",
      ])
    #expect(result.text.hasSuffix("alive\n"))
    session.end()
    #expect(ContinuousClock.now - start < .seconds(20))
    let pid =
      String(decoding: try Files.read(source.appending("pid")), as: UTF8.self).split(separator: "\n").first ?? ""
    // Nobody collects it here but init, so it may be a zombie.
    let status = (try? Files.read(FilePath("/proc/\(pid)/stat"))).map { String(decoding: $0, as: UTF8.self) } ?? "gone"
    #expect(status == "gone" || status.contains(") Z "), "\(status)")
  }

  @Test func whatRunsIsEndedWhenItIsCanceled() async throws {
    let session = try session()
    let cancel = session.canceller
    let canceller = Task.detached {
      try await Task.sleep(for: .milliseconds(200))
      cancel()
    }
    let start = ContinuousClock.now
    let ending = try session.run("sleep 300 & sleep 300") { _ in }
    try await canceller.value
    #expect(ending == .signaled(15) && ContinuousClock.now - start < .seconds(10))
    session.end()
  }

  @Test func textsAreEvaluatedAsShellsDo() throws {
    let session = try session()
    _ = try run(session, ["V=1 W='a  b'", "cd a"].map { $0.replacing(" W", with: "; W") })
    let texts = ["x-$V", "$(date +\"%Y\" | wc -c)", "\"q\" 'r'", "${W}", "${N:-d}", "$(pwd)", "tail\\", "a\\$V", ""]
    let values = try session.evaluate(texts) { _ in }
    #expect(values == ["x-1", "5", "\"q\" 'r'", "a  b", "d", "\(source)/a", "tail\\", "a$V", ""])
    let broken = try session.evaluate(["${NONE?}"]) { _ in }
    #expect(broken == nil)
  }

  @Test func assignmentsHoldForAllCommands() throws {
    let session = try session()
    session.set("CODEBUILD_BUILD_SUCCEEDING", "1")
    let first = try run(session, ["echo $CODEBUILD_BUILD_SUCCEEDING", "CODEBUILD_BUILD_SUCCEEDING=x", "exit 1"])
    session.set("CODEBUILD_BUILD_SUCCEEDING", "0")
    let second = try run(session, ["echo $CODEBUILD_BUILD_SUCCEEDING; sh -c 'echo $CODEBUILD_BUILD_SUCCEEDING'"])
    #expect(first.text == "1\n" && second.text == "0\n0\n")
  }

  @Test func largeOutputPasses() throws {
    let result = try run(try session(), ["head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end >&2"])
    #expect(result.text.utf8.count == 3_000_005 && result.text.hasSuffix("x\nend\n"))
  }

  @Test func commandsRunAsUsers() throws {
    guard UserIdentity.currentID == 0 else { return }
    let nobody = try #require(UserIdentity(named: "nobody"))
    let session = try session()
    var bytes: [UInt8] = []
    for command in ["V=2; id -un; cd a", "echo $V; pwd; id -u"] {
      let ending = try session.run(command, as: nobody) { bytes += $0 }
      #expect(ending.succeeded)
    }
    let last = try session.run("echo $V; id -un; echo $HOME") { bytes += $0 }
    #expect(last.succeeded)
    #expect(String(decoding: bytes, as: UTF8.self) == "nobody\n2\n\(source)/a\n\(nobody.uid)\n2\nroot\n/root\n")
  }
}
