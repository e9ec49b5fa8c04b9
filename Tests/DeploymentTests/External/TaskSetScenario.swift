import DeployPlugins
import ExternalPlugin
import HostOS
import JSON
import SimulatedAWS
import TestSupport
import Testing

/// A deployment by task sets, from a scene to what has to be there at its end.
struct TaskSetScenario: Sendable, CustomTestStringConvertible {
  enum End: Sendable { case new, old, whatever }

  var name: String
  var scene: Scene
  let fronts: Scene.Fronts
  var config: JSONValue
  var state: DeploymentState?
  var code: String?
  var end: End
  /// A text in the progress of the deployment.
  var cancelledAt: String?
  var says: [String]
  /// How many task sets there are at the end.
  var sets = 1

  var testDescription: String { name }

  init(
    _ name: String, _ state: DeploymentState?, _ end: End, code: String? = nil, isBalanced: Bool = true,
    config: JSONValue = [:], cancelledAt: String? = nil, says: [String] = [], sets: Int = 1,
    change: (inout Scene) -> Void = { _ in }
  ) {
    self.name = name
    (scene, fronts) = Scene.taskSets(isBalanced: isBalanced)
    self.config = config
    self.state = state
    self.code = code
    self.end = end
    self.cancelledAt = cancelledAt
    self.says = says
    self.sets = sets
    if isBalanced {
      self.config["listener"] = config["listener"] ?? .string(fronts.rule)
      self.config["target-groups"] = [.string(fronts.blue), .string(fronts.green)]
    }
    change(&scene)
  }

  static func trial(_ server: SimulatedAWS, _ config: JSONValue, digit: String = "d") -> PluginTrial {
    var all: JSONValue = ["cluster": "prod", "service": "web"]
    for (name, value) in config.object?.members ?? [] { all[name] = value }
    var environment = server.environment
    environment["SLIPWAY_POLL_INTERVAL"] = "0.002s"
    environment["PATH"] = Environment.current["PATH"]
    let image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web@sha256:" + String(repeating: digit, count: 64)
    return PluginTrial(ExternalPlugin(), all, images: ["web": image], environment: Environment(environment))
  }

  func run() async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      let trial = Self.trial(server, config)
      let answer: PluginTrial.Answer
      if let cancelledAt {
        answer = await trial.deployCancelled {
          if case .progress(let progress) = $0 { progress.message?.contains(cancelledAt) == true } else { false }
        }
      } else {
        answer = await trial.deploy()
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

  private func checkEnd(_ server: SimulatedAWS, _ text: Comment) async throws {
    guard end != .whatever else { return }
    await server.world.advance(20)
    let service = try #require(await server.world.describedService("web"))
    let all = service["taskSets"]?.array ?? []
    #expect(all.count == sets, text)
    let primary = try #require(all.first { $0["status"]?.string == "PRIMARY" }, text)
    let isNew = end == .new
    #expect(primary["taskDefinition"]?.string?.hasSuffix(":1") == !isNew, text)
    #expect(primary["runningCount"] == service["desiredCount"], text)
    let running = await server.world.describedTasks(ofService: "web").filter { $0["lastStatus"] == "RUNNING" }
    #expect(sets > 1 || running.count == service["desiredCount"]?.int, "no task is left over, \(text)")
    guard config["listener"] != nil else { return }
    #expect(await server.world.share(of: fronts.green, at: config["listener"]?.string ?? "") == (isNew ? 100 : 0), text)
  }
}
