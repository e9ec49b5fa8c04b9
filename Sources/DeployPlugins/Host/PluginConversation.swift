import Diagnostics
import HostOS
import JSON

/// What a plugin says during one operation, and what is wrong with how it says it.
struct PluginConversation {
  enum Answer {
    case result(JSONValue)
    case failure(PluginFailure)
  }

  /// How it all ended.
  enum End {
    case result(JSONValue)
    case failure(PluginFailure)
    /// What the plugin did wrong, to be put behind "it".
    case broken(String)
  }

  let operation: PluginOperation
  let mask: SecretMask
  private(set) var answer: Answer?
  private(set) var lastErrors: [String] = []
  private var violation: String?
  private var lineNumber = 0
  private static let keptErrors = 20

  init(_ operation: PluginOperation, mask: SecretMask) {
    self.operation = operation
    self.mask = mask
  }

  /// Takes a line of the standard output.
  /// - Returns: what is to be told; nil for the answer, and for what is none of the protocol.
  mutating func take(_ line: [UInt8]) -> PluginMessage? {
    lineNumber += 1
    let bytes = line.last == 0x0D ? line.dropLast() : line[...]
    if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return nil }
    let message: PluginMessage
    do { message = try PluginMessage(json: JSONValue(parsing: bytes).masked(mask)) } catch let error as JSONSyntaxError
    {
      violate("line \(lineNumber) of its output is no JSON (\(error.reason)): \(excerpt(bytes))")
      return nil
    } catch {
      let reason = (error as? PluginMessageError)?.reason ?? "\(error)"
      violate("line \(lineNumber) of its output is no message (\(reason)): \(excerpt(bytes))")
      return nil
    }
    if answer != nil {
      violate("it went on after its answer, with line \(lineNumber): \(excerpt(bytes))")
      return nil
    }
    switch message {
    case .result(let value): answer = .result(value)
    case .error(let failure): answer = .failure(failure)
    default: return message
    }
    return nil
  }

  /// Takes a line of the standard error.
  /// - Returns: the line as it may be shown.
  mutating func takeError(_ line: [UInt8]) -> String {
    let text = mask.masked(String(decoding: line, as: UTF8.self))
    lastErrors.append(text)
    if lastErrors.count > Self.keptErrors { lastErrors.removeFirst() }
    return text
  }

  private mutating func violate(_ what: String) { violation = violation ?? what }

  private func excerpt(_ bytes: ArraySlice<UInt8>) -> String {
    let text = mask.masked(String(decoding: bytes.prefix(4096), as: UTF8.self))
    return text.count > 80 ? "\(text.prefix(77))…" : text
  }

  // MARK: The end

  func end(_ outcome: LineProcess.Outcome, limit: Duration?) -> End {
    if outcome.stop == .lineTooLong { return .broken("a line of its output is longer than 4 MiB") }
    if let violation { return .broken(violation) }
    if outcome.wasKilled {
      return .broken(
        outcome.stop == .deadline
          ? "it had no answer within \(limit.map(\.text) ?? "its time"), and did not end at SIGTERM"
          : "it did not end at SIGTERM, and was killed")
    }
    switch (answer, outcome.ending) {
    case (.result(let value), .exited(0)): return checked(value)
    case (.failure(let failure), .exited(1)): return .failure(stopped(failure, outcome, limit))
    case (.result, let ending): return .broken("it answered with a result, and then \(Self.words(ending))")
    case (.failure, let ending): return .broken("it answered with an error, and then \(Self.words(ending))")
    case (nil, let ending):
      if outcome.stop == .deadline, operation == .describe {
        return .broken("it had no answer within \(limit.map(\.text) ?? "its time")")
      }
      if outcome.stop != nil { return .failure(stopped(nil, outcome, limit)) }
      return .broken("it \(Self.words(ending)) without a result or an error")
    }
  }

  private static func words(_ ending: SessionChild.Ending) -> String {
    switch ending {
    case .exited(let code): "ended with the exit code \(code)"
    case .signaled(let signal): "was ended by signal \(signal)"
    }
  }

  /// What is said of an end that the host wanted.
  private func stopped(_ failure: PluginFailure?, _ outcome: LineProcess.Outcome, _ limit: Duration?) -> PluginFailure {
    guard let stop = outcome.stop else {
      return failure ?? PluginFailure(code: "failed", message: "it failed")
    }
    if stop == .cancelled {
      return failure ?? PluginFailure(code: "cancelled", message: "it was told to stop", category: .cancelled)
    }
    var timedOut = PluginFailure(
      code: "timed-out", message: "it was not done within \(limit.map(\.text) ?? "its time")",
      hint: "look with slipway status how things are; give it more time with --timeout",
      causes: failure.map { [$0.message] + ($0.causes ?? []) }, category: .failed, state: failure?.state ?? .timedOut)
    timedOut.outputs = failure?.outputs
    return timedOut
  }

  private func checked(_ value: JSONValue) -> End {
    let isRight: Bool =
      switch operation {
      case .describe: (try? value.decode(PluginDescription.self)) != nil
      case .plan: DeploymentPlan(json: value) != nil
      case .apply, .status, .rollback: DeploymentReport(json: value) != nil
      }
    return isRight
      ? .result(value) : .broken("its result is none of \(operation.rawValue): \(SchemaWords.value(value))")
  }
}

extension JSONValue {
  /// Without secrets, also in names.
  func masked(_ mask: SecretMask) -> JSONValue {
    switch self {
    case .string(let text): .string(mask.masked(text))
    case .array(let elements): .array(elements.map { $0.masked(mask) })
    case .object(let object): .members(object.members.map { (mask.masked($0.name), $0.value.masked(mask)) })
    case .null, .bool, .number: self
    }
  }
}
