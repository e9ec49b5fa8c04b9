import Glibc
import HostOS
import SystemPackage
import TestSupport
import Testing

@Suite struct ChildProcessTests {
  @Test func collectsOutputs() async throws {
    let outcome = try await ChildProcess("sh", ["-c", "echo out; echo err >&2; exit 3"]).run()
    #expect((outcome.status, outcome.outputText, outcome.errorText) == (3, "out\n", "err\n"))
    #expect(!outcome.succeeded)
    #expect(try await ChildProcess("true").run().succeeded)
  }

  @Test(arguments: [(SIGTERM, 143), (SIGKILL, 137)] as [(Int32, Int32)])
  func tellsSignals(_ signal: Int32, _ status: Int32) async throws {
    #expect(try await ChildProcess("sh", ["-c", "kill -\(signal) $$"]).run().status == status)
  }

  @Test func passesEnvironmentArgumentsAndFolder() async throws {
    try await Scratch.use("child") { scratch in
      let script = #"printf '%s|%s|%s|%s' "$A" "$HOME" "$1" "$PWD""#
      let outcome = try await ChildProcess(
        "/bin/sh", ["-c", script, "sh", "an argument"], environment: ["A": "1"], workingDirectory: scratch.path
      ).run()
      #expect(outcome.outputText == "1||an argument|\(scratch.path)")
    }
  }

  @Test func feedsInput() async throws {
    let input = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
    let outcome = try await ChildProcess("cat", input: input).run()
    #expect(outcome.output == input)
    #expect(try await ChildProcess("cat").run().output.isEmpty)
  }

  /// Neither a signal nor an error.
  @Test func forgivesProgramsThatDoNotReadTheirInput() async throws {
    let outcome = try await ChildProcess("true", input: Array(repeating: 0, count: 1 << 20)).run()
    #expect(outcome.succeeded)
  }

  @Test func limitsOutput() async throws {
    var child = ChildProcess("head", ["-c", "1000", "/dev/zero"])
    child.outputLimit = 1000
    #expect(try await child.run().output.count == 1000)
    child.outputLimit = 999
    let error = await #expect(throws: ChildProcessError.self) { try await child.run() }
    #expect(error?.reason == "it writes more than 999 bytes")
  }

  @Test(arguments: ["slipway-absent-program", "/absent/program", "/etc/passwd", "/"])
  func saysWhatCannotBeRun(_ program: String) async throws {
    let error = await #expect(throws: ChildProcessError.self) { try await ChildProcess(program).run() }
    #expect(error?.executable == program)
    #expect(try #require(error).reason == "it is not there or cannot be executed")
    #expect("\(try #require(error))".hasPrefix("error[child-process]: cannot run \(program): it is not there"))
  }

  @Test func saysThatTheFolderIsMissing() async throws {
    let error = await #expect(throws: ChildProcessError.self) {
      try await ChildProcess("true", workingDirectory: "/absent").run()
    }
    #expect(error?.reason == "there is no folder /absent")
  }

  /// In a process of its own, since other tests open files at the same time.
  @Test func leaksNoDescriptors() async throws {
    await #expect(processExitsWith: .success) {
      // The first run opens what is kept for later ones.
      _ = try await ChildProcess("true", input: [1]).run()
      let before = try Files.names(in: "/proc/self/fd").count
      for _ in 0..<20 {
        _ = try await ChildProcess("true", input: [1]).run()
        await #expect(throws: ChildProcessError.self) { try await ChildProcess("/absent", input: [1]).run() }
      }
      #expect(try Files.names(in: "/proc/self/fd").count <= before + 2)
    }
  }

  /// The program and what it started are gone when the cancelled call returns.
  @Test func cancellationEndsTheProcessGroup() async throws {
    try await Scratch.use("child") { scratch in
      try scratch.write(["ready": .fifo])
      let child = ChildProcess(
        "sh", ["-c", "sleep 1000 & echo $! > pid; echo > ready; wait"], workingDirectory: scratch.path)
      let task = Task { try await child.run() }
      _ = try await Blocking.run { try Files.read(scratch("ready")) }
      let text = String(decoding: try Files.read(scratch("pid")), as: UTF8.self)
      let pid = try #require(Int32(text.split(separator: "\n")[0]))
      #expect(kill(pid, 0) == 0)
      task.cancel()
      let result = await task.result
      if case .success(let outcome) = result { #expect(!outcome.succeeded) }
      // The kernel has the signal, but a busy machine may take a moment to end the process.
      let deadline = ContinuousClock.now + .seconds(10)
      while try !Self.isGone(pid), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
      #expect(try Self.isGone(pid))
    }
  }

  /// A process that ended is a zombie until init has seen it.
  private static func isGone(_ pid: Int32) throws -> Bool {
    guard kill(pid, 0) == 0 else { return true }
    let status = String(decoding: try Files.read(FilePath("/proc/\(pid)/stat")), as: UTF8.self)
    return status.split(separator: ")").last?.hasPrefix(" Z") == true
  }
}
