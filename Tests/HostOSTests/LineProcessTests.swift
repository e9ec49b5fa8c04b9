import HostOS
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite struct LineProcessTests {
  private struct Line: Sendable, Hashable {
    var text: String
    var stream: LineProcess.Stream
  }

  private final class Lines: Sendable {
    private let lines = Mutex<[Line]>([])
    func add(_ bytes: [UInt8], _ stream: LineProcess.Stream) {
      lines.withLock { $0.append(Line(text: String(decoding: bytes, as: UTF8.self), stream: stream)) }
    }
    func of(_ stream: LineProcess.Stream) -> [String] {
      lines.withLock { $0 }.filter { $0.stream == stream }.map(\.text)
    }
  }

  private func process(_ script: String, input: String = "", grace: Duration = .seconds(20)) -> LineProcess {
    LineProcess(
      SessionChild.Command("/bin/sh", ["-c", script], environment: ["PATH=/usr/bin:/bin"], directory: "/"),
      input: Array(input.utf8), grace: grace)
  }

  @Test func linesComeByTheirStreams() async throws {
    let lines = Lines()
    let outcome = try await process("cat; printf 'no line feed'; echo wrong >&2; exit 3", input: "one\ntwo\n")
      .run { lines.add($0, $1) }
    #expect(outcome == LineProcess.Outcome(ending: .exited(3), stop: nil, wasKilled: false))
    #expect(lines.of(.output) == ["one", "two", "no line feed"])
    #expect(lines.of(.errorOutput) == ["wrong"])
  }

  @Test func aProgramThatReadsNothingIsNoFailure() async throws {
    let outcome = try await process("exec true", input: String(repeating: "x", count: 1 << 20)).run { _, _ in }
    #expect(outcome.ending == .exited(0))
  }

  @Test func cancellationAsksForTheEnd() async throws {
    let lines = Lines()
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await process("trap 'echo cleaned; exit 7' TERM; echo started; while :; do sleep 0.02; done").run {
        lines.add($0, $1)
        continuation.yield()
      }
    }
    for await _ in started { break }
    task.cancel()
    #expect(try await task.value == LineProcess.Outcome(ending: .exited(7), stop: .cancelled, wasKilled: false))
    #expect(lines.of(.output) == ["started", "cleaned"])
  }

  @Test func whoDoesNotEndIsKilled() async throws {
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    let task = Task {
      try await process("trap '' TERM; echo started; while :; do sleep 0.02; done", grace: .milliseconds(50)).run {
        _, _ in continuation.yield()
      }
    }
    for await _ in started { break }
    task.cancel()
    #expect(try await task.value == LineProcess.Outcome(ending: .signaled(9), stop: .cancelled, wasKilled: true))
  }

  @Test func aDeadlineEndsIt() async throws {
    let outcome = try await process("exec sleep 600").run(deadline: .now + .milliseconds(200)) { _, _ in }
    #expect(outcome == LineProcess.Outcome(ending: .signaled(15), stop: .deadline, wasKilled: false))
  }

  /// Its children hold the pipe, which must not keep anybody waiting.
  @Test func nothingOfItsGroupIsLeft() async throws {
    let lines = Lines()
    let outcome = try await process("sleep 600 & echo $!").run { lines.add($0, $1) }
    #expect(outcome.ending == .exited(0))
    let number = try #require(lines.of(.output).first.flatMap { Int32($0) })
    // A zombie has no command line.
    #expect((try? Files.read(FilePath("/proc/\(number)/cmdline"))) ?? [] == [])
  }

  @Test func longLinesComeInPieces() async throws {
    let lines = Lines()
    var process = process("printf 'abcdefgh\\nij\\n'")
    process.lineLimit = 3
    _ = try await process.run { lines.add($0, $1) }
    #expect(lines.of(.output) == ["abc", "def", "gh", "ij"])
  }

  @Test func longLinesEndAProgramThatMayHaveNone() async throws {
    let lines = Lines()
    var process = process("yes | tr -d '\\n'")
    process.lineLimit = 1000
    process.stopsAtLongLines = true
    let outcome = try await process.run { lines.add($0, $1) }
    #expect(outcome.stop == .lineTooLong && outcome.ending == .signaled(15))
    #expect(lines.of(.output) == [])
  }
}
