import DeployPlugins
import HostOS
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

/// Deployments by CodeDeploy on the simulated services.
@Suite struct CodeDeployTests {
  @Test(arguments: CodeDeployScenario.all) func endsAsItHasTo(_ scenario: CodeDeployScenario) async throws {
    try await scenario.run()
  }

  private func served(
    _ scene: Scene = .codeDeploy(), _ body: @Sendable (SimulatedAWS) async throws -> Void
  ) async throws {
    try await SimulatedAWS.serve(scene: scene, models: try await AWSServer.models()) { server in
      try await body(server)
      #expect(server.violations == [])
    }
  }

  private func says(_ text: String) -> @Sendable (PluginMessage) -> Bool {
    { if case .progress(let progress) = $0 { progress.message?.contains(text) == true } else { false } }
  }

  @Test func aPlanSaysWhatWouldChangeAndChangesNothing() async throws {
    try await served { server in
      let answer = await CodeDeployScenario.trial(server, ["deployment-config": "ECSCanary10Percent5Minutes"]).ask(
        .plan)
      let plan = try #require(answer.plan, Comment(rawValue: answer.text))
      #expect(plan.summary == "deploy web to web by CodeDeploy")
      #expect(plan.changes.map(\.action) == ["register", "deploy"])
      #expect(plan.changes[1].target == "DgpECS-prod-web of AppECS-prod-web")
      #expect(plan.changes[1].note == CodeDeployScenario.canary)
      #expect(CodeDeployScenario.changes(server) == [])
    }
  }

  @Test func theSameAgainChangesNothing() async throws {
    try await served { server in
      let trial = CodeDeployScenario.trial(server, ["termination": "wait"])
      #expect(await trial.deploy().state == .succeeded)
      let again = await trial.deploy()
      #expect(again.state == .unchanged, Comment(rawValue: again.text))
      #expect(CodeDeployScenario.changes(server) == CodeDeployScenario.once)
      let forced = await CodeDeployScenario.trial(server, ["force-new-deployment": true]).deploy()
      #expect(forced.state == .succeeded)
      #expect(CodeDeployScenario.changes(server) == CodeDeployScenario.once + ["CreateDeployment"])
    }
  }

  @Test func trafficAndEventsAreTold() async throws {
    try await served { server in
      let answer = await CodeDeployScenario.trial(
        server, ["linear": ["percent": 50, "bake-time": "1m"], "create-deployment-config": true]
      ).deploy()
      let told = answer.progress.compactMap(\.message).joined(separator: "\n")
      for text in ["AllowTraffic, 50 % of the traffic on web-green", "100 % of the traffic on web-green"] {
        #expect(told.contains(text), Comment(rawValue: told))
      }
      #expect(answer.progress.filter { $0.step == "Install" }.compactMap(\.state).last == .done)
      #expect(answer.report?.outputs["targetGroup"] == "web-green")
      #expect(await server.world.deploymentConfigs() == ["slipway-ecs-linear-50-percent-1-minutes"])
    }
  }

  /// A run that was cut off at any stage is taken up by the next one: nothing is made twice.
  @Test(arguments: ["CodeDeploy deploys web:2", ", Install", "AllowTraffic, 10 %", "the old tasks wait"])
  func aRunThatWasCutOffIsTakenUp(_ stage: String) async throws {
    try await served(.codeDeploy(terminationMinutes: 30)) { server in
      let trial = CodeDeployScenario.trial(
        server, ["termination": "wait", "deployment-config": "ECSCanary10Percent5Minutes"])
      let cut = await trial.deployCancelled(at: says(stage))
      #expect(cut.failure?.category == .cancelled, Comment(rawValue: cut.text))
      let again = await trial.deploy()
      #expect(again.state == .succeeded, Comment(rawValue: again.text))
      #expect(CodeDeployScenario.changes(server) == CodeDeployScenario.once)
      await server.world.advance(20)
      #expect(await server.world.describedService("web")?["taskSets"]?.array?.count == 1)
    }
  }

