import JSON

/// What UpdateService does.
extension World {
  /// Members whose change begins a deployment.
  private static let deploying = [
    "taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
    "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
  ]
  private static let silent = [
    "desiredCount", "capacityProviderStrategy", "availabilityZoneRebalancing", "healthCheckGracePeriodSeconds",
    "placementConstraints", "placementStrategy", "enableExecuteCommand", "enableECSManagedTags", "propagateTags",
    "deploymentController",
  ]

  func updateService(_ call: Call) throws -> JSONValue {
    let place = try activeService(call)
    var service = ecs.services[place]
    try checkController(call, service)
    var settings = service.settings
    var deploys = call.bool("forceNewDeployment")
    for name in Self.deploying {
      guard var value = call[name] else { continue }
      if name == "taskDefinition" { value = .string(try activeTaskDefinition(value.string ?? "").arn) }
      // Any value of it counts, even the same one.
      if settings[name] != value || name == "volumeConfigurations" { deploys = true }
      settings[name] = value
    }
    for name in Self.silent { if let value = call[name] { settings[name] = value } }
    if call["capacityProviderStrategy"] != nil { exchangeLaunch(&settings, call) }
    if let configuration = call["deploymentConfiguration"] {
      settings["deploymentConfiguration"] = Self.merged(settings["deploymentConfiguration"] ?? [:], configuration)
      // What belongs to the strategy before goes with it.
      let strategy = settings["deploymentConfiguration"]?["strategy"]?.string
      for (name, owner) in [("linearConfiguration", "LINEAR"), ("canaryConfiguration", "CANARY")]
      where strategy != owner && configuration[name] == nil { settings["deploymentConfiguration"]?[name] = nil }
    }
    if call["desiredCount"] != nil, (call.int("desiredCount") ?? 0) < 0 {
      throw Refusal.invalid("desiredCount cannot be negative.")
    }
    if let definition = settings["taskDefinition"]?.string.flatMap({ taskDefinition($0) }), deploys {
      try checkLaunch(settings, definition)
    }
    try checkBalancers(settings)
    try checkShift(settings)
    let isMigrated = service.controller != "ECS" && settings["deploymentController"]?["type"]?.string == "ECS"
    service.settings = settings
    service.isSteady = false
    if (deploys || isMigrated) && service.controller == "ECS" { begin(&service, isFirst: false) }
    ecs.services[place] = service
    return ["service": describe(service, withTags: true)]
  }

  /// From a launch type to providers, and back by an empty list.
  private func exchangeLaunch(_ settings: inout JSONValue, _ call: Call) {
    if call["capacityProviderStrategy"]?.array?.isEmpty == true {
      settings["capacityProviderStrategy"] = nil
      if settings["launchType"] == nil { settings["launchType"] = "FARGATE" }
    } else {
      settings["launchType"] = nil
    }
  }

  /// Services that others deploy are not deployed by this call.
  private func checkController(_ call: Call, _ service: Service) throws {
    guard service.controller != "ECS" else { return }
    let target = call["deploymentController"]?["type"]?.string
    if target == "ECS" { return }
    let words = [
      ("taskDefinition", "task definition"), ("networkConfiguration", "network configuration"),
      ("platformVersion", "platform version"), ("loadBalancers", "load balancers"),
      ("serviceRegistries", "service registries"), ("capacityProviderStrategy", "capacity provider strategy"),
      ("forceNewDeployment", "deployment"), ("serviceConnectConfiguration", "service connect configuration"),
      ("volumeConfigurations", "volume configurations"), ("enableExecuteCommand", "execute command"),
    ]
    if let found = words.first(where: { call[$0.0] != nil && call[$0.0] != false }) {
      let remedy =
        service.controller == "CODE_DEPLOY"
        ? "Use AWS CodeDeploy to trigger a new deployment." : "Use a task set to change it."
      throw Refusal.invalid(
        "Unable to update \(found.1) on services with a \(service.controller) deployment "
          + "controller. \(remedy)")
    }
    if service.controller == "EXTERNAL", call["deploymentConfiguration"] != nil {
      throw Refusal.invalid(
        "Unable to update deployment configuration on services with an EXTERNAL deployment "
          + "controller.")
    }
  }
}
