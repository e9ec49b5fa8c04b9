public import JSON

/// What is told of services.
extension World {
  func describeServices(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    let names = call.strings("services")
    guard !names.isEmpty else { throw Refusal.invalid("Services cannot be empty.") }
    guard names.count <= 10 else { throw Refusal.invalid("Services can have at most 10 elements.") }
    var found: [JSONValue] = []
    var failures: [JSONValue] = []
    for name in names {
      if let service = service(name, in: cluster), !isUnseen(service.arn) {
        found.append(describe(service, withTags: call.strings("include").contains("TAGS")))
      } else {
        failures.append([
          "arn": .string(arn("ecs", "service/\(cluster)/\(Self.lastPart(name))")), "reason": "MISSING",
        ])
      }
    }
    return ["services": .array(found), "failures": .array(failures)]
  }

  /// A service as DescribeServices tells it, without the world moving; nil when there is none.
  public func describedService(_ name: String, cluster: String = "prod") -> JSONValue? {
    service(name, in: cluster).map { describe($0, withTags: true) }
  }

  /// Task definitions of a family as DescribeTaskDefinition tells them, oldest first.
  public func describedTaskDefinitions(_ family: String) -> [JSONValue] {
    ecs.taskDefinitions.filter { $0.family == family }.map { describe($0) }
  }

  /// Tasks of a service, or all, as DescribeTasks tells them.
  public func describedTasks(ofService name: String? = nil) -> [JSONValue] {
    ecs.tasks.filter { name == nil || $0.group == "service:\(name ?? "")" }.map { describe($0) }
  }

  /// Service deployments as DescribeServiceDeployments tells them, oldest first.
  public func describedDeployments(_ name: String, cluster: String = "prod") -> [JSONValue] {
    service(name, in: cluster).map { service in service.history.map { describe($0, of: service) } } ?? []
  }

  private static let told = [
    "loadBalancers", "serviceRegistries", "desiredCount", "launchType", "capacityProviderStrategy", "platformVersion",
    "taskDefinition", "deploymentConfiguration", "placementConstraints", "placementStrategy", "networkConfiguration",
    "healthCheckGracePeriodSeconds", "schedulingStrategy", "deploymentController", "enableECSManagedTags",
    "propagateTags", "enableExecuteCommand", "availabilityZoneRebalancing",
  ]

  func describe(_ service: Service, withTags: Bool) -> JSONValue {
    let tasks = ecs.tasks.filter { $0.service == service.arn }
    var answer: JSONValue = [
      "serviceArn": .string(service.arn), "serviceName": .string(service.name),
      "clusterArn": .string(arn("ecs", "cluster/\(service.cluster)")), "status": .string(service.status),
      "runningCount": .int(tasks.count(where: \.isRunning)), "pendingCount": .int(tasks.count(where: \.isPending)),
      "createdAt": Self.time(service.createdAt), "createdBy": .string(service.createdBy),
      "deployments": .array(service.deployments.map { describe($0, of: service) }),
      "events": .array(service.events),
    ]
    for name in Self.told { answer[name] = service.settings[name] }
    if answer["healthCheckGracePeriodSeconds"] == nil, !service.loadBalancers.isEmpty {
      answer["healthCheckGracePeriodSeconds"] = 0
    }
    if answer["launchType"]?.string == "FARGATE" {
      answer["platformVersion"] = service.settings["platformVersion"] ?? "LATEST"
      answer["platformFamily"] = "Linux"
    }
    if service.controller != "ECS" { answer["taskSets"] = .array(service.taskSets) }
    if let running = service.history.last(where: { !$0.isOver }) {
      answer["currentServiceDeployment"] = .string(running.arn)
    }
    if service.controller == "ECS" {
      answer["currentServiceRevisions"] = .array(service.deployments.map { revisionSummary($0.revision, of: service) })
    }
    if withTags { answer["tags"] = ecs.tags[service.arn] ?? [] }
    return answer
  }

  func describe(_ deployment: Deployment, of service: Service) -> JSONValue {
    let tasks = ecs.tasks.filter { $0.deployment == deployment.id }
    let wanted = tasks.count(where: \.counts)
    var answer: JSONValue = [
      "id": .string(deployment.id), "status": .string(deployment.status),
      "taskDefinition": .string(deployment.taskDefinition),
      "desiredCount": .int(
        deployment.status == "PRIMARY" && !deployment.isStopped
          ? service.desiredCount : deployment.isStopped ? 0 : wanted),
      "pendingCount": .int(tasks.count(where: \.isPending)), "runningCount": .int(tasks.count(where: \.isRunning)),
      "failedTasks": .int(deployment.failedTasks), "createdAt": Self.time(deployment.createdAt),
      "updatedAt": Self.time(deployment.updatedAt), "rolloutState": .string(deployment.rolloutState),
      "rolloutStateReason": .string(deployment.reason),
    ]
    for name in [
      "capacityProviderStrategy", "launchType", "platformVersion", "networkConfiguration",
      "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
    ] { answer[name] = deployment.settings[name] }
    if answer["launchType"]?.string == "FARGATE" {
      answer["platformVersion"] = "1.4.0"
      answer["platformFamily"] = "Linux"
    }
    return answer
  }
}
