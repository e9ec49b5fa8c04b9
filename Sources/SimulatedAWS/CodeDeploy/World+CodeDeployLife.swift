import JSON

/// What deployments of CodeDeploy do as time passes.
extension World {
  /// Ticks in so many minutes.
  private func ticks(minutes: Int) -> Int { minutes * max(1, Int(60 / scene.tickLength)) }

  func advanceCodeDeploy() {
    for place in codeDeploy.deployments.indices where !codeDeploy.deployments[place].isOver {
      var deployment = codeDeploy.deployments[place]
      step(&deployment)
      codeDeploy.deployments[place] = deployment
    }
    advanceTaskSets()
  }

  private func step(_ deployment: inout CodeDeployment) {
    if deployment.isStopRequested {
      return end(
        &deployment, "Stopped", "MANUAL_STOP", "The deployment was stopped by a user.",
        returns: deployment.returnsOnStop || returns(deployment, on: "DEPLOYMENT_STOP_ON_REQUEST"))
    }
    if deployment.undoes == nil, let alarm = ringing(deployment) {
      return end(
        &deployment, "Stopped", "ALARM_ACTIVE",
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
          + "affected deployments have been stopped. Activated alarms: <\(alarm)>",
        returns: returns(deployment, on: "DEPLOYMENT_STOP_ON_ALARM"))
    }
    switch deployment.status {
    case "Created": start(&deployment)
    case "Ready": stepReady(&deployment)
    default:
      if deployment.isTerminating { return stepTermination(&deployment) }
      if deployment.undoes != nil, deployment.blue != nil { return goBack(&deployment) }
      stepEvent(&deployment)
    }
  }

  private func returns(_ deployment: CodeDeployment, on event: String) -> Bool {
    deployment.rollback?["enabled"]?.bool == true
      && deployment.rollback?["events"]?.array?.contains(.string(event)) == true
  }

  private func ringing(_ deployment: CodeDeployment) -> String? {
    guard deployment.status != "Created", deployment.alarms?["enabled"]?.bool == true else { return nil }
    return (deployment.alarms?["alarms"]?.array ?? []).compactMap { $0["name"]?.string }.first { alarms[$0] == "ALARM" }
  }

