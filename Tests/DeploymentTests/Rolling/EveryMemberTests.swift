import DeployPlugins
import HostOS
import JSON
import RollingPlugin
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

/// What a deployment leaves alone.
@Suite(.timeLimit(.minutes(2))) struct EveryMemberTests {
  /// A task definition with all members of botocore's model, and such as the model does not have yet.
  @Test func allMembersSurviveADeployment() async throws {
    let program = Checkout.fixture("deploy/ecs/every-member.py").string
    let definition = try JSONValue(parsing: try await Tool.output(try AWSServer.python().string, [program]))
    #expect(definition.object?.count ?? 0 >= 18)
    let scene = Scene.web { $0["launchType"] = "EC2" }.with {
      $0.taskDefinitions = [definition]
      $0.keepsUnknownMembers = true
    }
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      let described = try #require(await server.world.describedTaskDefinitions("web").first)
      #expect(Self.lacking(described, of: definition) == ["/tags"])
      let config: JSONValue = ["cluster": "prod", "service": "web"]
      var variables = server.environment
      variables["SLIPWAY_POLL_INTERVAL"] = "0.005s"
      let context = PluginContext(environment: Environment(variables)) { _ in }
      let images = ["web": PluginImage.built("web")]
      let plan = try await RollingPlugin().plan(
        PluginRequest(.plan, id: "test", images: images, config: config), context)
      // Through the text of the plan, as it passes between processes.
      let json = try JSONValue(parsing: plan.json.text)
      let again = try #require(DeploymentPlan(json: json))
      _ = try await RollingPlugin().apply(
        again, PluginRequest(.apply, id: "test", images: images, config: config, plan: json), context)
      var expected = described
      for member in TaskDefinitionMembers.readOnly { expected[member] = nil }
      expected["tags"] = definition["tags"]
      var containers = try #require(expected["containerDefinitions"]?.array)
      containers[0]["image"] = .string(PluginImage.built("web").reference)
      expected["containerDefinitions"] = .array(containers)
      let registered = server.calls.last { $0.operation == "RegisterTaskDefinition" }?.parameters
      #expect(registered == expected)
      #expect(registered?.text.contains("12345678901234567890") == true)
      #expect(server.violations == [])
    }
  }

  /// The members of the first level and of containers that are not in the other value as they were.
  private static func lacking(_ value: JSONValue, of whole: JSONValue) -> [String] {
    (whole.object?.members ?? []).filter { value[$0.name] == nil }.map { "/\($0.name)" }
  }
}

/// Members of TaskDefinition that RegisterTaskDefinitionRequest has not.
enum TaskDefinitionMembers {
  static let readOnly = [
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "deregisteredAt",
    "deleteRequestedAt", "registeredBy",
  ]
}
