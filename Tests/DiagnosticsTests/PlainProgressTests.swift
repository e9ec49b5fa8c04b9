@testable import Diagnostics
import Synchronization
import Testing

@Suite struct PlainProgressTests {
  private final class Output: Sendable {
    private let state = Mutex("")
    var text: String { state.withLock { $0 } }
    func add(_ text: String) { state.withLock { $0 += text } }
  }

  private static func lines(_ events: [(Int, Double, ProgressEvent.Kind)]) -> String {
    let output = Output()
    let progress = PlainProgress { output.add($0) }
    for (step, time, kind) in events { progress.receive(ProgressEvent(step: step, time: .seconds(time), kind: kind)) }
    return output.text
  }

  private static func log(_ text: String, _ stream: ProgressEvent.LogStream = .output) -> ProgressEvent.Kind {
    .log(stream: stream, bytes: Array(text.utf8))
  }

  @Test func showsAStep() {
    let text = Self.lines([
      (1, 0, .started(name: "[1/2] FROM alpine")), (1, 0, .cached), (2, 1, .started(name: "[2/2] RUN make")),
      (2, 1.312, Self.log("cc -o app\n")), (2, 1.95, .finished),
    ])
    #expect(
      text == """
        #1 [1/2] FROM alpine
        #1 CACHED

        #2 [2/2] RUN make
        #2 0.312 cc -o app
        #2 DONE 0.9s

        """)
  }

  @Test func namesAStepAgainWhenStepsMix() {
    let text = Self.lines([
      (1, 0, .started(name: "one")), (2, 0, .started(name: "two")), (1, 1, Self.log("a\n")), (1, 1, Self.log("b\n")),
      (2, 2, Self.log("c\n")), (1, 3, .finished), (2, 4, .failed(message: "exit code 1\nmore")),
    ])
    #expect(
      text == """
        #1 one

        #2 two

        #1 one
        #1 1.000 a
        #1 1.000 b

        #2 two
        #2 2.000 c

        #1 one
        #1 DONE 3.0s

        #2 two
        #2 ERROR: exit code 1

        """)
  }

  @Test func putsPartialLinesTogether() {
    let text = Self.lines([
      (1, 0, .started(name: "s")), (1, 0, Self.log("he")), (1, 0, Self.log("err", .error)),
      (1, 0, Self.log("llo\r\nwor")),
      (1, 1, Self.log("\n\nx", .error)), (1, 2, .finished),
    ])
    #expect(
      text == """
        #1 s
        #1 0.000 hello
        #1 1.000 err
        #1 1.000\u{20}
        #1 2.000 wor
        #1 2.000 x
        #1 DONE 2.0s

        """)
  }

  @Test func breaksEndlessLines() {
    let long = String(repeating: "x", count: 40_000)
    let text = Self.lines([
      (1, 0, .started(name: "s")), (1, 0, Self.log(long)), (1, 0, Self.log(long)), (1, 0, .finished),
    ])
    #expect(text == "#1 s\n#1 0.000 \(long)\(long)\n#1 DONE 0.0s\n")
  }

  @Test func limitsTransfersToOneLineASecond() {
    let text = Self.lines([
      (1, 0, .started(name: "push")), (1, 0, .transfer(name: "a", completed: 0, total: 4000)),
      (1, 0.1, .transfer(name: "b", completed: 5, total: nil)),
      (1, 0.5, .transfer(name: "a", completed: 1000, total: 4000)),
      (1, 1.0, .transfer(name: "a", completed: 2000, total: 4000)),
      (1, 1.05, .transfer(name: "b", completed: 6, total: nil)),
      (1, 1.2, .transfer(name: "a", completed: 4000, total: 4000)),
    ])
    #expect(
      text == """
        #1 push
        #1 a 0B / 4.00kB
        #1 b 5B
        #1 a 2.00kB / 4.00kB
        #1 a 4.00kB / 4.00kB done

        """)
  }

  @Test func forgetsStepsThatEnded() {
    #expect(
      Self.lines([(1, 0, .started(name: "s")), (1, 0, .cached), (1, 1, Self.log("late\n"))]) == "#1 s\n#1 CACHED\n")
    #expect(Self.lines([(7, 0, Self.log("never began\n"))]) == "")
  }

  @Test func rendersDiagnosticsBetweenSteps() {
    #expect(Self.lines([(0, 0, .diagnostic(.warning("c", "m")))]) == "warning[c]: m\n")
  }

  @Test(arguments: [
    (0, "0B"), (999, "999B"), (1000, "1.00kB"), (1234, "1.23kB"), (999_999, "999.99kB"), (1_000_000, "1.00MB"),
    (31_457_280, "31.45MB"), (2_500_000_000, "2.50GB"), (7_000_000_000_000, "7.00TB"), (Int64.max, "9223372.03TB"),
  ])
  func writesSizes(_ count: Int64, _ text: String) {
    #expect(PlainProgress.bytes(count) == text)
  }

  @Test(arguments: [(0.0, 1, "0.0"), (0.999, 1, "0.9"), (12.3456, 3, "12.345"), (0.005, 3, "0.005"), (-1.5, 1, "0.0")])
  func writesDurations(_ seconds: Double, _ digits: Int, _ text: String) {
    #expect(PlainProgress.seconds(.milliseconds(Int((seconds * 1000).rounded(.towardZero))), digits: digits) == text)
  }

  @Test func whatAStepDoesIsALine() {
    let text = Self.lines([
      (1, 0, .started(name: "wait")), (1, 1, .told(message: "tasks\nmore", completed: 1, total: 4)),
      (1, 2, .told(message: "2 of 4 run", completed: 2, total: 4)),
      (1, 3, .told(message: nil, completed: 2.5, total: nil)),
      (1, 4, .told(message: "settling", completed: nil, total: nil)),
    ])
    #expect(
      text == """
        #1 wait
        #1 1.000 tasks (1 of 4)
        #1 2.000 2 of 4 run
        #1 3.000 2.5
        #1 4.000 settling

        """)
  }
}
