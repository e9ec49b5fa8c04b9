import JSON

/// Services: making, changing and deleting them.
extension World {
  static let serviceOperations: [Operation] = [
    Operation("ecs", "CreateService") { world, call in try world.createService(call) },
    Operation("ecs", "UpdateService") { world, call in try world.updateService(call) },
    Operation("ecs", "DeleteService") { world, call in try world.deleteService(call) },
    Operation("ecs", "DescribeServices", looks: true) { world, call in try world.describeServices(call) },
    Operation("ecs", "ListServices") { world, call in try world.listServices(call) },
  ]

  func service(_ name: String, in cluster: String) -> Service? {
    servicePlace(name, in: cluster).map { ecs.services[$0] }
  }

  /// Of a service that is there, or was.
  func servicePlace(_ name: String, in cluster: String) -> Int? {
    let (name, cluster) = (Self.lastPart(name), Self.lastPart(cluster))
    return ecs.services.lastIndex { $0.name == name && $0.cluster == cluster }
  }

  /// Of an active service.
  /// - Throws: `Refusal`.
  func activeService(_ call: Call) throws -> Int {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    guard let place = servicePlace(try call.required("service"), in: cluster) else {
      throw Refusal("ServiceNotFoundException", "Service not found.")
    }
    guard ecs.services[place].status == "ACTIVE" else {
      throw Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
    }
    return place
  }

  // MARK: CreateService

  private func createService(_ call: Call) throws -> JSONValue {
    let name = try call.required("serviceName")
    let cluster = ecs.clusters[try clusterPlace(call)]
    if let place = servicePlace(name, in: cluster.name) {
      switch ecs.services[place].status {
      case "ACTIVE": return try repeated(call, place)
      case "DRAINING": throw Refusal.invalid("Unable to Start a service that is still Draining.")
      default: ecs.services.remove(at: place)
      }
    }
    let settings = try settings(ofNew: call, in: cluster)
    let arn = arn("ecs", "service/\(cluster.name)/\(name)")
    if let tags = call["tags"] { ecs.tags[arn] = tags }
    var service = Service(
      name: name, arn: arn, cluster: cluster.name, settings: settings, createdAt: now, createdBy: call.caller)
    if service.controller == "ECS" { begin(&service, isFirst: true) }
    if service.controller == "CODE_DEPLOY" { beginTaskSet(&service) }
    ecs.services.append(service)
    if scene.unseenFor > 0, hasBegun { ecs.unseen[arn] = scene.unseenFor }
    return ["service": describe(service, withTags: true)]
  }

  /// The same call once more, with the same token, has the same answer.
  private func repeated(_ call: Call, _ place: Int) throws -> JSONValue {
    guard let token = call.string("clientToken"), ecs.services[place].settings["clientToken"]?.string == token else {
      throw Refusal.invalid("Creation of service was not idempotent.")
    }
    return ["service": describe(ecs.services[place], withTags: true)]
  }

  private func settings(ofNew call: Call, in cluster: Cluster) throws -> JSONValue {
    var settings = call.parameters
    for name in ["cluster", "serviceName", "tags"] { settings[name] = nil }
    let controller = settings["deploymentController"]?["type"]?.string ?? "ECS"
    if settings["deploymentController"] == nil { settings["deploymentController"] = ["type": "ECS"] }
    if controller != "EXTERNAL" { try completeLaunch(&settings, cluster) }
    let isDaemon = settings["schedulingStrategy"]?.string == "DAEMON"
    if settings["schedulingStrategy"] == nil { settings["schedulingStrategy"] = "REPLICA" }
    if settings["desiredCount"] == nil { settings["desiredCount"] = isDaemon ? 1 : 0 }
    settings["deploymentConfiguration"] = Self.merged(
      [
        "deploymentCircuitBreaker": ["enable": false, "rollback": false], "maximumPercent": isDaemon ? 100 : 200,
        "minimumHealthyPercent": isDaemon ? 0 : 100, "strategy": "ROLLING", "bakeTimeInMinutes": 0,
      ], settings["deploymentConfiguration"])
    let defaults: [(String, JSONValue)] = [
      ("loadBalancers", []), ("serviceRegistries", []), ("placementConstraints", []), ("placementStrategy", []),
      ("enableECSManagedTags", false), ("propagateTags", "NONE"), ("enableExecuteCommand", false),
      ("availabilityZoneRebalancing", "ENABLED"),
    ]
    for (name, value) in defaults where settings[name] == nil { settings[name] = value }
    try checkBalancers(settings)
    try checkShift(settings)
    return settings
  }

