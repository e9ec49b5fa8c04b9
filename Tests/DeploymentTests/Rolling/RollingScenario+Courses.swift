import DeployPlugins
import JSON
import SimulatedAWS
import Testing

extension RollingScenario {
  /// What goes as it should.
  static let courses: [RollingScenario] = [
    RollingScenario(
      "one container", .report(.succeeded), says: ["web:2 runs in web"],
      tells: ["2 running", "has reached a steady state", "as arn:aws:iam::123456789012:user/"]
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == PluginImage.built("web").reference)
    },
    RollingScenario(
      "behind a load balancer", Scene.web().with { $0.balance("web") }, .report(.succeeded),
      tells: ["targets in (target-group"]),
    RollingScenario(
      "two containers, two images", .web(containers: ["web", "proxy"]),
      ["containers": ["web": "app", "proxy": "nginx"]],
      images: ["app": .built("app"), "nginx": .built("nginx")], .report(.succeeded)
    ) { server in
      let images = [await server.world.image(of: "web", in: "web"), await server.world.image(of: "proxy", in: "web")]
      #expect(images == [PluginImage.built("app").reference, PluginImage.built("nginx").reference])
    },
    RollingScenario(
      "one of two containers; the other one stays", .web(containers: ["web", "proxy"]),
      ["containers": ["web": "web"]], .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "proxy", in: "web")
      #expect(image == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/proxy:1")
    },
    RollingScenario(
      "one image, one container, other names", images: ["app": .built("app")], .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == PluginImage.built("app").reference)
    },
    RollingScenario(
      "a literal reference", .web(), ["containers": ["web": "public.ecr.aws/nginx/nginx:1.29"]], images: [:],
      .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == "public.ecr.aws/nginx/nginx:1.29")
    },
    RollingScenario(
      "a tag beside the digest goes", .web(),
      images: ["web": PluginImage(reference: "localhost:5000/web:v2@\(PluginImage.digest)")], .report(.succeeded)
    ) { server in
      let image = await server.world.image(of: "web", in: "web")
      #expect(image == "localhost:5000/web@\(PluginImage.digest)")
    },
    RollingScenario(
      "nothing to do", steps: [.deploy, .deploy], .report(.unchanged), says: ["web was as it should be: web:2"]),
    RollingScenario("the same plan twice", steps: [.deploy, .apply], .report(.unchanged)),
    RollingScenario(
      "the same image is enforced", .web(), ["force-new-deployment": true], images: [:], .report(.succeeded),
      calls: ["UpdateService"], runs: "web:1"),
    RollingScenario(
      "an enforced plan twice", .web(), ["force-new-deployment": true], images: [:], steps: [.deploy, .apply],
      .report(.unchanged), calls: ["UpdateService"], runs: "web:1"),
    RollingScenario(
      "the desired count alone", .web(), ["desired-count": 3], images: [:], .report(.succeeded),
      calls: ["UpdateService"], runs: "web:1", warnings: ["no-deployment"]),
    RollingScenario(
      "the desired count is left alone", .web(), ["minimum-healthy-percent": 50], .report(.succeeded)
    ) { server in
      let update = server.calls.first { $0.operation == "UpdateService" }?.parameters
      #expect(update?.object?.names.sorted() == ["cluster", "deploymentConfiguration", "service", "taskDefinition"])
      #expect(update?["deploymentConfiguration"]?["minimumHealthyPercent"] == 50)
      #expect(update?["deploymentConfiguration"]?["maximumPercent"] == 200)
    },
    RollingScenario(
      "another network", .web(), ["network": ["subnets": ["subnet-99999999"], "assign-public-ip": true]], images: [:],
      .report(.succeeded), calls: ["UpdateService"], runs: "web:1"
    ) { server in
      let network = await server.world.describedService("web")?["networkConfiguration"]?["awsvpcConfiguration"]
      #expect(network?["subnets"] == ["subnet-99999999"])
      #expect(network?["securityGroups"] == ["sg-0a1b2c3d"])
      #expect(network?["assignPublicIp"] == "ENABLED")
    },
    RollingScenario(
      "capacity providers and a platform version", .web(),
      [
        "capacity-providers": [["provider": "FARGATE", "base": 1], ["provider": "FARGATE_SPOT", "weight": 3]],
        "platform-version": "1.4.0", "force-new-deployment": true,
      ], .report(.succeeded)
    ) { server in
      let update = server.calls.first { $0.operation == "UpdateService" }?.parameters
      #expect(
        update?["capacityProviderStrategy"] == [
          ["capacityProvider": "FARGATE", "weight": 1, "base": 1],
          ["capacityProvider": "FARGATE_SPOT", "weight": 3],
        ])
    },
    RollingScenario(
      "members of the deployment configuration that are newer than the model",
      Scene.web { $0["deploymentConfiguration"] = ["minimumHealthyPercent": 50, "maximumPercent": 150] }
        .with { $0.keepsUnknownMembers = true },
      [
        "deployment-configuration": [
          "deploymentCircuitBreaker": [
            "enable": true, "rollback": true, "thresholdConfiguration": ["type": "COUNT", "value": 5],
          ]
        ]
      ], .report(.succeeded)
    ) { server in
      let update = server.calls.first { $0.operation == "UpdateService" }?.parameters["deploymentConfiguration"]
      #expect(update?["deploymentCircuitBreaker"]?["thresholdConfiguration"] == ["type": "COUNT", "value": 5])
      #expect(update?["minimumHealthyPercent"] == 50)
    },
    RollingScenario(
      "without waiting", .web(), ["wait": false], .report(.inProgress), says: ["ECS is deploying web:2"]),
    RollingScenario(
      "no tasks are wanted", .web(desiredCount: 0), .report(.succeeded), warnings: ["no-tasks"]),
    RollingScenario(
      "several services, one revision", Scene.web().with { $0.addWorker() }, ["services": ["worker"]],
      .report(.succeeded), calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"]
    ) { server in
      let worker = await server.world.describedService("worker")
      #expect(worker?["taskDefinition"]?.string?.hasSuffix("/web:2") == true)
    },
    RollingScenario("a dry run", steps: [.dryRun], .report(.unchanged), calls: [], runs: "web:1"),
    RollingScenario(
      "names as ARNs", .web(),
      [
        "cluster": .null, "service": "arn:aws:ecs:eu-central-1:123456789012:service/prod/web",
      ], .report(.succeeded)),
    RollingScenario(
      "pages of one", Scene.web().with { $0.pageSize = 1 }, ["keep-revisions": 1], .report(.succeeded)),
    RollingScenario(
      "old revisions go, but none that is needed",
      Scene.web().with { scene in
        for tag in ["2", "3", "4"] {
          scene.taskDefinitions.append(Scene.taskDefinition("web", containers: ["web"], tag: tag))
        }
        scene.services[0]["taskDefinition"] = "web:2"
      }, ["keep-revisions": 2], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "DeregisterTaskDefinition", "DeregisterTaskDefinition"],
      runs: "web:5"
    ) { server in
      let gone = server.calls.filter { $0.operation == "DeregisterTaskDefinition" }
        .compactMap { $0.parameters["taskDefinition"]?.string?.split(separator: ":").last }
      // The newest two stay, and web:2, which a rollback would go to.
      #expect(gone == ["3", "1"])
    },
    RollingScenario(
      "status", steps: [.status], .report(.succeeded), calls: [], runs: "web:1", says: ["2 of 2 running"]),
    RollingScenario(
      "back to the last one that succeeded", steps: [.deploy, .rollback], .report(.succeeded),
      calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"], runs: "web:1",
      says: ["back: service web → web:1"], tells: ["web goes back to web:1: it is the last one that was deployed"]),
    RollingScenario(
      "back where ECS tells of no history", Scene.web().withoutServiceDeployments(), steps: [.deploy, .rollback],
      .report(.succeeded), calls: ["RegisterTaskDefinition", "UpdateService", "UpdateService"], runs: "web:1",
      tells: ["it is the revision before web:2"]),
    RollingScenario(
      "nothing to go back to", steps: [.rollback], .failure("nothing-to-return-to", nil, .failed), calls: [],
      runs: "web:1"),
    RollingScenario(
      "status that waits", .web(), ["wait": false], steps: [.deploy, .wait], .report(.succeeded),
      says: ["web: web:2, completed, 2 of 2 running"]),
  ]
}

extension World {
  /// The image of a container in the newest revision of a family.
  func image(of container: String, in family: String) -> String? {
    let definitions = describedTaskDefinitions(family).sorted { $0["revision"]?.int ?? 0 < $1["revision"]?.int ?? 0 }
    return definitions.last?["containerDefinitions"]?.array?.first { $0["name"]?.string == container }?["image"]?.string
  }
}

extension Scene {
  /// A second service of the same family.
  mutating func addWorker() {
    var worker = services[0]
    worker["serviceName"] = "worker"
    services.append(worker)
  }
}
