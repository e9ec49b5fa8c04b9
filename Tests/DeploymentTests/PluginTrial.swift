import DeployPlugins
import Diagnostics
import HostOS
import JSON
import Synchronization
import Testing

/// A plugin inside this process, asked as the host asks it: each operation is one request and its lines.
struct PluginTrial: Sendable {
  let plugin: any DeployPlugin
  var request: PluginRequest
  var environment: Environment

  init(_ plugin: any DeployPlugin, _ config: JSONValue, images: [String: String] = [:], environment: Environment) {
    self.plugin = plugin
    self.environment = environment
    request = PluginRequest(.plan, id: "trial-1", project: "shop", config: config, region: "eu-central-1")
    for (name, reference) in images {
      let digest = reference.split(separator: "@").dropFirst().first.map(String.init)
      request.images[name] = PluginImage(reference: reference, digest: digest)
    }
  }

  /// What an operation wrote.
  struct Answer: Sendable {
    var exitCode: ExitCode
    var messages: [PluginMessage]

    /// Of an operation that succeeded.
    var result: JSONValue? { if case .result(let value)? = messages.last { value } else { nil } }
    var plan: DeploymentPlan? { result.flatMap(DeploymentPlan.init(json:)) }
    var report: DeploymentReport? { result.flatMap(DeploymentReport.init(json:)) }
    var failure: PluginFailure? { if case .error(let failure)? = messages.last { failure } else { nil } }
    /// How it ended, whichever way.
    var state: DeploymentState? { report?.state ?? failure?.state }
    var logs: [String] { messages.compactMap { if case .log(let log) = $0 { log.text } else { nil } } }
    var progress: [PluginProgress] { messages.compactMap { if case .progress(let one) = $0 { one } else { nil } } }
    var warnings: [PluginDiagnostic] { messages.compactMap { if case .diagnostic(let one) = $0 { one } else { nil } } }
    /// All of it, for the message of a test that fails.
    var text: String { messages.map { (try? $0.json.text) ?? "?" }.joined(separator: "\n") }
  }

  /// - Parameter watch: sees each message as it comes.
  func ask(
    _ operation: PluginOperation, plan: JSONValue? = nil,
    _ watch: @escaping @Sendable (PluginMessage) -> Void = { _ in }
  ) async -> Answer {
    var request = request
    request.operation = operation
    request.plan = plan
    let messages = Mutex<[PluginMessage]>([])
    let text = request.json.text
    let exitCode = await plugin.run([operation.rawValue], input: { Array(text.utf8) }, environment: environment) {
      guard let message = try? PluginMessage(json: JSONValue(parsing: $0)) else {
        Issue.record("no message of the protocol: \($0)")
        return
      }
      messages.withLock { $0.append(message) }
      watch(message)
    }
    return Answer(exitCode: exitCode, messages: messages.withLock { $0 })
  }

  /// Plans, and applies the plan; a plan that fails is the answer.
  func deploy(_ watch: @escaping @Sendable (PluginMessage) -> Void = { _ in }) async -> Answer {
    let plan = await ask(.plan)
    guard let result = plan.result else { return plan }
    return await ask(.apply, plan: result, watch)
  }

  /// The same, cancelled at the first message for which `moment` is true.
  func deployCancelled(at moment: @escaping @Sendable (PluginMessage) -> Bool) async -> Answer {
    let plan = await ask(.plan)
    guard let result = plan.result else { return plan }
    let now = AsyncStream<Void>.makeStream()
    let task = Task {
      await ask(.apply, plan: result) { if moment($0) { now.continuation.yield() } }
    }
    let canceller = Task {
      for await _ in now.stream {
        task.cancel()
        break
      }
    }
    let answer = await task.value
    canceller.cancel()
    return answer
  }
}
