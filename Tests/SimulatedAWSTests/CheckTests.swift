import AWS
import JSON
import SimulatedAWS
import Testing

/// Calls that botocore would not send.
@Suite struct CheckTests {
  @Test(
    arguments: [
      (
        "RegisterTaskDefinition", ["family": "web", "containerDefinitions": [], "revision": 3], "revision is no member"
      ),
      ("RegisterTaskDefinition", ["containerDefinitions": []], "family is missing"),
      (
        "RegisterTaskDefinition",
        ["family": "web", "containerDefinitions": [["name": "web", "image": "web", "cpu": "many"]]],
        "parameters.containerDefinitions[0].cpu is a string in place of a whole number"
      ),
      ("UpdateService", ["service": "web", "cluster": "prod", "launchType": "FARGATE"], "launchType is no member"),
      (
        "UpdateService", ["service": "web", "cluster": "prod", "deploymentConfiguration": ["strategy": "NONSENSE"]],
        "strategy is NONSENSE, not one of"
      ),
      (
        "UpdateService", ["service": "web", "cluster": "prod", "deploymentConfiguration": .null],
        "deploymentConfiguration is null"
      ),
      ("DescribeServices", ["cluster": "prod"], "services is missing"),
      ("DescribeServices", ["cluster": "prod", "services": "web"], "services is a string in place of a list"),
      (
        "RunTask", ["cluster": "prod", "taskDefinition": "web", "tags": [["key": "a*b", "value": "c"]]],
        "does not match"
      ),
    ] as [(String, JSONValue, String)])
  func whatDoesNotFitTheModelIsRefused(_ operation: String, _ parameters: JSONValue, _ finding: String) async throws {
    try await Simulation.serve(.web()) { server in
      let code = await (try Caller(server)).refusal(operation, parameters)
      #expect(code == "InvalidParameterException")
      #expect(server.violations.contains { $0.contains(finding) }, "\(server.violations)")
      #expect(server.calls.last?.status == 400)
    }
  }

  @Test func membersThatTheModelDoesNotKnowYetAreKeptWhereTheSceneSaysSo() async throws {
    var scene = Scene.web()
    scene.keepsUnknownMembers = true
    scene.taskDefinitions[0]["quantumMode"] = ["entangled": true]
    try await Simulation.serve(scene) { server in
      let told = try await (try Caller(server)).ecs("DescribeTaskDefinition", ["taskDefinition": "web"])
      #expect(told["taskDefinition"]?["quantumMode"]?["entangled"] == true)
      #expect(server.violations == [])
    }
    scene.keepsUnknownMembers = false
    try await Simulation.serve(scene) { server in
      try await (try Caller(server)).ecs("DescribeTaskDefinition", ["taskDefinition": "web"])
      #expect(server.violations.count == 1)
    }
  }

  @Test func aCallForNothingThatIsSimulatedSaysSo() async throws {
    try await Simulation.serve(.web()) { server in
      let caller = try Caller(server)
      #expect(
        await caller.refusal(
          "ExecuteCommand",
          [
            "cluster": "prod", "task": "a", "command": "sh", "interactive": true,
          ]) == "UnknownOperationException")
      #expect(await caller.refusal("GetParameter", ["Name": "a"], of: .ssm) == "UnknownOperationException")
    }
  }

  @Test func taskDefinitionsKeepEveryMember() async throws {
    var scene = Scene.web()
    let given: JSONValue = [
      "family": "full", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256",
      "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/e", "enableFaultInjection": true,
      "pidMode": "task", "ephemeralStorage": ["sizeInGiB": 21],
      "runtimePlatform": ["cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"],
      "volumes": [["name": "data", "configuredAtLaunch": true]], "placementConstraints": [],
      "containerDefinitions": [
        [
          "name": "web", "image": "web", "environment": [["name": "EMPTY", "value": ""]], "essential": true,
          "restartPolicy": ["enabled": true], "versionConsistency": "disabled", "cpu": 0, "portMappings": [],
          "mountPoints": [], "volumesFrom": [], "systemControls": [],
        ]
      ],
    ]
    scene.taskDefinitions.append(given)
    try await Simulation.serve(scene) { server in
      let told = try await (try Caller(server)).ecs("DescribeTaskDefinition", ["taskDefinition": "full"])
      for member in given.object?.members ?? [] { #expect(told["taskDefinition"]?[member.name] == member.value) }
      #expect(server.violations == [])
    }
  }
}
