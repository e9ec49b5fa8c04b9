import DeployPlugins
import Diagnostics
import HostOS
import JSON
import RollingPlugin
import SimulatedAWS
import Synchronization
import TestSupport
import Testing

/// Carries scenarios out, by the protocol: a request on standard input, lines on standard output.
struct RollingRun: Sendable {
  let scenario: RollingScenario
  let server: SimulatedAWS

  private static let looks = ["Describe", "List", "Get", "Batch"]

  static func expect(_ scenario: RollingScenario) async throws {
    let interruption = Interruption()
    let scene = scenario.scene.with { scene in
      for case .cancelled(let operation, let count) in scenario.steps {
        scene.moments.append(.after(operation, count: count) { _ in interruption.happen() })
      }
    }
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      try await RollingRun(scenario: scenario, server: server).run(interruption)
    }
  }

  private func run(_ interruption: Interruption) async throws {
    var messages: [PluginMessage] = []
    var plan: JSONValue?
    var last: PluginMessage?
    for step in scenario.steps {
      switch step {
      case .meanwhile(let action):
        try await server.world.perform(action)
        continue
      case .plan: (last, messages) = try await ask(.plan, nil, messages)
      case .deploy, .cancelled:
        (last, messages) = try await ask(.plan, nil, messages)
        guard case .result(let made) = last else { break }
        plan = made
        let (outcome, more): (PluginMessage?, [PluginMessage])
        if case .cancelled = step {
          let task = Task { [messages] in try await ask(.apply, made, messages) }
          interruption.watch { task.cancel() }
          (outcome, more) = try await task.value
        } else {
          (outcome, more) = try await ask(.apply, made, messages)
        }
        (last, messages) = (outcome, more)
      case .apply: (last, messages) = try await ask(.apply, plan, messages)
      case .dryRun:
        (last, messages) = try await ask(.plan, nil, messages)
        if case .result(let made) = last { (last, messages) = try await ask(.apply, made, messages, isDryRun: true) }
      case .status: (last, messages) = try await ask(.status, nil, messages)
      case .wait: (last, messages) = try await ask(.status, nil, messages, waits: true)
      case .rollback: (last, messages) = try await ask(.rollback, nil, messages)
      }
    }
    try await check(last, messages)
  }

  private func ask(
    _ operation: PluginOperation, _ plan: JSONValue?, _ before: [PluginMessage], isDryRun: Bool = false,
    waits: Bool = false
  ) async throws -> (PluginMessage?, [PluginMessage]) {
    let request = PluginRequest(
      operation, id: "test", images: scenario.images, config: scenario.request, isDryRun: isDryRun, plan: plan,
      waits: waits)
    var variables = scenario.renews ? server.environmentWithRenewableCredentials : server.environment
    variables["SLIPWAY_POLL_INTERVAL"] = "0.005s"
    let lines = Lines()
    let code = await RollingPlugin().run(
      [operation.rawValue], input: { Array(request.json.text.utf8) }, environment: Environment(variables)
    ) { lines.add($0) }
    let messages = try lines.all.map { try PluginMessage(json: JSONValue(parsing: $0)) }
    if case .result = messages.last { #expect(code == .success) } else { #expect(code == .failure) }
    return (messages.last, before + messages)
  }

  // MARK: What has to be

  private func check(_ last: PluginMessage?, _ messages: [PluginMessage]) async throws {
    switch (scenario.end, last) {
    case (.report(let state), .result(let json)):
      if let report = DeploymentReport(json: json) {
        #expect(report.state == state, "\(report)")
        for part in scenario.says { #expect(report.summary.contains(part), "\(report.summary)") }
      }
    case (.failure(let code, let category, let state), .error(let failure)):
      #expect(failure.code == code, "\(failure)")
      #expect((failure.category ?? .failed) == (category ?? .failed), "\(failure)")
      #expect(failure.state == state, "\(failure)")
      #expect(failure.exitCode == Self.exitCode(category ?? .failed, state))
      let text = ([failure.message] + (failure.causes ?? [])).joined(separator: "\n")
      for part in scenario.says { #expect(text.contains(part), "\(text)") }
      if let hint = scenario.hint { #expect(failure.hint?.contains(hint) == true, "\(failure.hint ?? "no hint")") }
    default: Issue.record("it ended with \(last.map { "\($0)" } ?? "nothing")")
    }
    #expect(changes == scenario.calls)
    if let runs = scenario.runs {
      let service = await server.world.describedService("web")
      #expect(
        service?["taskDefinition"]?.string?.hasSuffix("/\(runs)") == true, "\(service?["taskDefinition"]?.text ?? "")")
    }
    checkWhatWasTold(messages)
    #expect(server.violations == [])
    try await scenario.check?(server)
  }

  /// As docs/rolling.md has them; that of a cancelled one is the signal's, and here is none.
  private static func exitCode(_ category: PluginFailure.Category, _ state: DeploymentState?) -> ExitCode {
    switch category {
    case .failed: state == .rolledBack ? .rolledBack : .failure
    case .config: .usage
    case .authentication: .authentication
    case .unavailable: .unavailable
    case .cancelled: .failure
    }
  }

  private func checkWhatWasTold(_ messages: [PluginMessage]) {
    var warnings: [String] = []
    var told: [String] = []
    for message in messages {
      switch message {
      case .diagnostic(let diagnostic): warnings.append(diagnostic.code)
      case .log(let log): told.append(log.text)
      case .progress(let progress): told.append("\(progress.step): \(progress.message ?? "")")
      default: break
      }
    }
    for code in scenario.warnings { #expect(warnings.contains(code), "\(warnings)") }
    if scenario.warnings.isEmpty { #expect(warnings == []) }
    for part in scenario.tells { #expect(told.contains { $0.contains(part) }, "\(told)") }
  }

  /// Calls that change something.
  private var changes: [String] {
    server.calls.filter { call in !Self.looks.contains { call.operation.hasPrefix($0) } }
      .map { $0.status == 200 ? $0.operation : "\($0.operation) \($0.status)" }
  }
}

/// Lines that come from any thread.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}

/// Cancels something when a moment comes, or at once when it came already.
final class Interruption: Sendable {
  private struct State: Sendable {
    var hasHappened = false
    var action: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  func happen() {
    let action = state.withLock { state in
      state.hasHappened = true
      return state.action
    }
    action?()
  }

  func watch(_ action: @escaping @Sendable () -> Void) {
    let isLate = state.withLock { state in
      state.action = action
      return state.hasHappened
    }
    if isLate { action() }
  }
}

extension World {
  func perform(_ action: @Sendable (isolated World) throws -> Void) throws { try action(self) }
}
