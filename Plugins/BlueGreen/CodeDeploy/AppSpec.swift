import DeployPlugins
import ECSDeployment
import HostOS
import JSON
import SystemPackage

/// An AppSpec for a service of Amazon ECS: what CodeDeploy is told to deploy.
struct AppSpec: Sendable {
  /// The text, with or without CodePipeline's placeholder in the place of the task definition.
  let template: String
  /// The file that it is from.
  let file: String?

  static let placeholder = "<TASK_DEFINITION>"
  static let hookNames = [
    "BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic",
  ]

  init(template: String, file: String? = nil) {
    self.template = template
    self.file = file
  }

  /// From the file that `appspec` names, else made of what the service has.
  /// - Throws: `PluginFailure` of the category `config`.
  init(_ scene: BlueGreenScene) throws(PluginFailure) {
    let config = scene.settings.config
    guard let path = try config.string("appspec") else {
      self.init(template: try Self.generate(scene).text)
      return
    }
    if let key = ["lifecycle-hooks", "network", "capacity-providers", "platform-version"].first(where: {
      config[$0] != nil
    }) {
      throw config.failure(key, "\(path) says that already", hint: "write it into \(path), or leave appspec out")
    }
    guard let bytes = try? Files.read(FilePath(path), limit: 100 << 10) else {
      throw config.failure("appspec", "cannot read \(path)", hint: "check that the file is there and may be read")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw config.failure("appspec", "\(path) is not UTF-8", hint: "save it as UTF-8")
    }
    self.init(template: text, file: path)
    // What is wrong with it is told before anything is made.
    _ = try content("arn:aws:ecs:region:account:task-definition/family:1")
  }

  // MARK: Made by us

  private static func generate(_ scene: BlueGreenScene) throws(PluginFailure) -> JSONValue {
    let config = scene.settings.config
    var properties: JSONValue = [
      "TaskDefinition": .string(placeholder), "LoadBalancerInfo": try balancer(scene),
    ]
    if let version = try config.string("platform-version") { properties["PlatformVersion"] = .string(version) }
    if let network = try NetworkSettings.configuration(config) {
      let merged = NetworkSettings.merged(scene.primarySet?["networkConfiguration"], network)["awsvpcConfiguration"]
      var vpc: JSONValue = [:]
      vpc["Subnets"] = merged?["subnets"]
      vpc["SecurityGroups"] = merged?["securityGroups"]
      vpc["AssignPublicIp"] = merged?["assignPublicIp"]
      properties["NetworkConfiguration"] = ["AwsvpcConfiguration": vpc]
    }
    if let providers = try CapacitySettings.strategy(config)?.array {
      properties["CapacityProviderStrategy"] = .array(
        providers.map { provider in
          var value: JSONValue = ["CapacityProvider": provider["capacityProvider"] ?? ""]
          value["Base"] = provider["base"]
          value["Weight"] = provider["weight"]
          return value
        })
    }
    var spec: JSONValue = [
      "version": 1, "Resources": [["TargetService": ["Type": "AWS::ECS::Service", "Properties": properties]]],
    ]
    let hooks = try hooks(config)
    if !hooks.isEmpty { spec["Hooks"] = .array(hooks) }
    return spec
  }

  /// As the live task set has it.
  private static func balancer(_ scene: BlueGreenScene) throws(PluginFailure) -> JSONValue {
    let live = (scene.primarySet?["loadBalancers"] ?? scene.service.json["loadBalancers"])?[0]
    let child = try scene.settings.config.child("load-balancer")
    guard let container = try child?.string("container") ?? live?["containerName"]?.string,
      let port = try child?.int("port") ?? live?["containerPort"]?.int
    else {
      throw scene.settings.config.failure(
        "load-balancer", "it is not known which container gets the requests",
        hint: "say it with load-balancer: {container: NAME, port: NUMBER}")
    }
    return ["ContainerName": .string(container), "ContainerPort": .int(port)]
  }

  private static func hooks(_ config: DeployConfig) throws(PluginFailure) -> [JSONValue] {
    guard let child = try config.child("lifecycle-hooks") else { return [] }
    var functions: [String: String] = [:]
    for (name, function) in try config.map("lifecycle-hooks") ?? [] {
      guard let known = hookNames.first(where: { $0.lowercased() == name.replacing("-", with: "").lowercased() }) else {
        throw child.failure(
          name, "\(name) is no lifecycle event that has hooks",
          hint: "they are before-install, after-install, after-allow-test-traffic, before-allow-traffic, "
            + "after-allow-traffic")
      }
      functions[known] = function
    }
    return hookNames.compactMap { name in functions[name].map { .members([(name, .string($0))]) } }
  }

  // MARK: What is sent

  /// `revision` of CreateDeployment.
  static func revision(_ content: String) -> JSONValue {
    [
      "revisionType": "AppSpecContent",
      "appSpecContent": ["content": .string(content), "sha256": .string(SHA256Hasher.hex(of: content.utf8))],
    ]
  }
}

extension BlueGreenScene {
  /// The task set that gets the requests, of services that others deploy.
  var primarySet: JSONValue? {
    let sets = service.json["taskSets"]?.array ?? []
    return sets.first { $0["status"]?.string == "PRIMARY" } ?? sets.first
  }
}
