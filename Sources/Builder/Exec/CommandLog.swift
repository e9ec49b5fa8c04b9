import Diagnostics
import Sandbox
import Synchronization

/// Passes a command's output on without the secrets in it, and remembers its last lines.
final class CommandLog: Sendable {
  private struct State {
    var masks: [Sandbox.Stream: SecretMask]
    var tail: [UInt8] = []
  }

  private let step: ProgressStep
  private let state: Mutex<State>
  private static let tailSize = 8 << 10
  private static let lineCount = 12

  init(_ step: ProgressStep, hiding secrets: [[UInt8]]) {
    self.step = step
    let mask = SecretMask(secrets)
    state = Mutex(State(masks: [.standardOutput: mask, .standardError: mask]))
  }

  func append(_ bytes: [UInt8], _ stream: Sandbox.Stream) {
    show(state.withLock { $0.masks[stream]?.append(bytes) ?? [] }, stream)
  }

  /// Nothing more will come.
  func finish() {
    for stream in [Sandbox.Stream.standardOutput, .standardError] {
      show(state.withLock { $0.masks[stream]?.finish() ?? [] }, stream)
    }
  }

  var lastLines: [String] {
    let text = String(decoding: state.withLock { $0.tail }, as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).suffix(Self.lineCount).map(String.init)
  }

  private func show(_ bytes: [UInt8], _ stream: Sandbox.Stream) {
    if bytes.isEmpty { return }
    state.withLock { state in
      state.tail += bytes.suffix(Self.tailSize)
      if state.tail.count > 2 * Self.tailSize { state.tail.removeFirst(state.tail.count - Self.tailSize) }
    }
    step.log(bytes, stream: stream == .standardOutput ? .output : .error)
  }
}
