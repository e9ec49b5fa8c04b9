import DeployPlugins
import JSON
import SimulatedAWS
import SystemPackage
import TestSupport
import Testing

extension RollingScenario {
  /// What cannot be right.
  static let mistakes: [RollingScenario] = [
    wrong("no such service", .web(), ["service": "shop"], "service-not-found", hint: "create: true"),
    wrong("no such cluster", .web(), ["cluster": "test"], "cluster-not-found", hint: "check cluster and region"),
    wrong(
      "no such container", .web(), ["containers": ["shop": "web"]], "container-not-found",
      hint: "its containers are web"),
    wrong("no such image", .web(), ["containers": ["web": "shop"]], "invalid-config", hint: "the images are web"),
    wrong("no such file", .web(), ["task-definition": "./nothing.json"], "invalid-config", hint: "the file is there"),
    wrong("no such family", .web(), ["task-definition": "shop"], "invalid-config"),
    wrong("no length of time", .web(), ["timeout": "soon"], "invalid-config", hint: "90s"),
    wrong(
      "which image is whose is not known", .web(containers: ["a", "b"]), [:], "invalid-config",
      hint: "say it as CONTAINER: IMAGE"),
    RollingScenario(
      "an image of another platform, as the host knows", .web(),
      images: ["web": .built("web", platforms: ["linux/arm64"])], .failure("wrong-platform", .config), calls: [],
      runs: "web:1", says: ["linux/arm64", "linux/amd64"], hint: "--platform linux/amd64"),
    RollingScenario(
      "an image of several platforms", .web(),
      images: ["web": .built("web", platforms: ["linux/arm64", "linux/amd64"])], .report(.succeeded)),
    RollingScenario(
      "an image of another platform, as the repository knows",
      Scene.web().with {
        $0.repositories = [
          Repository(
            name: "web",
            images: [
              Repository.Image(
                tags: ["v2"],
                manifest:
                  "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"\(PluginImageDigest.value)\",\"size\":2,\"platform\":{\"architecture\":\"arm64\",\"os\":\"linux\"}}]}",
                mediaType: "application/vnd.oci.image.index.v1+json")
            ])
        ]
      }, ["containers": ["web": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:v2"]],
      .failure("wrong-platform", .config), calls: [], runs: "web:1"),
    RollingScenario(
      "an image of one other platform, as its configuration says",
      Scene.web().with {
        $0.repositories = [
          Repository(
            name: "web",
            images: [
              Repository.Image(
                tags: ["v2"],
                manifest:
                  "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"\(PluginImageDigest.value)\",\"size\":2},\"layers\":[]}",
                mediaType: "application/vnd.oci.image.manifest.v1+json",
                blobs: [PluginImageDigest.value: "{\"architecture\":\"arm64\",\"os\":\"linux\"}"])
            ])
        ]
      }, ["containers": ["web": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:v2"]],
      .failure("wrong-platform", .config), calls: [], runs: "web:1", says: ["linux/arm64", "linux/amd64"]),
    wrong(
      "a service of CodeDeploy", Scene.web { $0["deploymentController"] = ["type": "CODE_DEPLOY"] }, [:],
      "invalid-config", hint: "plugin blue-green"),
    wrong(
      "a service that is deployed by somebody else",
      Scene.web {
        $0["deploymentController"] = ["type": "EXTERNAL"]
        for name in ["taskDefinition", "launchType", "networkConfiguration"] { $0[name] = nil }
      }, [:], "invalid-config", hint: "plugin external", runs: nil),
    wrong(
      "Fargate has no such size", .web(),
      ["task-definition": .string(Checkout.fixture("deploy/ecs/no-size.json").string)], "invalid-task-definition",
      hint: "choose cpu and memory"),
    wrong(
      "the number of a daemon's tasks",
      Scene.web {
        $0["schedulingStrategy"] = "DAEMON"
        $0["desiredCount"] = nil
        $0["launchType"] = "EC2"
      }, ["desired-count": 3], "invalid-config", hint: "leave desired-count out"),
    wrong(
      "what follows a deployment that is not waited for", .web(), ["wait": false, "after": ["task": "warm"]],
      "invalid-config", hint: "leave out wait: false"),
    wrong("autoscaling upside down", .web(), ["autoscaling": ["min": 5, "max": 2]], "invalid-config"),
    RollingScenario(
      "percents that allow no move",
      Scene.web { $0["deploymentConfiguration"] = ["minimumHealthyPercent": 100, "maximumPercent": 100] },
      steps: [.plan], .report(.succeeded), calls: [], runs: "web:1", warnings: ["deployment-cannot-move"]),
  ]

  private static func wrong(
    _ name: String, _ scene: Scene, _ config: JSONValue, _ code: String, hint: String? = nil, runs: String? = "web:1"
  ) -> RollingScenario {
    RollingScenario(name, scene, config, .failure(code, .config), calls: [], runs: runs, hint: hint)
  }
}