  private func start(_ deployment: inout CodeDeployment) {
    deployment.status = "InProgress"
    deployment.startedAt = now
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster),
      ecs.services[place].status == "ACTIVE", ecs.services[place].controller == "CODE_DEPLOY"
    else {
      return end(
        &deployment, "Failed", "INVALID_ECS_SERVICE", "The Amazon ECS service is not there or not ACTIVE.",
        returns: false)
    }
    guard let definition = taskDefinition(deployment.spec.taskDefinition), definition.isActive else {
      return end(
        &deployment, "Failed", "INVALID_REVISION", "The task definition in the AppSpec file could not be found.",
        returns: false)
    }
    let container = definition.containers.first { $0["name"]?.string == deployment.spec.container }
    guard
      container?["portMappings"]?.array?.contains(where: { $0["containerPort"]?.int == deployment.spec.port }) == true
    else {
      return end(
        &deployment, "Failed", "ECS_UPDATE_ERROR",
        "The ECS service cannot be updated: the container \(deployment.spec.container) has no port "
          + "\(deployment.spec.port) in the task definition.", returns: false)
    }
    if let undone = codeDeploy.deployments.first(where: { $0.id == deployment.undoes }) {
      deployment.green = undone.green
      deployment.blue = ecs.services[place].taskSets.contains { $0["id"]?.string == undone.blue } ? undone.blue : nil
      deployment.weight = undone.weight
    }
    if deployment.blue == nil {
      deployment.green = nil
      deployment.weight = 0
      deployment.blue = primarySet(ecs.services[place])
      if deployment.undoes != nil { deployment.undoes = nil }
    }
  }

  // MARK: Lifecycle events

  private func stepEvent(_ deployment: inout CodeDeployment) {
    let name = deployment.events[deployment.position].name
    if deployment.age == 0 {
      deployment.events[deployment.position].status = "InProgress"
      deployment.events[deployment.position].startedAt = now
    }
    deployment.age += 1
    if let alarm = deployment.course.alarm, alarm.at == name { alarms[alarm.name] = "ALARM" }
    let isReal = name == "Install" || name == "AllowTraffic"
    if deployment.course.failsAt == name, deployment.age > (isReal ? 3 : 0) { return fail(&deployment, name) }
    switch name {
    case "Install": install(&deployment)
    case "AllowTestTraffic":
      route(&deployment, deployment.group.testListeners, weight: 100)
      complete(&deployment)
    case "AllowTraffic": shift(&deployment)
    default: if deployment.spec.hooks[name] == nil || deployment.age > 1 { complete(&deployment) }
    }
  }

  private func fail(_ deployment: inout CodeDeployment, _ name: String) {
    let course = deployment.course
    if course.code == "HOOK_EXECUTION_FAILURE" {
      deployment.events[deployment.position].diagnostics = [
        "errorCode": "ScriptFailed", "scriptName": .string(deployment.spec.hooks[name] ?? name),
        "message": "The Lambda function reported that it failed", "logTail": .string(course.logTail ?? ""),
      ]
    }
    end(&deployment, "Failed", course.code, course.message, returns: returns(deployment, on: "DEPLOYMENT_FAILURE"))
  }

  private func complete(_ deployment: inout CodeDeployment) {
    let name = deployment.events[deployment.position].name
    deployment.events[deployment.position].status = "Succeeded"
    deployment.events[deployment.position].endedAt = now
    deployment.position += 1
    deployment.age = 0
    if name == "AfterAllowTestTraffic", deployment.group.waitsForSignal {
      deployment.status = "Ready"
      deployment.isContinued = false
    }
    if name == "AfterAllowTraffic" { terminate(&deployment) }
  }

  private func stepReady(_ deployment: inout CodeDeployment) {
    deployment.age += 1
    if deployment.isContinued {
      deployment.status = "InProgress"
      deployment.age = 0
    } else if deployment.age >= ticks(minutes: deployment.group.readyMinutes) {
      end(
        &deployment, "Stopped", "TIMEOUT", "The deployment was not continued within its wait time.",
        returns: returns(deployment, on: "DEPLOYMENT_STOP_ON_REQUEST"))
    }
  }

  private func install(_ deployment: inout CodeDeployment) {
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster) else { return }
    if deployment.green == nil { deployment.green = addReplacement(deployment, place) }
    let desired = ecs.services[place].desiredCount
    let healthy = ecs.tasks.count { $0.deployment == deployment.green && $0.isHealthy }
    if healthy >= desired { return complete(&deployment) }
    if deployment.age >= ticks(minutes: 60) {
      end(
        &deployment, "Failed", "TIMEOUT",
        "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is "
          + "60 minutes.", returns: returns(deployment, on: "DEPLOYMENT_FAILURE"))
    }
  }

  // MARK: Traffic

  private func shift(_ deployment: inout CodeDeployment) {
    let routing = routing(deployment)
    let passed = deployment.age - 1
    let weight: Int
    if let canary = routing["timeBasedCanary"] {
      let isFirst = passed < ticks(minutes: canary["canaryInterval"]?.int ?? 5)
      weight = isFirst ? canary["canaryPercentage"]?.int ?? 10 : 100
    } else if let linear = routing["timeBasedLinear"] {
      let steps = passed / ticks(minutes: linear["linearInterval"]?.int ?? 1) + 1
      weight = min(100, steps * (linear["linearPercentage"]?.int ?? 10))
    } else {
      weight = 100
    }
    deployment.weight = weight
    route(&deployment, deployment.group.productionListeners, weight: weight)
    guard weight == 100, deployment.course.failsAt != "AllowTraffic" else { return }
    setPrimary(deployment, deployment.green)
    complete(&deployment)
  }

  /// Divides what listeners forward to the old and the new target group.
  private func route(_ deployment: inout CodeDeployment, _ listeners: [String], weight: Int) {
    guard let old = targetGroup(deployment, deployment.blue), let new = targetGroup(deployment, deployment.green) else {
      return
    }
    for listener in listeners { setTraffic(listener, [(old, 100 - weight), (new, weight)]) }
  }

  private func setTraffic(_ listener: String, _ weights: [(arn: String, weight: Int)]) {
    setWeights(listener, weights)
    for rule in balancing.rules {
      guard let arn = rule["RuleArn"]?.string, Self.listener(of: arn) == listener else { continue }
      setWeights(arn, weights)
    }
  }

  private func terminate(_ deployment: inout CodeDeployment) {
    deployment.isTerminating = true
    deployment.isContinued = false
    if deployment.group.keepsOldTasks { succeed(&deployment) }
  }

  private func stepTermination(_ deployment: inout CodeDeployment) {
    deployment.age += 1
    guard deployment.isContinued || deployment.age > ticks(minutes: deployment.group.terminationMinutes) else { return }
    removeSet(deployment, deployment.blue)
    succeed(&deployment)
  }

  private func succeed(_ deployment: inout CodeDeployment) {
    deployment.status = "Succeeded"
    deployment.completedAt = now
  }

  // MARK: Going back

  private func goBack(_ deployment: inout CodeDeployment) {
    deployment.age += 1
    guard deployment.age > 1 else { return }
    if deployment.course.failsAt != nil {
      return end(&deployment, "Failed", deployment.course.code, deployment.course.message, returns: false)
    }
    deployment.weight = 0
    route(&deployment, deployment.group.productionListeners, weight: 0)
    setPrimary(deployment, deployment.blue)
    removeSet(deployment, deployment.green)
    for index in deployment.events.indices { deployment.events[index].status = "Succeeded" }
    succeed(&deployment)
  }

  private func end(
    _ deployment: inout CodeDeployment, _ status: String, _ code: String, _ message: String, returns: Bool
  ) {
    deployment.status = status
    deployment.completedAt = now
    deployment.error = (code, message)
    for index in deployment.events.indices where deployment.events[index].status != "Succeeded" {
      let isOpen = deployment.events[index].status == "InProgress"
      deployment.events[index].status = isOpen && status == "Failed" ? "Failed" : "Skipped"
      if isOpen { deployment.events[index].endedAt = now }
    }
    guard returns, deployment.undoes == nil else { return }
    guard deployment.green != nil, let content = primaryContent(deployment),
      let spec = try? AppSpecification(content)
    else {
      deployment.rollbackMessage = "There is nothing to roll back: no traffic was shifted and no task set was created."
      return
    }
    deployment.rollbackID = beginDeployment(
      deployment.group, deployment.config, ["description": "Rollback"], content, spec, undoes: deployment.id)
  }

  /// What goes back to the old task set.
  private func primaryContent(_ deployment: CodeDeployment) -> String? {
    guard let place = servicePlace(deployment.group.service, in: deployment.group.cluster),
      let set = ecs.services[place].taskSets.first(where: { $0["id"]?.string == deployment.blue })
    else { return deployment.previousContent }
    let content: JSONValue = [
      "version": 1,
      "Resources": [
        [
          "TargetService": [
            "Type": "AWS::ECS::Service",
            "Properties": [
              "TaskDefinition": set["taskDefinition"] ?? "",
              "LoadBalancerInfo": [
                "ContainerName": .string(deployment.spec.container), "ContainerPort": .int(deployment.spec.port),
              ],
            ],
          ]
        ]
      ],
    ]
    return content.text
  }
}
