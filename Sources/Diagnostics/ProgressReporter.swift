import Synchronization

/// Numbers steps and stamps times: what the working code holds to tell of its progress.
public final class ProgressReporter: Sendable {
  private let sink: any ProgressSink
  private let elapsed: @Sendable () -> Duration
  private let lastStep = Mutex(0)
  /// What waits to be shown while somebody else has the display; nil when nobody has.
  private let held = Mutex<[ProgressEvent]?>(nil)

  /// `elapsed` tells the time since the work began.
  public init(_ sink: any ProgressSink, elapsed: @escaping @Sendable () -> Duration) {
    self.sink = sink
    self.elapsed = elapsed
  }

  /// Time runs from now on.
  public convenience init(_ sink: any ProgressSink) {
    let start = ContinuousClock.now
    self.init(sink, elapsed: { ContinuousClock.now - start })
  }

  /// Tells nobody.
  public static var silent: ProgressReporter { ProgressReporter(SilentProgress(), elapsed: { .zero }) }

  /// Begins a step. Whoever begins one ends it with `finish`, `fail` or `markCached`.
  public func begin(_ name: String) -> ProgressStep {
    let number = lastStep.withLock { last in
      last += 1
      return last
    }
    let step = ProgressStep(number: number, reporter: self)
    step.send(.started(name: name))
    return step
  }

  /// Runs a body as a step that finishes with it, and fails when it throws.
  public func step<Result>(_ name: String, _ body: (ProgressStep) async throws -> Result) async rethrows -> Result {
    let step = begin(name)
    do {
      let result = try await body(step)
      step.finish()
      return result
    } catch {
      step.fail(error)
      throw error
    }
  }

  /// Tells something that belongs to no step.
  public func report(_ diagnostic: Diagnostic) {
    send(.diagnostic(diagnostic), step: 0)
  }

  func send(_ kind: ProgressEvent.Kind, step: Int) {
    let event = ProgressEvent(step: step, time: elapsed(), kind: kind)
    let isHeld = held.withLock { held in
      held?.append(event)
      return held != nil
    }
    if !isHeld { sink.receive(event) }
  }

  /// Shows nothing until `release`, so that the terminal is somebody else's. What is told meanwhile is kept.
  public func hold() { held.withLock { $0 = $0 ?? [] } }

  /// Shows what was told since `hold`, and what follows.
  public func release() {
    while true {
      let events = held.withLock { held in
        defer { held = held?.isEmpty == true ? nil : held.map { _ in [] } }
        return held ?? []
      }
      if events.isEmpty { return }
      for event in events { sink.receive(event) }
    }
  }
}

/// One step of the work, as the code that does it sees it.
public struct ProgressStep: Sendable {
  let number: Int
  let reporter: ProgressReporter

  func send(_ kind: ProgressEvent.Kind) { reporter.send(kind, step: number) }

  public func log(_ bytes: [UInt8], stream: ProgressEvent.LogStream = .output) {
    send(.log(stream: stream, bytes: bytes))
  }

  public func log(_ line: String) { log(Array((line + "\n").utf8)) }

  public func transferred(_ name: String, completed: Int64, of total: Int64?) {
    send(.transfer(name: name, completed: completed, total: total))
  }

  /// Says what the step does now, on one line, and how far it has come in whatever it counts.
  public func told(_ message: String?, completed: Double? = nil, total: Double? = nil) {
    send(.told(message: message, completed: completed, total: total))
  }

  public func markCached() { send(.cached) }
  public func finish() { send(.finished) }

  public func fail(_ error: any Error) {
    if error is CancellationError {
      send(.failed(message: "canceled"))
    } else if let error = error as? any DiagnosticError, let first = error.diagnostics.first {
      send(.failed(message: first.message))
    } else {
      send(.failed(message: String(describing: error)))
    }
  }
}
