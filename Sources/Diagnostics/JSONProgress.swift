public import JSON
import Synchronization

/// Progress as JSON lines, for programs: the vocabulary of deploy protocol 1, with numbers of steps and times.
///
///     {"type":"progress","step":"[build 2/3] RUN make","number":4,"time":0.312,"state":"running"}
///     {"type":"log","step":"[build 2/3] RUN make","number":4,"time":0.42,"stream":"stdout","text":"cc -o app app.c"}
///     {"type":"progress","step":"[build 2/3] RUN make","number":4,"time":1.2,"state":"done"}
public final class JSONProgress: ProgressSink {
  private struct Step {
    var name: String
    /// Output that has no line feed yet, per stream.
    var pending: [ProgressEvent.LogStream: [UInt8]] = [:]
  }

  private let steps = Mutex<[Int: Step]>([:])
  private let write: @Sendable (String) -> Void
  private static let longestPendingLine = 64 * 1024

  /// `write` gets whole lines, with their line feeds.
  public init(write: @escaping @Sendable (String) -> Void) { self.write = write }

  public func receive(_ event: ProgressEvent) {
    steps.withLock { steps in
      for line in lines(event, &steps) { write(line.text + "\n") }
    }
  }

  private func lines(_ event: ProgressEvent, _ steps: inout [Int: Step]) -> [JSONValue] {
    if case .diagnostic(let diagnostic) = event.kind {
      var value = diagnostic.json
      value["time"] = Self.seconds(event.time)
      return [value]
    }
    if case .started(let name) = event.kind { steps[event.step] = Step(name: name) }
    guard var step = steps[event.step] else { return [] }
    let made = self.lines(event, &step)
    steps[event.step] = event.endsStep ? nil : step
    return made
  }

  private func lines(_ event: ProgressEvent, _ step: inout Step) -> [JSONValue] {
    let name = step.name
    func progress(_ state: String, _ more: [(String, JSONValue?)] = []) -> JSONValue {
      Self.line("progress", name, event, [("state", .string(state))] + more)
    }
    func number(_ value: Double?) -> JSONValue? { value.flatMap(JSONNumber.init).map { .number($0) } }
    switch event.kind {
    case .started: return [progress("running")]
    case .told(let message, let completed, let total):
      return [
        progress(
          "running",
          [("message", message.map { .string($0) }), ("completed", number(completed)), ("total", number(total))])
      ]
    case .transfer(let item, let completed, let total):
      return [
        progress(
          "running",
          [
            ("message", .string(item)), ("completed", .int(completed)), ("total", total.map { .int($0) }),
            ("unit", "bytes"),
          ])
      ]
    case .log(let stream, let bytes): return log(bytes, stream, event, &step)
    case .cached: return [progress("done", [("cached", true)])]
    case .finished: return rest(event, &step) + [progress("done")]
    case .failed(let message): return rest(event, &step) + [progress("failed", [("message", .string(message))])]
    case .diagnostic: return []
    }
  }

  private func log(
    _ bytes: [UInt8], _ stream: ProgressEvent.LogStream, _ event: ProgressEvent, _ step: inout Step
  ) -> [JSONValue] {
    var pending = step.pending[stream, default: []] + bytes
    var lines: [JSONValue] = []
    while let end = pending.firstIndex(of: 0x0A) {
      lines.append(Self.log(pending[..<end], stream, step.name, event))
      pending.removeSubrange(...end)
    }
    if pending.count > Self.longestPendingLine {
      lines.append(Self.log(pending[...], stream, step.name, event))
      pending = []
    }
    step.pending[stream] = pending
    return lines
  }

  private func rest(_ event: ProgressEvent, _ step: inout Step) -> [JSONValue] {
    defer { step.pending = [:] }
    return [ProgressEvent.LogStream.output, .error].compactMap { stream in
      guard let bytes = step.pending[stream], !bytes.isEmpty else { return nil }
      return Self.log(bytes[...], stream, step.name, event)
    }
  }

  private static func log(
    _ bytes: ArraySlice<UInt8>, _ stream: ProgressEvent.LogStream, _ name: String, _ event: ProgressEvent
  ) -> JSONValue {
    let line = bytes.last == 0x0D ? bytes.dropLast() : bytes
    return Self.line(
      "log", name, event,
      [
        ("stream", stream == .output ? "stdout" : "stderr"), ("text", .string(String(decoding: line, as: UTF8.self))),
      ])
  }

  private static func line(
    _ type: String, _ name: String, _ event: ProgressEvent, _ more: [(String, JSONValue?)]
  ) -> JSONValue {
    var value: JSONValue = [
      "type": .string(type), "step": .string(name), "number": .int(event.step), "time": seconds(event.time),
    ]
    for (name, member) in more { value[name] = member }
    return value
  }

  /// With three digits behind the point.
  private static func seconds(_ time: Duration) -> JSONValue {
    let (seconds, attoseconds) = max(.zero, time).components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    return JSONNumber(Double(milliseconds) / 1000).map { .number($0) } ?? .null
  }
}

extension Diagnostic {
  /// As deploy protocol 1 writes it, with the place in a file where there is one.
  public var json: JSONValue {
    var value: JSONValue = [
      "type": "diagnostic", "severity": .string(severity.rawValue), "code": .string(code.rawValue),
      "message": .string(message),
    ]
    if !notes.isEmpty { value["notes"] = .array(notes.map { .string($0.message) }) }
    if !help.isEmpty { value["help"] = .array(help.map { .string($0) }) }
    if let annotation {
      let start = annotation.file.location(at: annotation.range.lowerBound)
      value["file"] = .string(annotation.file.name)
      value["line"] = .int(start.line)
      value["column"] = .int(start.column)
    }
    return value
  }
}

/// Hands events on to several.
public struct SeveralSinks: ProgressSink {
  private let sinks: [any ProgressSink]

  public init(_ sinks: [any ProgressSink]) { self.sinks = sinks }

  public func receive(_ event: ProgressEvent) {
    for sink in sinks { sink.receive(event) }
  }
}
