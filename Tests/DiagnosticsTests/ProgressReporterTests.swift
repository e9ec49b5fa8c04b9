import Diagnostics
import Synchronization
import Testing

@Suite struct ProgressReporterTests {
  private final class Recorder: ProgressSink {
    private let state = Mutex<[String]>([])
    var events: [String] { state.withLock { $0 } }
    func receive(_ event: ProgressEvent) { state.withLock { $0.append("\(event.step) \(event.time) \(event.kind)") } }
  }

  private struct Broken: DiagnosticError {
    var diagnostics: [Diagnostic] { [.error("c", "it broke")] }
  }

  private struct Foreign: Error, CustomStringConvertible {
    var description: String { "from elsewhere" }
  }

  @Test func numbersStepsAndStampsTimes() async {
    let recorder = Recorder()
    let reporter = ProgressReporter(recorder, elapsed: { .seconds(3) })
    let result = await reporter.step("one") { step in
      step.log("hi")
      return 7
    }
    reporter.begin("two").markCached()
    #expect(result == 7)
    #expect(
      recorder.events == [
        "1 3.0 seconds started(name: \"one\")",
        "1 3.0 seconds log(stream: Diagnostics.ProgressEvent.LogStream.output, bytes: [104, 105, 10])",
        "1 3.0 seconds finished", "2 3.0 seconds started(name: \"two\")", "2 3.0 seconds cached",
      ])
  }

  @Test func whatIsToldWhileTheDisplayIsSomebodyElsesIsShownLater() {
    let recorder = Recorder()
    let reporter = ProgressReporter(recorder, elapsed: { .zero })
    reporter.release()
    let step = reporter.begin("one")
    reporter.hold()
    step.markCached()
    reporter.report(.warning("w", "careful"))
    #expect(recorder.events.count == 1)
    reporter.release()
    #expect(recorder.events.count == 3 && recorder.events[1].hasSuffix("cached"))
    step.finish()
    #expect(recorder.events.last?.hasSuffix("finished") == true)
  }

  @Test(arguments: [
    (Broken() as any Error, "it broke"), (CancellationError(), "canceled"), (Foreign(), "from elsewhere"),
  ])
  func failsWithTheError(_ error: any Error, _ message: String) async {
    let recorder = Recorder()
    let reporter = ProgressReporter(recorder, elapsed: { .zero })
    await #expect(throws: (any Error).self) {
      try await reporter.step("one") { _ in throw error }
    }
    #expect(recorder.events.last == "1 0.0 seconds failed(message: \"\(message)\")")
  }

  @Test func givesEveryStepItsNumber() async {
    let recorder = Recorder()
    let reporter = ProgressReporter(recorder, elapsed: { .zero })
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { reporter.begin("s").finish() } }
    }
    let started = recorder.events.filter { $0.contains("started") }.map { $0.split(separator: " ")[0] }
    #expect(Set(started).count == 100)
    #expect(recorder.events.count == 200)
  }
}
