import DeployPlugins
import Glibc
import HostOS
import JSON
import Synchronization
import SystemPackage

/// Runs the commands of a hand-off and tells what they write.
struct HandOffRun: Sendable {
  let request: PluginRequest
  let settings: HandOffSettings
  let context: PluginContext

  /// How a command ended.
  struct Outcome: Sendable {
    var program: String
    var ending: SessionChild.Ending
    /// What it said in the deploy protocol, if it speaks it.
    var result: JSONValue?
    var failure: PluginFailure?
    /// The last lines that it wrote.
    var tail: [String]
  }

  private struct State {
    var result: JSONValue?
    var failure: PluginFailure?
    var tail: [String] = []
  }

  /// - Parameters:
  ///   - key: of the configuration, for what is wrong with the command.
  ///   - operation: what the command is told to do.
  /// - Throws: `PluginFailure`; `DeadlinePassed`; `CancellationError` when it was cancelled.
  func run(
    _ words: [String], key: String, operation: PluginOperation, limit: Duration?
  ) async throws -> Outcome {
    let process = try process(words, key, operation)
    let state = Mutex(State())
    let context = context
    let outcome = try await process.run(deadline: limit.map { .now + $0 }) { bytes, stream in
      let line = String(decoding: bytes, as: UTF8.self)
      if stream == .output, Self.takes(line, state, context) { return }
      context.log(line, stream: stream == .output ? .stdout : .stderr, source: words[0], step: key)
      state.withLock { $0.tail = ($0.tail + [line]).suffix(20) }
    }
    switch outcome.stop {
    case .cancelled: throw CancellationError()
    case .deadline: throw DeadlinePassed(limit: limit ?? .zero)
    case .lineTooLong, nil: break
    }
    return state.withLock {
      Outcome(
        program: words[0], ending: outcome.ending, result: $0.result, failure: $0.failure, tail: $0.tail)
    }
  }

  /// Whether a line is a message of the deploy protocol; it is handed on then.
  private static func takes(_ line: String, _ state: borrowing Mutex<State>, _ context: PluginContext) -> Bool {
    guard line.hasPrefix("{"), let json = try? JSONValue(parsing: line), let message = try? PluginMessage(json: json)
    else { return false }
    switch message {
    case .progress(let progress):
      context.progress(
        progress.step, progress.message, state: progress.state, completed: progress.completed, total: progress.total)
    case .log(let log): context.log(log.text, stream: log.stream, source: log.source, step: log.step)
    case .diagnostic(let diagnostic): context.tell(diagnostic)
    case .result(let result): state.withLock { $0.result = result }
    case .error(let failure): state.withLock { $0.failure = failure }
    }
    return true
  }

  private func process(_ words: [String], _ key: String, _ operation: PluginOperation) throws -> LineProcess {
    let values = HandOffEnvironment(request: request, settings: settings, inherited: context.environment)
    let environment = try values.variables(operation.rawValue)
    var filledIn: [String] = []
    for word in words { filledIn.append(try values.filledIn(word, path: "/\(key)")) }
    let directory = FilePath(settings.directory ?? ".")
    guard let program = Self.find(filledIn[0], in: directory, path: environment["PATH"] ?? "") else {
      throw PluginFailure.config(
        "there is no program \(filledIn[0])", "/\(key)", hint: "install it, or write its path")
    }
    var asked = request
    asked.operation = operation
    let command = SessionChild.Command(
      program, Array(filledIn.dropFirst()), environment: environment.variables.map { "\($0.key)=\($0.value)" }.sorted(),
      directory: directory)
    return LineProcess(command, input: Array((asked.json.text + "\n").utf8), grace: settings.grace)
  }

  /// A path is one from the command's folder.
  private static func find(_ name: String, in directory: FilePath, path: String) -> FilePath? {
    let candidates =
      name.contains("/")
      ? [directory.pushing(FilePath(name))]
      : path.split(separator: ":").filter { $0.hasPrefix("/") }.map { FilePath(String($0)).appending(name) }
    guard let found = candidates.first(where: { $0.withPlatformString { access($0, X_OK) } == 0 }) else { return nil }
    return try? Files.realPath(found)
  }
}
