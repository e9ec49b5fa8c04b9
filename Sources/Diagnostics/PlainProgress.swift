import Synchronization

/// Progress as lines of text that stay, for logs of CI systems; the manner is that of `docker buildx --progress plain`:
///
///     #4 [build 2/3] RUN make
///     #4 0.312 cc -o app app.c
///     #4 DONE 0.9s
public final class PlainProgress: ProgressSink {
  private struct Step {
    var name: String
    var started: Duration
    /// Output that has no line feed yet, per stream.
    var pending: [ProgressEvent.LogStream: [UInt8]] = [:]
    /// When each transfer was shown last, by its name.
    var transfers: [String: Duration] = [:]
  }

  private struct State {
    var steps: [Int: Step] = [:]
    /// The step of the last lines; 0 before the first ones, -1 for what belongs to no step.
    var lastShown = 0
  }

  private let state = Mutex(State())
  private let write: @Sendable (String) -> Void
  private let renderer: DiagnosticRenderer
  private let longestPendingLine = 64 * 1024

  /// `write` gets whole lines.
  public init(renderer: DiagnosticRenderer = DiagnosticRenderer(), write: @escaping @Sendable (String) -> Void) {
    self.renderer = renderer
    self.write = write
  }

  public func receive(_ event: ProgressEvent) {
    state.withLock { state in
      let text = render(event, &state)
      if !text.isEmpty { write(text) }
    }
  }

  private func render(_ event: ProgressEvent, _ state: inout State) -> String {
    let number = event.step
    if case .diagnostic(let diagnostic) = event.kind {
      defer { state.lastShown = -1 }
      return (state.lastShown == 0 ? "" : "\n") + renderer.render(diagnostic)
    }
    if case .started(let name) = event.kind {
      state.steps[number] = Step(name: name, started: event.time)
      defer { state.lastShown = number }
      return (state.lastShown == 0 ? "" : "\n") + "#\(number) \(Self.singleLine(name))\n"
    }
    guard var step = state.steps[number] else { return "" }
    let body = lines(for: event, step: &step)
    state.steps[number] = step
    if event.endsStep { state.steps[number] = nil }
    guard !body.isEmpty else { return "" }
    var out = ""
    if state.lastShown != number { out += "\n#\(number) \(Self.singleLine(step.name))\n" }
    state.lastShown = number
    for line in body { out += "#\(number) \(line)\n" }
    return out
  }

  private func lines(for event: ProgressEvent, step: inout Step) -> [String] {
    let elapsed = event.time - step.started
    switch event.kind {
    case .log(let stream, let bytes):
      return completedLines(adding: bytes, to: &step.pending[stream, default: []], at: elapsed)
    case .transfer(let name, let completed, let total):
      let isLast = completed == total
      if let last = step.transfers[name], !isLast, event.time - last < .seconds(1) { return [] }
      step.transfers[name] = event.time
      let amount = total.map { "\(Self.bytes(completed)) / \(Self.bytes($0))" } ?? Self.bytes(completed)
      return ["\(name) \(amount)\(isLast ? " done" : "")"]
    case .told(let message, let completed, let total):
      return ["\(Self.seconds(elapsed, digits: 3)) \(Self.words(message, completed, total))"]
    case .cached: return ["CACHED"]
    case .finished: return rest(of: &step, at: elapsed) + ["DONE \(Self.seconds(elapsed, digits: 1))s"]
    case .failed(let message): return rest(of: &step, at: elapsed) + ["ERROR: \(Self.singleLine(message))"]
    case .started, .diagnostic: return []
    }
  }

  private func completedLines(adding bytes: [UInt8], to pending: inout [UInt8], at time: Duration) -> [String] {
    pending += bytes
    var lines: [String] = []
    var rest = pending[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      lines.append(Self.logLine(rest[..<end], at: time))
      rest = rest[(end + 1)...]
    }
    if !lines.isEmpty { pending = Array(rest) }
    if pending.count > longestPendingLine {
      lines.append(Self.logLine(pending[...], at: time))
      pending.removeAll()
    }
    return lines
  }

  private func rest(of step: inout Step, at time: Duration) -> [String] {
    let rest = [ProgressEvent.LogStream.output, .error].compactMap { step.pending[$0] }.filter { !$0.isEmpty }
    step.pending = [:]
    return rest.map { Self.logLine($0[...], at: time) }
  }

  // MARK: Words

  private static func logLine(_ bytes: ArraySlice<UInt8>, at time: Duration) -> String {
    let line = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
    return "\(seconds(time, digits: 3)) \(String(decoding: line, as: UTF8.self))"
  }

  /// `3 of 4`, with words in front where there are any.
  private static func words(_ message: String?, _ completed: Double?, _ total: Double?) -> String {
    func text(_ number: Double) -> String { Int64(exactly: number).map { String($0) } ?? String(number) }
    let amount = completed.map { done in text(done) + (total.map { " of \(text($0))" } ?? "") }
    guard let message = message.map(singleLine) else { return amount ?? "" }
    // Many messages say the numbers themselves.
    guard let amount, !message.contains(amount) else { return message }
    return "\(message) (\(amount))"
  }

  private static func singleLine(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: true).first.map(String.init) ?? text
  }

  /// Seconds with a fixed number of digits, cut off, not rounded.
  static func seconds(_ duration: Duration, digits: Int) -> String {
    let (seconds, attoseconds) = max(.zero, duration).components
    var fraction = String(attoseconds / 1_000_000_000_000_000)
    fraction = String(repeating: "0", count: max(0, 3 - fraction.count)) + fraction
    return "\(seconds).\(fraction.prefix(digits))"
  }

  /// A size as docker prints it: decimal units, two digits behind the point.
  public static func bytes(_ count: Int64) -> String {
    let units = ["kB", "MB", "GB", "TB"]
    guard count >= 1000 else { return "\(count)B" }
    var hundredths = count
    var unit = 0
    hundredths = hundredths / 10
    while hundredths >= 100_000, unit + 1 < units.count {
      hundredths /= 1000
      unit += 1
    }
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)\(units[unit])"
  }
}

extension ProgressEvent {
  var endsStep: Bool {
    switch kind {
    case .cached, .finished, .failed: true
    case .started, .log, .transfer, .told, .diagnostic: false
    }
  }
}
