import JSON

/// Task sets of services that CodeDeploy deploys.
extension World {
  /// The first one of a new service.
  func beginTaskSet(_ service: inout Service) {
    let set = makeSet(service, status: "PRIMARY", deployment: nil)
    service.taskSets = [set]
    codeDeploy.fates[set["id"]?.string ?? ""] = nextFate(of: service)
  }

  private func makeSet(_ service: Service, status: String, deployment: String?) -> JSONValue {
    let id = "ecs-svc/\(numbers.digits())"
    var set: JSONValue = [
      "id": .string(id), "taskSetArn": .string(arn("ecs", "task-set/\(service.cluster)/\(service.name)/\(id)")),
      "serviceArn": .string(service.arn), "clusterArn": .string(arn("ecs", "cluster/\(service.cluster)")),
      "status": .string(status), "taskDefinition": .string(service.taskDefinition),
      "computedDesiredCount": .int(service.desiredCount), "pendingCount": 0, "runningCount": 0,
      "createdAt": timestamp, "updatedAt": timestamp, "scale": ["value": 100, "unit": "PERCENT"],
      "stabilityStatus": "STABILIZING", "stabilityStatusAt": timestamp,
    ]
    if let deployment {
      set["externalId"] = .string(deployment)
      set["startedBy"] = "CODE_DEPLOY"
    }
    for name in ["launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration", "loadBalancers"] {
      set[name] = service.settings[name]
    }
    return set
  }

  func primarySet(_ service: Service) -> String? {
    service.taskSets.first { $0["status"]?.string == "PRIMARY" }?["id"]?.string
  }

  /// The task set that is to replace the primary one, behind the other target group.
  /// - Returns: its id.
  func addReplacement(_ deployment: CodeDeployment, _ place: Int) -> String? {
    var service = ecs.services[place]
    // What failed before is in the way.
    for index in service.taskSets.indices where service.taskSets[index]["status"]?.string == "ACTIVE" {
      drain(&service, index)
    }
    let primary = service.taskSets.first { $0["status"]?.string == "PRIMARY" }
    let used = primary?["loadBalancers"]?[0]?["targetGroupArn"]?.string
    let other = deployment.group.targetGroups.compactMap { name in
      balancing.targetGroups.first { $0["TargetGroupName"]?.string == name }?["TargetGroupArn"]?.string
    }.first { $0 != used }
    var like = service
    like.settings["taskDefinition"] = (taskDefinition(deployment.spec.taskDefinition)?.arn).map { .string($0) }
    for member in deployment.spec.settings.object?.members ?? [] { like.settings[member.name] = member.value }
    if deployment.spec.settings["capacityProviderStrategy"] != nil { like.settings["launchType"] = nil }
    like.settings["loadBalancers"] = [
      [
        "targetGroupArn": .string(other ?? used ?? ""), "containerName": .string(deployment.spec.container),
        "containerPort": .int(deployment.spec.port),
      ]
    ]
    let set = makeSet(like, status: "ACTIVE", deployment: deployment.id)
    service.taskSets.append(set)
    let id = set["id"]?.string ?? ""
    codeDeploy.fates[id] = nextFate(of: service)
    ecs.services[place] = service
    return id
  }

  func targetGroup(_ deployment: CodeDeployment, _ set: String?) -> String? {
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster) else { return nil }
    return ecs.services[place].taskSets.first { $0["id"]?.string == set }?["loadBalancers"]?[0]?["targetGroupArn"]?
      .string
  }

  /// The service takes over what a task set has.
  func setPrimary(_ deployment: CodeDeployment, _ set: String?) {
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster) else { return }
    for index in ecs.services[place].taskSets.indices {
      let isNew = ecs.services[place].taskSets[index]["id"]?.string == set
      guard isNew || ecs.services[place].taskSets[index]["status"]?.string == "PRIMARY" else { continue }
      ecs.services[place].taskSets[index]["status"] = isNew ? "PRIMARY" : "ACTIVE"
      ecs.services[place].taskSets[index]["updatedAt"] = timestamp
      guard isNew else { continue }
      for name in [
        "taskDefinition", "loadBalancers", "networkConfiguration", "platformVersion", "launchType",
        "capacityProviderStrategy",
      ] { ecs.services[place].settings[name] = ecs.services[place].taskSets[index][name] }
    }
  }

  func removeSet(_ deployment: CodeDeployment, _ set: String?) {
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster),
      let index = ecs.services[place].taskSets.firstIndex(where: { $0["id"]?.string == set })
    else { return }
    var service = ecs.services[place]
    drain(&service, index)
    ecs.services[place] = service
  }

  private func drain(_ service: inout Service, _ index: Int) {
    service.taskSets[index]["status"] = "DRAINING"
    let id = service.taskSets[index]["id"]?.string ?? ""
    for task in ecs.tasks.indices where ecs.tasks[task].deployment == id {
      ecs.tasks[task].stop(
        code: "ServiceSchedulerInitiated", reason: "Scaling activity initiated by (deployment \(id))", at: now)
    }
  }

  // MARK: As time passes

  /// What was before the beginning: all tasks run.
  func settleTaskSets() {
    advanceTaskSets()
    for place in ecs.services.indices where ecs.services[place].controller == "CODE_DEPLOY" {
      for index in ecs.tasks.indices where ecs.tasks[index].service == ecs.services[place].arn {
        settle(&ecs.tasks[index])
      }
      ecs.services[place].events = []
    }
    advanceTaskSets()
  }

  /// Keeps as many tasks as the sets want, and counts them.
  func advanceTaskSets() {
    for place in ecs.services.indices
    where ecs.services[place].controller == "CODE_DEPLOY" && ecs.services[place].status == "ACTIVE" {
      var service = ecs.services[place]
      for index in service.taskSets.indices { advance(&service, index) }
      service.taskSets.removeAll { set in
        set["status"]?.string == "DRAINING"
          && !ecs.tasks.contains { $0.deployment == set["id"]?.string && $0.lastStatus != .stopped }
      }
      ecs.services[place] = service
    }
  }

  private func advance(_ service: inout Service, _ index: Int) {
    let id = service.taskSets[index]["id"]?.string ?? ""
    let isWanted = service.taskSets[index]["status"]?.string != "DRAINING"
    let desired = isWanted ? service.desiredCount : 0
    let own = ecs.tasks.filter { $0.deployment == id && $0.counts }
    if own.count < desired { launch(&service, index, desired - own.count) }
    let tasks = ecs.tasks.filter { $0.deployment == id }
    let running = tasks.count(where: \.isRunning)
    let isStable = tasks.count(where: \.isHealthy) >= desired
    service.taskSets[index]["computedDesiredCount"] = .int(desired)
    service.taskSets[index]["runningCount"] = .int(running)
    service.taskSets[index]["pendingCount"] = .int(tasks.count(where: \.isPending))
    service.taskSets[index]["stabilityStatus"] = isStable ? "STEADY_STATE" : "STABILIZING"
  }

  private func launch(_ service: inout Service, _ index: Int, _ count: Int) {
    let set = service.taskSets[index]
    guard launch(count, of: set, in: &service, fate: codeDeploy.fates[set["id"]?.string ?? ""] ?? .healthy) else {
      return
    }
    say(&service, "has started \(count) tasks.")
  }
}
