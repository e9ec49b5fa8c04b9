import HostOS
import JSON
import SimulatedAWS
import Testing

/// Every operation, called by boto3, which reads the answers by its models.
@Suite struct TourTests {
  private static func scene() -> Scene {
    var scene = Scene.web()
    scene.shift("web")
    scene.tasks = [.exits(0, after: 2, logs: ["migrating", "done"]), .healthy]
    scene.repositories = [
      Repository(
        name: "web",
        images: [.init(tags: ["1"], manifest: "{}", mediaType: "application/vnd.oci.image.manifest.v1+json")])
    ]
    return scene
  }

  private static let expected: JSONValue = [
    "caller": "arn:aws:iam::123456789012:user/deployer", "role": "arn:aws:sts::210987654321:assumed-role/deploy/job",
    "clusters": [["FARGATE", "FARGATE_SPOT"], "MISSING"], "cluster pages": 2, "strategy": "FARGATE_SPOT",
    "twice": "InvalidParameterException", "tags": [["key": "c", "value": "d"]], "missing": "MISSING",
    "no cluster": "ClusterNotFoundException", "tasks": 3, "scaled above 0": "InvalidParameterException",
    "same task": true, "exit code": 0, "task failures": ["MISSING"], "log": ["migrating", "done"],
    "log ends": [[], true], "no stream": "ResourceNotFoundException", "stopped": "UserInitiated", "families": ["web"],
    "no role": "ClientException", "twice deregistered": "ClientException", "inactive": "ClientException",
    "definitions": 1, "token": true, "repository twice": "RepositoryAlreadyExistsException",
    "repositories": ["web", "new"], "images": [1, "ImageNotFound"], "no image": "ImageNotFoundException",
    "failed entries": 1, "targets": 1, "schedule": ["ENABLED", .null, "UTC"], "schedules": ["hourly"],
    "no schedule": "ResourceNotFoundException", "scalable": [4, true], "policies": 1, "balancing": [1, 2, 1, 2],
    "health": ["healthy"], "weights": [500, 500], "default rule": "OperationNotPermitted",
    "no group": "TargetGroupNotFound",
  ]

  @Test func boto3ReadsWhatItKnows() async throws {
    try await Simulation.serve(Self.scene()) { server in
      let found = try await Simulation.run("tour", at: server)
      for member in Self.expected.object?.members ?? [] {
        #expect(found[member.name] == member.value, "\(member.name)")
      }
      #expect(found.object?.count == Self.expected.object?.count)
      #expect(server.violations == [])
    }
  }

  @Test func theCLIWaitsAndPages() async throws {
    try await Simulation.serve(Self.scene()) { server in
      let definition = try await Simulation.cli(
        ["ecs", "describe-task-definition", "--task-definition", "web", "--include", "TAGS"], at: server)
      #expect(try JSONValue(parsing: definition.outputText)["tags"]?[0]?["key"] == "team")
      let update = try await Simulation.cli(
        ["ecs", "update-service", "--cluster", "prod", "--service", "web", "--force-new-deployment"], at: server)
      #expect(try JSONValue(parsing: update.outputText)["service"]?["deployments"]?.array?.count == 2)
      let list = try await Simulation.cli(
        ["ecs", "list-tasks", "--cluster", "prod", "--page-size", "1", "--query", "taskArns[]"], at: server)
      #expect(try JSONValue(parsing: list.outputText).array?.count == 2)
      #expect(server.calls.count { $0.operation == "ListTasks" } == 2)
      #expect(server.violations == [])
    }
  }

  /// Whoever makes the mistakes that the models forbid is told, and it is noted.
  @Test(arguments: [
    (["ecs", "describe-services", "--services", "web"], "AKIAOTHER", "UnrecognizedClientException", false),
    (["ecs", "describe-services", "--cluster", "prod", "--services", "web"], "", "InvalidSignatureException", true),
    (["sts", "get-caller-identity"], "", "InvalidSignatureException", true),
    (["scheduler", "list-schedules"], "", "InvalidSignatureException", true),
  ])
  func wrongKeysAreRefused(_ arguments: [String], _ key: String, _ code: String, _ isViolation: Bool) async throws {
    try await Simulation.serve(.web()) { server in
      let more = key.isEmpty ? ["AWS_SECRET_ACCESS_KEY": "wrong"] : ["AWS_ACCESS_KEY_ID": key]
      let outcome = try await Simulation.cli(arguments, at: server, more: more)
      #expect(!outcome.succeeded)
      #expect(outcome.errorText.contains(code), "\(outcome.errorText)")
      #expect(server.violations.isEmpty != isViolation)
    }
  }
}
