public import DeployPlugins
import AWS
import HostOS
import JSON

/// Gates that a deployment has to pass: `verify:` of the configuration.
public struct Verification: Sendable {
  /// What a gate looks at.
  enum Check: Sendable {
    case http(HTTPCheck)
    case command([String])
    case alarms([String])
  }

  struct Gate: Sendable {
    var name: String
    var check: Check
    /// How long it may take to pass.
    var within: Duration
    /// Where the gate stands; empty is everywhere.
    var stages: [String]
    var place: DeployConfig
  }

  let gates: [Gate]
  let request: PluginRequest
  let context: PluginContext

  /// - Throws: `PluginFailure` of the category `config`.
  public init(_ config: DeployConfig, request: PluginRequest, context: PluginContext) throws(PluginFailure) {
    self.request = request
    self.context = context
    var gates: [Gate] = []
    for child in try config.children("verify") { gates.append(try Self.gate(child)) }
    self.gates = gates
  }

  private static func gate(_ config: DeployConfig) throws(PluginFailure) -> Gate {
    let kinds = ["http", "command", "alarms"].filter { config[$0] != nil }
    guard kinds.count == 1 else {
      throw config.failure(
        "",
        kinds.isEmpty
          ? "a gate has one of http, command and alarms" : "a gate has only one of \(kinds.joined(separator: " and "))")
    }
    let check: Check
    let name: String
    switch kinds[0] {
    case "http":
      let http = try HTTPCheck(config)
      check = .http(http)
      name = "GET \(http.url)"
    case "command":
      let script = config["command"]?.string
      var words = try config.strings("command") ?? []
      if let script { words = ["/bin/sh", "-ec", script] }
      guard let first = words.first, !first.isEmpty else { throw config.failure("command", "command is empty") }
      check = .command(words)
      name = words.count == 3 && words[1] == "-ec" ? words[2] : words.joined(separator: " ")
    default:
      let names = try config.strings("alarms") ?? []
      check = .alarms(names)
      name = "alarms \(names.joined(separator: ", "))"
    }
    return Gate(
      name: try config.string("name") ?? name, check: check, within: try config.duration("within") ?? .seconds(60),
      stages: (try config.strings("at") ?? []).map { $0.uppercased().replacing("-", with: "_") }, place: config)
  }

  /// Whether there are gates at a stage.
  public func hasGates(at stage: String) -> Bool { gates.contains { $0.stages.isEmpty || $0.stages.contains(stage) } }

  /// Whether a gate names a stage.
  public func names(_ stage: String) -> Bool { gates.contains { $0.stages.contains(stage) } }

  /// Passes the gates of a stage, one after the other.
  /// - Parameters:
  ///   - stage: such as `PRODUCTION_TRAFFIC_SHIFT`.
  ///   - onlyNamed: leave out the gates that name no stage.
  /// - Throws: `PluginFailure` with the code `verification-failed`; `CancellationError`.
  public func run(_ client: ECSClient, at stage: String, onlyNamed: Bool = false) async throws {
    for gate in gates where gate.stages.contains(stage) || (gate.stages.isEmpty && !onlyNamed) {
      let step = "verify \(gate.name)"
      context.progress(step, state: .running)
      let end = ContinuousClock.now + gate.within
      var round = 0
      while let reason = try await reason(gate, client, end) {
        guard ContinuousClock.now < end else {
          context.progress(step, reason, state: .failed)
          throw PluginFailure(
            code: "verification-failed", message: "\(gate.name) did not pass within \(gate.within.text): \(reason)",
            hint: "correct what it found, or give it more time with within", path: gate.place.pointer.description,
            state: .failed)
        }
        context.progress(step, reason)
        try await client.pace.sleep(after: round)
        round += 1
      }
      context.progress(step, "passed", state: .done)
    }
  }

  /// Nil when it passes.
  private func reason(_ gate: Gate, _ client: ECSClient, _ end: ContinuousClock.Instant) async throws -> String? {
    switch gate.check {
    case .http(let check): return try await check.reason(context.environment)
    case .command(let words): return try await CommandCheck(words, request, context).reason(until: end)
    case .alarms(let names):
      guard let alarms = try await client.quietly(DescribeAlarms(names: names)) else {
        return "CloudWatch does not say how \(names.joined(separator: ", ")) are (cloudwatch:DescribeAlarms)"
      }
      let missing = names.filter { name in !alarms.contains { $0.name == name } }
      if !missing.isEmpty { return "there is no alarm \(missing.joined(separator: ", "))" }
      let loud = alarms.filter { $0.state == "ALARM" }
      return loud.isEmpty
        ? nil : loud.map { "\($0.name) is in ALARM" + ($0.reason.map { ": \($0)" } ?? "") }.joined(separator: "; ")
    }
  }
}