  /// When its new tasks are there already, there is something to go back from.
  @Test(arguments: ["fail", "rollback"]) func theTimeIsOver(_ choice: String) async throws {
    var scene = Scene.codeDeploy()
    CodeDeployScenario.stuck(&scene)
    try await served(scene) { server in
      _ = await CodeDeployScenario.trial(server, [:]).deployCancelled(at: says(", Install"))
      let answer = await CodeDeployScenario.trial(server, ["timeout": "0.01s", "on-timeout": .string(choice)]).deploy()
      #expect(answer.failure?.code == "timed-out", Comment(rawValue: answer.text))
      #expect(
        answer.failure?.message.contains("did not end in time; it is at ") == true, Comment(rawValue: answer.text))
      #expect(answer.state == (choice == "fail" ? .timedOut : .rolledBack), Comment(rawValue: answer.text))
      #expect(
        CodeDeployScenario.changes(server) == CodeDeployScenario.once + (choice == "fail" ? [] : ["StopDeployment"]))
    }
  }

  // MARK: AppSpec files

  private static let files: [(name: String, text: String)] = [
    ("appspec.yaml", CodeDeployScenario.otherContent.replacing(#/arn:.*/#, with: "<TASK_DEFINITION>") + "\n"),
    (
      "quoted.yaml",
      """
      # kept as it is
      version: 0.0
      resources:
        - targetService:
            type: AWS::ECS::Service
            properties:
              taskDefinition: "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1"  # replaced
              loadBalancerInfo:
                containerName: web
                containerPort: 8080
      hooks:
        - beforeInstall: check
      """
    ),
    (
      "appspec.json",
      """
      {"version": 1, "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition":
        "<TASK_DEFINITION>", "LoadBalancerInfo": {"ContainerName": "web", "ContainerPort": 8080}}}}]}
      """
    ),
  ]

  @Test(arguments: files.map(\.name)) func appSpecsAreTakenFromFiles(_ name: String) async throws {
    let text = try #require(Self.files.first { $0.name == name }?.text)
    try await Scratch.use("appspec") { scratch in
      let path = scratch(name)
      try Files.writeAtomically(Array(text.utf8), to: path)
      try await served { server in
        let answer = await CodeDeployScenario.trial(server, ["appspec": .string(path.string)]).deploy()
        #expect(answer.state == .succeeded, Comment(rawValue: answer.text))
        let sent = try #require(server.calls.first { $0.operation == "CreateDeployment" }?.parameters["revision"])
        let content = try #require(sent["appSpecContent"]?["content"]?.string)
        #expect(sent["appSpecContent"]?["sha256"]?.string == SHA256Hasher.hex(of: content.utf8))
        #expect(content.contains("task-definition/web:2"))
        #expect(content.count(of: "\n") == text.count(of: "\n"), "the rest is as it was")
      }
    }
  }

  @Test func taskDefinitionsOfCodePipelineAreFilled() async throws {
    try await Scratch.use("taskdef") { scratch in
      var definition = Scene.taskDefinition("web", containers: ["web"])
      var container = try #require(definition["containerDefinitions"]?[0])
      container["image"] = "<IMAGE1_NAME>"
      container["command"] = ["echo", "<html>"]
      definition["containerDefinitions"] = [container]
      let path = scratch("taskdef.json")
      try Files.writeAtomically(Array(definition.text.utf8), to: path)
      try await served { server in
        let answer = await CodeDeployScenario.trial(server, ["task-definition": .string(path.string)]).deploy()
        #expect(answer.state == .succeeded, Comment(rawValue: answer.text))
        let made = try #require(await server.world.describedTaskDefinitions("web").last?["containerDefinitions"]?[0])
        #expect(made["image"]?.string == CodeDeployScenario.image)
        #expect(made["command"]?[1] == "<html>")
      }
    }
  }

  @Test(arguments: [
    ("Resources: [", "is no YAML"), ("Resources: []", "has no version"), ("version: 0.0", "has no Resources"),
    ("version: 0.0\nResources:\n  - A: {Type: AWS::Lambda::Function}", "is not for Amazon ECS"),
    (
      "version: 0.0\nResources:\n  - A: {Type: 'AWS::ECS::Service', Properties: {TaskDefinition: <TASK_DEFINITION>}}",
      "has no LoadBalancerInfo"
    ),
    (CodeDeployScenario.otherContent + "\nHooks:\n  - Install: check", "has a hook at Install"),
    (CodeDeployScenario.otherContent.replacing("TaskDefinition:", with: "Definition:"), "has no TaskDefinition"),
  ]) func wrongAppSpecsAreRefused(_ text: String, _ reason: String) async throws {
    try await Scratch.use("appspec") { scratch in
      let path = scratch("appspec.yaml")
      try Files.writeAtomically(Array(text.utf8), to: path)
      try await served { server in
        let answer = await CodeDeployScenario.trial(server, ["appspec": .string(path.string)]).deploy()
        let failure = try #require(answer.failure, Comment(rawValue: answer.text))
        #expect(failure.category == .config)
        #expect(failure.path == "/appspec")
        #expect(failure.message.contains(reason), Comment(rawValue: failure.message))
        #expect(CodeDeployScenario.changes(server) == [])
      }
    }
  }

  // MARK: Autoscaling

  private static func scaled(_ change: (inout Scene) -> Void = { _ in }) -> Scene {
    var scene = Scene.codeDeploy()
    scene.calls.append(
      (
        "application-autoscaling", "RegisterScalableTarget",
        [
          "ServiceNamespace": "ecs", "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount",
          "MinCapacity": 1, "MaxCapacity": 9,
          "SuspendedState": [
            "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
          ],
        ]
      ))
    change(&scene)
    return scene
  }

  private func expectRestored(_ server: SimulatedAWS) async {
    let (target, tags) = await server.world.describedScalableTargets()[0]
    #expect(
      target["SuspendedState"] == [
        "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": false, "ScheduledScalingSuspended": false,
      ])
    #expect(target["MaxCapacity"] == 9)
    #expect(tags == [:])
  }

  @Test(arguments: [true, false]) func autoscalingIsSuspendedAndRestored(_ fails: Bool) async throws {
    let scene = Self.scaled { if fails { $0.codeDeploy = [.hookFails(at: "AfterInstall")] } }
    try await served(scene) { server in
      let answer = await CodeDeployScenario.trial(server, ["suspend-autoscaling": true]).deploy()
      #expect(answer.state == (fails ? .rolledBack : .succeeded), Comment(rawValue: answer.text))
      let scaling = server.calls.filter { $0.service == "application-autoscaling" }
      #expect(
        scaling.filter { $0.operation == "RegisterScalableTarget" }.first?.parameters["SuspendedState"]?.object?.members
          .allSatisfy { $0.value == true } == true)
      await expectRestored(server)
    }
  }

  /// What a run that was killed wrote down is found by the next one.
  @Test func autoscalingIsRestoredAfterACrash() async throws {
    try await served(Self.scaled()) { server in
      let arn = await server.world.describedScalableTargets()[0].target["ScalableTargetARN"] ?? ""
      try await server.world.call(
        "application-autoscaling", "TagResource",
        [
          "ResourceARN": arn,
          "Tags": [
            "slipway:suspended-state":
              "DynamicScalingInSuspended=true DynamicScalingOutSuspended=false ScheduledScalingSuspended=false"
          ],
        ])
      try await server.world.call(
        "application-autoscaling", "RegisterScalableTarget",
        [
          "ServiceNamespace": "ecs", "ResourceId": "service/prod/web", "ScalableDimension": "ecs:service:DesiredCount",
          "SuspendedState": [
            "DynamicScalingInSuspended": true, "DynamicScalingOutSuspended": true, "ScheduledScalingSuspended": true,
          ],
        ])
      #expect(await CodeDeployScenario.trial(server, ["suspend-autoscaling": true]).deploy().state == .succeeded)
      await expectRestored(server)
    }
  }

  @Test func nothingIsSuspendedThatCannotBeWrittenDown() async throws {
    try await served(Self.scaled { $0.faults = [.fault("TagResource", times: 9, .accessDenied)] }) { server in
      let answer = await CodeDeployScenario.trial(server, ["suspend-autoscaling": true]).deploy()
      #expect(answer.state == .succeeded)
      #expect(answer.warnings.map(\.code) == ["autoscaling-not-suspended"])
      #expect(!CodeDeployScenario.changes(server).contains("RegisterScalableTarget"))
    }
  }

  // MARK: Status and rollback

  @Test func rollbackGoesBackToTheLastDeploymentThatSucceeded() async throws {
    try await served { server in
      let config: JSONValue = ["termination": "wait"]
      #expect(await CodeDeployScenario.trial(server, config).deploy().state == .succeeded)
      let second = CodeDeployScenario.trial(server, config, image: "registry.example/web:2")
      #expect(await second.deploy().state == .succeeded)
      let back = await second.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      #expect(back.progress.contains { $0.message?.contains("goes back from web:3 to web:2 of d-") == true })
      #expect(await server.world.describedService("web")?["taskDefinition"]?.string?.hasSuffix("web:2") == true)
      #expect(CodeDeployScenario.changes(server).suffix(1) == ["CreateDeployment"])
    }
  }

  @Test func rollbackStopsWhatIsOnItsWay() async throws {
    try await served(.codeDeploy(terminationMinutes: 60)) { server in
      let trial = CodeDeployScenario.trial(server, ["deployment-config": "ECSCanary10Percent5Minutes"])
      _ = await trial.deployCancelled(at: says("10 % of the traffic"))
      let back = await trial.ask(.rollback)
      #expect(back.state == .succeeded, Comment(rawValue: back.text))
      #expect(await server.world.describedService("web")?["taskDefinition"]?.string?.hasSuffix("web:1") == true)
      #expect(CodeDeployScenario.changes(server) == CodeDeployScenario.once + ["StopDeployment"])
    }
  }

  @Test func statusSaysWhereTrafficIs() async throws {
    try await served(.codeDeploy(terminationMinutes: 60, readyMinutes: 60)) { server in
      let trial = CodeDeployScenario.trial(server, [:])
      _ = await trial.deployCancelled { if case .diagnostic = $0 { true } else { false } }
      let status = await trial.ask(.status)
      #expect(status.state == .waitingForApproval, Comment(rawValue: status.text))
      let sets = try #require(status.report?.outputs["taskSets"]?.array)
      #expect(sets.map { $0["trafficWeight"] } == [100, 0])
      var decision = trial
      decision.request.decision = ["action": "approve"]
      #expect(await decision.ask(.status).report?.changes.first?.action == "approve")
      var waiting = trial
      waiting.request.waits = true
      #expect(await waiting.ask(.status).state == .succeeded)
      // The old tasks still wait for their end; that can be approved as well.
      #expect(await decision.ask(.status).report?.summary.hasSuffix("is approved") == true)
      #expect(await waiting.ask(.status).state == .succeeded)
      let nothing = await decision.ask(.status)
      #expect(nothing.failure?.code == "nothing-to-decide", Comment(rawValue: nothing.text))
    }
  }
}

extension String {
  fileprivate func count(of character: Character) -> Int { count { $0 == character } }
}
