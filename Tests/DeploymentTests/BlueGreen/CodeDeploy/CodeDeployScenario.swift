import BlueGreenPlugin
import DeployPlugins
import Diagnostics
import HostOS
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// A deployment by CodeDeploy, from a scene to what has to be there at its end.
struct CodeDeployScenario: Sendable, CustomTestStringConvertible {
  /// Who has the production traffic, and what runs, at the end.
  enum End: Sendable { case new, old, whatever }

  var name: String
  var scene: Scene
  var config: JSONValue
  var state: DeploymentState?
  var end: End
  /// Of the failure.
  var code: String?
  /// Calls that change something, in their order; nil does not look.
  var changes: [String]?
  /// A text in the progress at which it is cancelled.
  var cancelledAt: String?
  /// Texts that are in the failure's message, hint or causes.
  var says: [String]
  /// What somebody decides when it waits.
  var decides: String?

  var testDescription: String { name }

  init(
    _ name: String, _ state: DeploymentState?, _ end: End, code: String? = nil, scene: Scene = .codeDeploy(),
    config: JSONValue = [:], changes: [String]? = nil, cancelledAt: String? = nil, says: [String] = [],
    decides: String? = nil, _ change: (inout Scene) -> Void = { _ in }
  ) {
    self.name = name
    self.scene = scene
    self.config = config
    self.state = state
    self.end = end
    self.code = code
    self.changes = changes
    self.cancelledAt = cancelledAt
    self.says = says
    self.decides = decides
    change(&self.scene)
  }

  static let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:" + String(repeating: "d", count: 64)
  static let once = ["RegisterTaskDefinition", "CreateDeployment"]
  private static let mutating: Set<String> = [
    "RegisterTaskDefinition", "CreateDeployment", "StopDeployment", "ContinueDeployment", "CreateDeploymentConfig",
    "UpdateService", "ModifyRule", "ModifyListener", "RegisterScalableTarget", "TagResource", "UntagResource",
    "DeregisterTaskDefinition",
  ]

  static func changes(_ server: SimulatedAWS) -> [String] {
    server.calls.filter { mutating.contains($0.operation) && $0.status == 200 }.map(\.operation)
  }

  static func trial(_ server: SimulatedAWS, _ config: JSONValue, image: String = image) -> PluginTrial {
    var all: JSONValue = ["cluster": "prod", "service": "web"]
    for (name, value) in config.object?.members ?? [] { all[name] = value }
    var environment = server.environment
    environment["SLIPWAY_POLL_INTERVAL"] = "0.002s"
    environment["PATH"] = Environment.current["PATH"]
    return PluginTrial(BlueGreenPlugin(), all, images: ["web": image], environment: Environment(environment))
  }

  /// Carries it out and looks at what is there then.
  func run() async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      let answer = await deploy(Self.trial(server, config))
      let text = Comment(rawValue: "\(name)\n\(answer.text)\n\(Self.changes(server))")
      #expect(answer.state == state, text)
      #expect(code == nil || answer.failure?.code == code, text)
      let said = ([answer.failure?.message, answer.failure?.hint].compactMap { $0 } + (answer.failure?.causes ?? []))
        .joined(separator: "\n")
      for piece in says { #expect(said.contains(piece), text) }
      if let changes { #expect(Self.changes(server) == changes, text) }
      #expect(server.violations == [], text)
      try await checkEnd(server, text)
    }
  }

  private func deploy(_ trial: PluginTrial) async -> PluginTrial.Answer {
    if let cancelledAt {
      return await trial.deployCancelled {
        if case .progress(let progress) = $0 { progress.message?.contains(cancelledAt) == true } else { false }
      }
    }
    guard let decides else { return await trial.deploy() }
    var decision = trial
    decision.request.decision = ["action": .string(decides)]
    let waits = AsyncStream<Void>.makeStream()
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

  /// What CodeDeploy goes on with comes to its end.
  private func checkEnd(_ server: SimulatedAWS, _ text: Comment) async throws {
    guard end != .whatever else { return }
    await server.world.advance(300)
    let service = try #require(await server.world.describedService("web"))
    let sets = service["taskSets"]?.array ?? []
    #expect(sets.map { $0["status"]?.string } == ["PRIMARY"], text)
    let definition = sets.first?["taskDefinition"]?.string ?? ""
    #expect(definition.hasSuffix(":1") == (end == .old), text)
    #expect(service["taskDefinition"]?.string == definition, text)
    let running = await server.world.describedTasks(ofService: "web").filter { $0["lastStatus"] == "RUNNING" }
    #expect(running.count == service["desiredCount"]?.int, text)
    #expect(running.allSatisfy { $0["taskDefinitionArn"]?.string == definition }, "nothing else runs, \(text)")
    let open = await server.world.describedCodeDeployments().filter { $0["completeTime"] == nil }
    #expect(open == [], text)
    let group = sets.first?["loadBalancers"]?[0]?["targetGroupArn"]?.string ?? ""
    let actions = await server.world.balancing.listeners.first?["DefaultActions"]?.array ?? []
    let weights = (actions.first?["ForwardConfig"]?["TargetGroups"]?.array ?? []).filter { $0["Weight"] != 0 }
    #expect(weights.map { $0["TargetGroupArn"]?.string } == [group], "the listener forwards there, \(text)")
  }
}
