import BlueGreenPlugin
import DeployPlugins
import Diagnostics
import HostOS
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// A deployment by ECS's own strategies, from a scene to what has to be there at its end.
struct NativeScenario: Sendable, CustomTestStringConvertible {
  /// Who has the production traffic, and what runs, at the end.
  enum End: Sendable { case new, old, whatever }

  var name: String
  var scene = Scene.blueGreen()
  var config: JSONValue = [:]
  var state: DeploymentState?
  /// Of the failure.
  var code: String?
  var end: End
  /// The message at which it is cancelled: a text in the progress of the deployment.
  var cancelledAt: String?
  /// Texts that are in the failure's message, hint or causes.
  var says: [String] = []
  /// Whether somebody approves or rejects hooks when they wait.
  var decides: String?

  var testDescription: String { name }

  init(
    _ name: String, _ state: DeploymentState?, _ end: End, code: String? = nil, scene: Scene = Scene.blueGreen(),
    config: JSONValue = [:], cancelledAt: String? = nil, says: [String] = [], decides: String? = nil,
    change: (inout Scene) -> Void = { _ in }
  ) {
    self.name = name
    self.scene = scene
    self.config = config
    self.state = state
    self.code = code
    self.end = end
    self.cancelledAt = cancelledAt
    self.says = says
    self.decides = decides
    change(&self.scene)
  }

  static let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:" + String(repeating: "d", count: 64)

  static func trial(_ server: SimulatedAWS, _ config: JSONValue) -> PluginTrial {
    var all: JSONValue = ["cluster": "prod", "service": "web"]
    for (name, value) in config.object?.members ?? [] { all[name] = value }
    var environment = server.environment
    environment["SLIPWAY_POLL_INTERVAL"] = "0.002s"
    environment["PATH"] = Environment.current["PATH"]
    return PluginTrial(
      BlueGreenPlugin(), all, images: ["web": image], environment: Environment(environment))
  }

  /// Carries it out and looks at what is there then.
  func run() async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      let trial = Self.trial(server, config)
      let answer: PluginTrial.Answer
      if let cancelledAt {
        answer = await trial.deployCancelled {
          if case .progress(let progress) = $0 { progress.message?.hasPrefix(cancelledAt) == true } else { false }
        }
      } else {
        answer = await deploy(trial)
      }
      let text = Comment(rawValue: "\(name)\n\(answer.text)\n\(server.calls.suffix(12))")
      #expect(answer.state == state, text)
      #expect(code == nil || answer.failure?.code == code, text)
      let said = ([answer.failure?.message, answer.failure?.hint].compactMap { $0 } + (answer.failure?.causes ?? []))
        .joined(separator: "\n")
      for piece in says { #expect(said.contains(piece), text) }
      #expect(server.violations == [], text)
      try await checkEnd(server, text)
    }
  }

  /// Decides whenever a hook waits, as somebody else does with `slipway deploy approve|reject`.
  private func deploy(_ trial: PluginTrial) async -> PluginTrial.Answer {
    guard let decides else { return await trial.deploy() }
    let waits = AsyncStream<Void>.makeStream()
    var decision = trial
    decision.request.decision = ["action": .string(decides)]
    let decider = Task { [decision] in
      for await _ in waits.stream {
        let answer = await decision.ask(.status)
        #expect(answer.state == .inProgress, Comment(rawValue: answer.text))
      }
    }
    let answer = await trial.deploy {
      if case .diagnostic(let told) = $0, told.code == "waiting-for-approval" { waits.continuation.yield() }
    }
    waits.continuation.finish()
    await decider.value
    return answer
  }

  private func checkEnd(_ server: SimulatedAWS, _ text: Comment) async throws {
    guard end != .whatever else { return }
    // What ECS goes on with comes to its end.
    await server.world.advance(300)
    let service = try #require(await server.world.describedService("web"))
    let isNew = end == .new
    let definition = service["taskDefinition"]?.string ?? ""
    #expect(definition.hasSuffix(":1") == !isNew, text)
    let running = await server.world.describedTasks(ofService: "web").filter { $0["lastStatus"] == "RUNNING" }
    #expect(running.count == service["desiredCount"]?.int, text)
    #expect(running.allSatisfy { $0["taskDefinitionArn"]?.string == definition }, "nothing else runs, \(text)")
    let open = await server.world.describedDeployments("web").filter { $0["finishedAt"] == nil }
    #expect(open == [], text)
    guard let advanced = service["loadBalancers"]?[0]?["advancedConfiguration"],
      let rule = advanced["productionListenerRule"]?.string, let green = advanced["alternateTargetGroupArn"]?.string
    else { return }
    #expect(await server.world.share(of: green, at: rule) == (isNew ? 100 : 0), text)
  }
}
