import Diagnostics
import Synchronization

/// Remembers what is told beside and in steps.
final class DiagnosticRecorder: ProgressSink {
  private let state = Mutex<(diagnostics: [Diagnostic], log: String)>(([], ""))
  private let onLog: @Sendable (String) -> Void

  /// - Parameter onLog: told all lines so far, whenever there is more.
  init(_ onLog: @escaping @Sendable (String) -> Void = { _ in }) { self.onLog = onLog }

  var diagnostics: [Diagnostic] { state.withLock { $0.diagnostics } }
  var log: String { state.withLock { $0.log } }

  func receive(_ event: ProgressEvent) {
    switch event.kind {
    case .diagnostic(let diagnostic): state.withLock { $0.diagnostics.append(diagnostic) }
    case .log(_, let bytes):
      onLog(
        state.withLock { state in
          state.log += String(decoding: bytes, as: UTF8.self)
          return state.log
        })
    case .started, .cached, .transfer, .told, .finished, .failed: break
    }
  }
}
