import JSON

/// How deployments of services begin and end.
extension World {
  /// Begins a deployment of a service's settings as they stand.
  func begin(_ service: inout Service, isFirst: Bool) {
    supersede(&service)
    let sources = service.deployments.map(\.revision)
    let revision = addRevision(&service)
    let fate = nextFate(of: service)
    let alarms = Self.alarmSettings(service)
    let breaker = service.settings["deploymentConfiguration"]?["deploymentCircuitBreaker"]
    let record = ServiceDeployment(
      arn: arn("ecs", "service-deployment/\(service.cluster)/\(service.name)/\(numbers.word())"), createdAt: now,
      startedAt: now, updatedAt: now, sources: sources, target: revision,
      configuration: service.settings["deploymentConfiguration"] ?? [:],
      breakerStatus: breaker?["enable"]?.bool == true ? "MONITORING" : "DISABLED",
      threshold: Self.threshold(service),
      alarmStatus: alarms.isEmpty ? "DISABLED" : "MONITORING")
    service.history.append(record)
    add(
      &service, revision: revision, fate: fate, serviceDeployment: record.arn,
      reason: "ECS deployment {id} in progress.")
    beginShift(&service)
    if isFirst, service.desiredCount == 0 { service.isSteady = false }
  }

  /// What runs already is replaced; its own outcome is open no more.
  private func supersede(_ service: inout Service) {
    for index in service.history.indices where !service.history[index].isOver {
      service.history[index].status = "STOPPED"
      service.history[index].reason = "Service deployment was stopped because a newer service deployment started."
      finish(&service.history[index])
      service.history[index].stoppedAt = now
    }
  }

  func finish(_ record: inout ServiceDeployment) {
    record.finishedAt = now
    record.updatedAt = now
    if record.breakerStatus == "MONITORING" { record.breakerStatus = "MONITORING_COMPLETE" }
    if record.alarmStatus == "MONITORING" { record.alarmStatus = "MONITORING_COMPLETE" }
  }

  func nextFate(of service: Service) -> Fate {
    guard hasBegun else { return .healthy }
    let count = ecs.begun[service.name, default: 0]
    ecs.begun[service.name] = count + 1
    let fates = scene.deployments[service.name] ?? []
    return count < fates.count ? fates[count] : .healthy
  }

  /// Adds an entry to `deployments`, as the primary one.
  func add(
    _ service: inout Service, revision: String, fate: Fate, serviceDeployment: String, reason: String,
    isRollback: Bool = false
  ) {
    let id = "ecs-svc/\(numbers.digits())"
    for index in service.deployments.indices { service.deployments[index].status = "ACTIVE" }
    var deployment = Deployment(
      id: id, revision: revision, createdAt: now, updatedAt: now, reason: reason.replacing("{id}", with: id),
      settings: service.settings, fate: fate, beganAt: tick, serviceDeployment: serviceDeployment)
    deployment.isRollback = isRollback
    deployment.ignoredAlarms = Set(Self.alarmSettings(service).filter { alarms[$0] == "ALARM" })
    service.deployments.insert(deployment, at: 0)
    service.isSteady = false
  }

  /// Names of the alarms that a service's deployments heed.
  static func alarmSettings(_ service: Service) -> [String] {
    let alarms = service.settings["deploymentConfiguration"]?["alarms"]
    guard alarms?["enable"]?.bool == true else { return [] }
    return (alarms?["alarmNames"]?.array ?? []).compactMap(\.string)
  }

  /// Half of what is desired, at least 3 and at most 200; or what the service says.
  static func threshold(_ service: Service) -> Int {
    let breaker = service.settings["deploymentConfiguration"]?["deploymentCircuitBreaker"]
    let custom = breaker?["thresholdConfiguration"]
    guard let type = custom?["type"]?.string, let value = custom?["value"]?.double else {
      return min(200, max(3, (service.desiredCount + 1) / 2))
    }
    let part = Int((Double(service.desiredCount) * value / 100).rounded(.up))
    switch type {
    case "COUNT": return max(1, Int(value))
    case "UNBOUNDED_PERCENT": return max(1, part)
    default: return min(200, max(3, part))
    }
  }

  /// Adds a revision of the service's settings, with the images that it resolves.
  /// - Returns: its ARN.
  private func addRevision(_ service: inout Service) -> String {
    let arn = arn("ecs", "service-revision/\(service.cluster)/\(service.name)/\(numbers.digits())")
    let containers = taskDefinition(service.taskDefinition)?.containers ?? []
    var revision: JSONValue = [
      "serviceRevisionArn": .string(arn), "serviceArn": .string(service.arn),
      "clusterArn": .string(self.arn("ecs", "cluster/\(service.cluster)")),
      "taskDefinition": .string(service.taskDefinition), "createdAt": timestamp, "guardDutyEnabled": false,
      "containerImages": .array(
        containers.map { container in
          let image = container["image"]?.string ?? ""
          return [
            "containerName": container["name"] ?? "", "imageDigest": .string(digest(of: image)),
            "image": .string(image),
          ]
        }),
    ]
    for name in [
      "capacityProviderStrategy", "launchType", "platformVersion", "loadBalancers", "serviceRegistries",
      "networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations",
    ] where service.settings[name]?.array?.isEmpty != true { revision[name] = service.settings[name] }
    if revision["launchType"]?.string == "FARGATE" {
      revision["platformVersion"] = "1.4.0"
      revision["platformFamily"] = "Linux"
    }
    service.revisions.append(revision)
    return arn
  }

  /// Brings all services of the scene to a steady state at once: what was before the beginning.
  func settle() {
    for place in ecs.services.indices {
      var service = ecs.services[place]
      if service.controller == "EXTERNAL" {
        settleTaskSets(&service)
        ecs.services[place] = service
      }
      guard service.controller == "ECS", !service.deployments.isEmpty else { continue }
      launch(&service, deployment: 0, count: service.desiredCount)
      for index in ecs.tasks.indices where ecs.tasks[index].service == service.arn {
        settle(&ecs.tasks[index])
      }
      service.events = []
      complete(&service)
      ecs.services[place] = service
    }
    settleTaskSets()
  }

  func settle(_ task: inout SimulatedTask) {
    task.lastStatus = .running
    task.startedAt = now
    task.isHealthy = true
    task.healthWasSeen = true
    task.age = 100
    for index in task.containers.indices { task.containers[index].digest = digest(of: task.containers[index].image) }
  }
}