  private func completeLaunch(_ settings: inout JSONValue, _ cluster: Cluster) throws {
    guard let name = settings["taskDefinition"]?.string else {
      throw Refusal.invalid("TaskDefinition can not be blank.")
    }
    let definition = try activeTaskDefinition(name)
    settings["taskDefinition"] = .string(definition.arn)
    try checkLaunch(settings, definition)
    guard settings["launchType"] == nil, settings["capacityProviderStrategy"] == nil else { return }
    if let strategy = cluster.settings["defaultCapacityProviderStrategy"], strategy.array?.isEmpty == false {
      settings["capacityProviderStrategy"] = strategy
    } else {
      settings["launchType"] = "EC2"
    }
  }

  /// Members of the newer one replace those of the older one.
  static func merged(_ older: JSONValue, _ newer: JSONValue?) -> JSONValue {
    var merged = older
    for member in newer?.object?.members ?? [] where !member.value.isNull { merged[member.name] = member.value }
    return merged
  }

  /// - Throws: `Refusal` with AWS's words.
  func checkBalancers(_ settings: JSONValue) throws {
    let containers = settings["taskDefinition"]?.string.flatMap { taskDefinition($0) }?.containers
    for balancer in settings["loadBalancers"]?.array ?? [] {
      if let arn = balancer["targetGroupArn"]?.string {
        guard let group = balancing.targetGroups.first(where: { $0["TargetGroupArn"]?.string == arn }) else {
          throw Refusal.invalid("The specified target group does not exist: \(arn)")
        }
        guard group["LoadBalancerArns"]?.array?.isEmpty == false else {
          throw Refusal.invalid(
            "The target group with targetGroupArn \(arn) does not have an associated load balancer.")
        }
      }
      guard let containers, let name = balancer["containerName"]?.string else { continue }
      guard let container = containers.first(where: { $0["name"]?.string == name }) else {
        throw Refusal.invalid("The container \(name) does not exist in the task definition.")
      }
      let ports = container["portMappings"]?.array ?? []
      guard ports.contains(where: { $0["containerPort"] == balancer["containerPort"] }) else {
        throw Refusal.invalid(
          "The container \(name) did not have a container port "
            + "\(balancer["containerPort"]?.text ?? "null") defined.")
      }
    }
  }

  // MARK: DeleteService

  private func deleteService(_ call: Call) throws -> JSONValue {
    let place = try activeService(call)
    guard ecs.services[place].desiredCount == 0 || call.bool("force") else {
      throw Refusal.invalid("The service cannot be stopped while it is scaled above 0.")
    }
    ecs.services[place].status = "DRAINING"
    ecs.services[place].settings["desiredCount"] = 0
    let arn = ecs.services[place].arn
    for index in ecs.tasks.indices where ecs.tasks[index].service == arn {
      ecs.tasks[index].stop(
        code: "ServiceSchedulerInitiated", reason: "Scaling activity initiated by deletion of the service", at: now)
    }
    return ["service": describe(ecs.services[place], withTags: true)]
  }

  private func listServices(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    let found = ecs.services.filter { service in
      service.cluster == cluster && service.status != "INACTIVE"
        && call.string("launchType").map { $0 == service.settings["launchType"]?.string } ?? true
    }
    return try page(found.map { .string($0.arn) }, as: "serviceArns", call, limit: 10)
  }
}
