import HostOS
import Sandbox
import SystemPackage
import Testing

/// How commands, and what they start, begin and end.
@Suite(.timeLimit(.minutes(2))) struct SandboxLifetimeTests {
  @Test func orphansAreReaped() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell(
      "for i in 1 2 3; do sh -c 'sh -c \"echo >>/tmp/ended; exit 3\" & exec true'; done; "
        + "until [ \"$(cat /tmp/ended 2>/dev/null | wc -l)\" = 3 ]; do :; done; "
        + "n=0; while ps -o stat | grep -q Z; do n=$((n+1)); [ $n -lt 500 ] || exit 9; done; echo reaped")
    #expect(run.output == "reaped\n")
  }

  @Test func aSignalToProcessOneFromInsideDoesNothing() async throws {
    let root = try BusyboxRoot()
    let run = try await root.shell("kill -TERM 1; kill -KILL 1; echo alive")
    #expect(run.output == "alive\n")
    #expect(run.status == .exited(0))
  }

  @Test func whatIsLeftInTheBackgroundEndsWithTheCommand() async throws {
    let root = try BusyboxRoot()
    let started = ContinuousClock.now
    let run = try await root.shell("setsid sleep 1000 & (sleep 1000 &) ; echo done")
    #expect(run.output == "done\n")
    #expect(ContinuousClock.now - started < .seconds(60))
  }

  @Test func cancellationKillsTheTree() async throws {
    let root = try BusyboxRoot()
    let (lines, continuation) = AsyncStream<Void>.makeStream()
    let filesystem = root.root
    let task = Task {
      let command = SandboxCommand(
        ["/bin/sh", "-c", "setsid sleep 1000 & trap '' TERM; echo started; sleep 1000"], environment: ["PATH=/bin"])
      return try await Sandbox().run(command, in: filesystem) { _, _ in continuation.yield() }
    }
    for await _ in lines { break }
    task.cancel()
    let result = await task.result
    #expect(throws: CancellationError.self) { try result.get() }
    #expect(try root.changes() == [])
  }

  @Test func aCancelledTaskStartsNothingThatStays() async throws {
    let root = try BusyboxRoot()
    let filesystem = root.root
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await Sandbox().run(SandboxCommand(["/bin/sleep", "1000"]), in: filesystem) { _, _ in }
    }
    let result = await task.result
    #expect(throws: CancellationError.self) { try result.get() }
  }

  @Test func aTimeoutKillsTheTree() async throws {
    let root = try BusyboxRoot()
    let error = await #expect(throws: SandboxError.self) {
      try await root.shell("sleep 1000 & sleep 1000") { $0.timeout = .milliseconds(50) }
    }
    #expect(error?.cause == .timedOut(.milliseconds(50)))
  }

  @Test func outputWithoutEndDoesNotStopTheClock() async throws {
    let root = try BusyboxRoot()
    let error = await #expect(throws: SandboxError.self) {
      try await root.shell("while true; do echo yes; done") { $0.timeout = .milliseconds(200) }
    }
    #expect(error?.cause == .timedOut(.milliseconds(200)))
  }

  @Test func manyCommandsRunSideBySide() async throws {
    try await withThrowingTaskGroup(of: String.self) { group in
      for index in 0..<12 {
        group.addTask {
          let root = try BusyboxRoot()
          return try await root.shell("echo \(index); exit 0").output
        }
      }
      var outputs: Set<String> = []
      for try await output in group { outputs.insert(output) }
      #expect(outputs == Set((0..<12).map { "\($0)\n" }))
    }
  }
}
