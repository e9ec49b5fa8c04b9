public import Diagnostics
import JSON
import Synchronization

/// Puts what a plugin tells into the progress of our own work: its steps are steps, its logs theirs.
public final class PluginProgressDisplay: Sendable {
  private struct State {
    var steps: [String: ProgressStep] = [:]
    var order: [String] = []
    var last: String?
    /// What each step said last, which is not said twice.
    var said: [String: String] = [:]
  }

  private let reporter: ProgressReporter
  private let configuration: PluginConfiguration
  private let title: String
  private let state = Mutex(State())

  /// - Parameter title: of the step for what belongs to none, and in front of all others, such as `rolling`.
  public init(_ reporter: ProgressReporter, _ configuration: PluginConfiguration, title: String) {
    self.reporter = reporter
    self.configuration = configuration
    self.title = title
  }

  public func show(_ event: PluginHost.Event) {
    switch event {
    case .errorLine(let line): log(line, nil, .error)
    case .message(.progress(let progress)): show(progress)
    case .message(.log(let log)):
      let text = (log.source.map { "\($0) | " } ?? "") + log.text
      self.log(text, log.step, log.stream == .stderr ? .error : .output)
    case .message(.diagnostic(let diagnostic)):
      reporter.report(
        configuration.diagnostic(
          diagnostic.severity, DiagnosticCode(rawValue: diagnostic.code), diagnostic.message,
          notes: diagnostic.notes ?? [], help: diagnostic.help ?? [],
          at: diagnostic.path.flatMap { JSONPointer($0) }))
    case .message(.result), .message(.error): break
    }
  }

  /// Ends the steps that the plugin has left open.
  /// - Parameter error: what ended it; nil for a success.
  public func end(_ error: (any Error)? = nil) {
    state.withLock { state in
      for name in state.order {
        guard let step = state.steps[name] else { continue }
        if let error, name == state.last { step.fail(error) } else { step.finish() }
      }
      state = State()
    }
  }

  private func show(_ progress: PluginProgress) {
    state.withLock { state in
      let step = self.step(progress.step, &state)
      let says = Said(progress)
      if !says.isEmpty, state.said[progress.step] != says.text {
        state.said[progress.step] = says.text
        step.told(progress.message, completed: progress.completed, total: progress.total)
      }
      switch progress.state {
      case .done: step.finish()
      case .failed: step.fail(ToldFailure(text: progress.message ?? "failed"))
      case .running, nil: return
      }
      state.steps[progress.step] = nil
      state.order.removeAll { $0 == progress.step }
    }
  }

  private func log(_ text: String, _ name: String?, _ stream: ProgressEvent.LogStream) {
    state.withLock { state in
      step(name ?? state.last ?? title, &state).log(Array((text + "\n").utf8), stream: stream)
    }
  }

  private func step(_ name: String, _ state: inout State) -> ProgressStep {
    state.last = name
    if let step = state.steps[name] { return step }
    let step = reporter.begin(name == title ? "[\(title)]" : "[\(title)] \(name)")
    state.steps[name] = step
    state.order.append(name)
    return step
  }

  private struct Said {
    var text: String
    var isEmpty: Bool

    init(_ progress: PluginProgress) {
      text = "\(progress.message ?? "") \(progress.completed ?? -1) \(progress.total ?? -1)"
      isEmpty = progress.message == nil && progress.completed == nil
    }
  }

  /// A step that failed, in the plugin's words.
  private struct ToldFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
  }
}
