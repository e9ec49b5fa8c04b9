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
    var request = PluginRequest(.plan, id: "conformance-kit", project: "conformance-kit", images: trial.images)
    request.config = trial.configuration.value
    let output = Mutex<[String]>([])
    func say(_ request: PluginRequest) async throws -> JSONValue {
      let answer = try await unmasked.run(request, plugin, description, trial.configuration, limit: .seconds(600)) {
        event in
        output.withLock { $0.append("\(event)") }
      }
      output.withLock { $0.append(answer.text) }
      return answer
    }
    request.isDryRun = true
    var plan: JSONValue?
    try await check(Names.dryRun, &report) {
      plan = try await say(request)
      return nil
    }
    request.isDryRun = false
    try await check(Names.plan, &report) {
      let again = try await say(request)
      defer { plan = again }
      let summaries = [plan, again].map { $0?["changes"]?.array?.map { $0["target"] ?? .null } }
      return summaries[0] == summaries[1] ? nil : "the changes are others than with dryRun"
    }
    guard plan != nil else { return }
    request.operation = .apply
    request.plan = plan
    try await check(Names.cancel, &report) { try await cancelled(request, description) }
    var first: JSONValue?
    try await check(Names.apply, &report) {
      first = try await say(request)
      return Self.success(first)
    }
    try await check(Names.twice, &report) {
      let second = try await say(request)
      if let problem = Self.success(second) { return problem }
      return second["outputs"] == first?["outputs"] ? nil : "its outputs are others the second time"
    }
    try await check(Names.converged, &report) {
      request.operation = .plan
      request.plan = nil
      let after = try await say(request)
      let changes = after["changes"]?.array ?? []
      return changes.isEmpty ? nil : "it would still change \(changes[0]["target"]?.text ?? "something")"
    }
    try await check(Names.secrets, &report) {
      let said = output.withLock { $0 }.joined(separator: "\n")
      let secrets = PluginEnvironment.secrets(unmasked.environment)
      return secrets.contains(where: said.contains) ? "its output has an AWS secret in it" : nil
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

  /// Told to stop as soon as it runs, it ends in its time, by itself.
  private func cancelled(_ request: PluginRequest, _ description: PluginDescription) async throws -> String? {
    let grace = Duration.seconds(description.cancelGraceSeconds ?? 10)
    let process = unmasked.process(
      plugin, [request.operation.rawValue], input: Array((request.json.text + "\n").utf8),
      credentials: description.credentials, grace: grace)
    let conversation = Mutex(PluginConversation(request.operation, mask: SecretMask()))
    let outcome = try await process.run(deadline: .now + .milliseconds(200)) { line, stream in
      if stream == .output { conversation.withLock { _ = $0.take(line) } }
    }
    if outcome.wasKilled { return "it did not end within \(grace.text)" }
    if case .broken(let what) = conversation.withLock({ $0 }).end(outcome, limit: nil) { return what }
    return nil
  }
}
