import Diagnostics
import HostOS
import JSON
import Synchronization

extension ConformanceKit {
  private static let noTrial = "give it a configuration: --config FILE or --set key=value"

  /// Plans, applies and stops.
  func conversation(
    _ description: PluginDescription, _ trial: Trial?, _ report: inout ConformanceReport
  ) async throws {
    guard let trial else {
      for name in Names.all { report.checks.append(.init(name: name, skipped: Self.noTrial)) }
      return
    }
    let problems = trial.configuration.problems(JSONSchema(description.configSchema))
    guard problems.isEmpty else {
      report.checks.append(
        .init(name: "the configuration fits its schema", problem: problems.map(\.message).joined(separator: "; ")))
      return
    }
    let dialogue = Dialogue(host: unmasked, plugin: plugin, description: description, trial: trial)
    guard let plan = try await plans(dialogue, &report) else { return }
    // Long enough for the plugin to have begun, on this machine as busy as it is.
    let begun = max(.milliseconds(200), dialogue.slowest * 3)
    try await check(Names.cancel, &report) {
      try await cancelled(dialogue.request(.apply, plan: plan), description, after: begun)
    }
    try await applies(plan, dialogue, &report)
    try await check(Names.secrets, &report) {
      dialogue.said(PluginEnvironment.secrets(unmasked.environment)) ? "its output has an AWS secret in it" : nil
    }
  }

  /// - Returns: a plan, where there is one.
  private func plans(_ dialogue: Dialogue, _ report: inout ConformanceReport) async throws -> JSONValue? {
    var dry: JSONValue?
    try await check(Names.dryRun, &report) {
      dry = try await dialogue.say(dialogue.request(.plan, isDryRun: true))
      return nil
    }
    var plan = dry
    try await check(Names.plan, &report) {
      let real = try await dialogue.say(dialogue.request(.plan))
      plan = real
      let targets = [dry, real].map { $0?["changes"]?.array?.map { $0["target"] ?? .null } }
      return targets[0] == targets[1] ? nil : "the changes are others than with dryRun"
    }
    return plan
  }

  private func applies(_ plan: JSONValue, _ dialogue: Dialogue, _ report: inout ConformanceReport) async throws {
    var first: JSONValue?
    try await check(Names.apply, &report) {
      first = try await dialogue.say(dialogue.request(.apply, plan: plan))
      return Self.success(first)
    }
    try await check(Names.twice, &report) {
      let second = try await dialogue.say(dialogue.request(.apply, plan: plan))
      if let problem = Self.success(second) { return problem }
      return second["outputs"] == first?["outputs"] ? nil : "its outputs are others the second time"
    }
    try await check(Names.converged, &report) {
      let changes = try await dialogue.say(dialogue.request(.plan))["changes"]?.array ?? []
      return changes.isEmpty ? nil : "it would still change \(changes[0]["target"]?.text ?? "something")"
    }
  }

  /// What is said to the plugin, and all that it says.
  private final class Dialogue: Sendable {
    private let host: PluginHost
    private let plugin: LocatedPlugin
    private let description: PluginDescription
    private let trial: Trial
    private let output = Mutex<[String]>([])
    private let longest = Mutex(Duration.zero)

    /// The longest that an answer took.
    var slowest: Duration { longest.withLock { $0 } }

    init(host: PluginHost, plugin: LocatedPlugin, description: PluginDescription, trial: Trial) {
      self.host = host
      self.plugin = plugin
      self.description = description
      self.trial = trial
    }

    func request(_ operation: PluginOperation, isDryRun: Bool = false, plan: JSONValue? = nil) -> PluginRequest {
      PluginRequest(
        operation, id: "conformance-kit", project: "conformance-kit", images: trial.images,
        config: trial.configuration.value, isDryRun: isDryRun, plan: plan)
    }

    func say(_ request: PluginRequest) async throws -> JSONValue {
      let start = ContinuousClock.now
      defer { longest.withLock { $0 = max($0, ContinuousClock.now - start) } }
      let answer = try await host.run(request, plugin, description, trial.configuration, limit: .seconds(600)) {
        [self] event in output.withLock { $0.append("\(event)") }
      }
      output.withLock { $0.append(answer.text) }
      return answer
    }

    /// Whether one of some words was said.
    func said(_ words: [String]) -> Bool {
      let all = output.withLock { $0 }.joined(separator: "\n")
      return words.contains(where: all.contains)
    }
  }

  private enum Names {
    static let dryRun = "plan with dryRun has a plan"
    static let plan = "plan has the same changes again"
    static let cancel = "apply ends at SIGTERM"
    static let apply = "apply has a result that is a success"
    static let twice = "apply of the same plan twice has the same outputs"
    static let converged = "nothing is left to change then"
    static let secrets = "no secret is in its output"
    static let all = [dryRun, plan, cancel, apply, twice, converged, secrets]
  }

  private static func success(_ answer: JSONValue?) -> String? {
    let state = answer?["state"]?.string ?? "none"
    return ["succeeded", "unchanged"].contains(state) ? nil : "its state is \(state)"
  }

  /// Told to stop when it runs, it ends in its time, by itself.
  private func cancelled(
    _ request: PluginRequest, _ description: PluginDescription, after begun: Duration
  ) async throws -> String? {
    let grace = Duration.seconds(description.cancelGraceSeconds ?? 10)
    let process = unmasked.process(
      plugin, [request.operation.rawValue], input: Array((request.json.text + "\n").utf8),
      credentials: description.credentials, grace: grace)
    let conversation = Mutex(PluginConversation(request.operation, mask: SecretMask()))
    let outcome = try await process.run(deadline: .now + begun) { line, stream in
      if stream == .output { conversation.withLock { _ = $0.take(line) } }
    }
    if outcome.wasKilled { return "it did not end within \(grace.text)" }
    if case .broken(let what) = conversation.withLock({ $0 }).end(outcome, limit: nil) { return what }
    return nil
  }
}
