import JSON

/// What ECS's own deployment controller does as time passes.
extension World {
  func advanceServices() {
    for place in ecs.services.indices {
      var service = ecs.services[place]
      advance(&service)
      ecs.services[place] = service
    }
  }

  private func advance(_ service: inout Service) {
    switch service.status {
    case "DRAINING":
      guard !ecs.tasks.contains(where: { $0.service == service.arn && $0.lastStatus != .stopped }) else { return }
      service.status = "INACTIVE"
      service.deployments = []
    case "ACTIVE" where service.controller == "ECS" && !service.deployments.isEmpty:
      watch(&service)
      heedRequests(&service)
      if service.shift.isActive {
        advanceShift(&service)
      } else {
        scale(&service)
        tryToComplete(&service)
      }
      service.deployments.removeAll { deployment in
        deployment.status != "PRIMARY"
          && !ecs.tasks.contains { $0.deployment == deployment.id && $0.lastStatus != .stopped }
      }
    case "ACTIVE" where service.controller == "EXTERNAL": advanceTaskSets(&service)
    default: break
    }
  }

  func say(_ service: inout Service, _ text: String) {
    service.events = [event(service.name, saying: text)] + service.events.prefix(99)
  }

  /// Says how many targets came to each group, or left it.
  func sayTargets(_ service: inout Service, _ verb: String, _ tasks: [SimulatedTask]) {
    let groups = tasks.flatMap(\.targets).map(\.group)
    for group in Set(groups).sorted() {
      say(&service, "\(verb) \(groups.count { $0 == group }) targets in (target-group \(group))")
    }
  }

  // MARK: What is seen

  /// Failures, recoveries and alarms of the primary deployment.
  private func watch(_ service: inout Service) {
    var registered: [SimulatedTask] = []
    for index in ecs.tasks.indices where ecs.tasks[index].service == service.arn {
      let task = ecs.tasks[index]
      guard let place = service.deployments.firstIndex(where: { $0.id == task.deployment }) else { continue }
      if task.isHealthy, !task.healthWasSeen {
        ecs.tasks[index].healthWasSeen = true
        if Self.resets(service) { service.deployments[place].consecutiveFailures = 0 }
        registered.append(task)
      }
      if let code = task.stopCode, !task.endWasSeen {
        ecs.tasks[index].endWasSeen = true
        let byScaling = task.stoppedReason?.hasPrefix("Scaling activity") == true
        if !byScaling, code != "UserInitiated" { fail(&service, place, task) }
      }
    }
    sayTargets(&service, "registered", registered)
    guard let place = openPlace(service) else { return }
    if let alarm = service.deployments[0].fate.alarm, tick >= service.deployments[0].beganAt + alarm.afterTicks {
      alarms[alarm.name] = "ALARM"
    }
    let deployment = service.deployments[0]
    let ringing = Self.alarmSettings(service).filter { alarms[$0] == "ALARM" && !deployment.ignoredAlarms.contains($0) }
    guard !ringing.isEmpty, !deployment.isRollback, !deployment.isStopped else { return }
    service.history[place].alarmStatus = "TRIGGERED"
    service.history[place].triggeredAlarms = ringing
    let goesBack = service.settings["deploymentConfiguration"]?["alarms"]?["rollback"]?.bool == true
    breakOff(&service, reason: "alarm detected", "Alarms detected: \(ringing.joined(separator: ", "))", goesBack)
  }

  /// Whether a healthy task makes the failures before it forgotten.
  private static func resets(_ service: Service) -> Bool {
    service.settings["deploymentConfiguration"]?["deploymentCircuitBreaker"]?["resetOnHealthyTask"]?.bool != false
  }

  /// The place in the history of what goes on; nil when nothing does.
  func openPlace(_ service: Service) -> Int? {
    guard service.deployments.first?.isComplete == false else { return nil }
    return service.history.lastIndex { !$0.isOver }
  }

  private func fail(_ service: inout Service, _ place: Int, _ task: SimulatedTask) {
    service.isSteady = false
    guard !service.deployments[place].isComplete else { return }
    service.deployments[place].failedTasks += 1
    service.deployments[place].consecutiveFailures += 1
    service.deployments[place].updatedAt = now
    let failures = service.deployments[place].consecutiveFailures
    if failures == 3, !service.deployments[place].saysInconsistent {
      service.deployments[place].saysInconsistent = true
      say(
        &service,
        "is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of "
          + "the Amazon ECS Developer Guide.")
    }
    guard place == 0, let open = openPlace(service), service.strategy == "ROLLING" else { return }
    service.history[open].failures = failures
    service.history[open].updatedAt = now
    let breaker = service.settings["deploymentConfiguration"]?["deploymentCircuitBreaker"]
    guard breaker?["enable"]?.bool == true, failures >= service.history[open].threshold,
      !service.deployments[0].isStopped
    else { return }
    service.history[open].breakerStatus = "TRIGGERED"
    breakOff(
      &service, reason: "tasks failed to start", "ECS deployment circuit breaker: tasks failed to start.",
      breaker?["rollback"]?.bool == true)
  }

  // MARK: Breaking off

  /// Ends the primary deployment as failed, and goes back where that is wanted and there is somewhere to go.
  func breakOff(_ service: inout Service, reason: String, _ text: String, _ goesBack: Bool) {
    guard let open = openPlace(service) else { return }
    service.deployments[0].isStopped = true
    service.deployments[0].rolloutState = "FAILED"
    service.deployments[0].reason = text
    service.deployments[0].updatedAt = now
    say(&service, "(deployment \(service.deployments[0].id)) deployment failed: \(reason).")
    service.history[open].reason = text
    service.history[open].updatedAt = now
    if service.deployments[0].isRollback {
      service.history[open].status = "ROLLBACK_FAILED"
      finish(&service.history[open])
    } else if goesBack {
      goBack(&service, open, reason: text)
    } else {
      service.history[open].status = "STOPPED"
      service.history[open].stoppedAt = now
      finish(&service.history[open])
    }
  }

  /// The newest revision that was deployed to the end. Without one the deployment stalls.
  func goBack(_ service: inout Service, _ open: Int, reason: String) {
    if service.shift.isActive { return returnTraffic(&service, open, reason: reason) }
    let failed = service.history[open].target
    let good = service.history.last { ["SUCCESSFUL"].contains($0.status) && $0.target != failed }
    guard let good, let revision = service.revisions.first(where: { $0["serviceRevisionArn"]?.string == good.target })
    else { return }
    service.history[open].status = "ROLLBACK_IN_PROGRESS"
    service.history[open].rollback = [
      "reason": .string(reason), "startedAt": timestamp, "serviceRevisionArn": .string(good.target),
    ]
    restore(&service, revision)
    let id = service.deployments[0].id
    add(
      &service, revision: good.target, fate: scene.rollback, serviceDeployment: service.history[open].arn,
      reason: "ECS deployment circuit breaker: rolling back to deploymentId {id}.", isRollback: true)
    if !reason.hasPrefix("ECS deployment circuit breaker") {
      service.deployments[0].reason = "Rolling back to deploymentId \(service.deployments[0].id): \(reason)"
    }
    if let place = service.deployments.firstIndex(where: { $0.id == id }) {
      service.deployments[place].isStopped = true
      service.deployments[place].rolloutState = "FAILED"
    }
    say(&service, "rolling back to deployment \(service.deployments[0].id).")
  }

  /// What a revision says counts again; what it does not is left.
  private func restore(_ service: inout Service, _ revision: JSONValue) {
    for name in [
      "taskDefinition", "launchType", "capacityProviderStrategy", "loadBalancers", "serviceRegistries",
      "networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations",
    ] where revision[name] != nil { service.settings[name] = revision[name] }
  }

  /// What StopServiceDeployment asked for.
  private func heedRequests(_ service: inout Service) {
    guard let open = openPlace(service), service.history[open].status == "ROLLBACK_REQUESTED" else { return }
    service.deployments[0].isStopped = true
    service.deployments[0].rolloutState = "FAILED"
    goBack(&service, open, reason: "Service deployment stopped by user.")
    guard service.history[open].status == "ROLLBACK_REQUESTED" else { return }
    service.history[open].status = "STOPPED"
    finish(&service.history[open])
  }

  // MARK: Completion

  private func tryToComplete(_ service: inout Service) {
    let primary = service.deployments[0]
    let tasks = ecs.tasks.filter { $0.service == service.arn && $0.lastStatus != .stopped }
    let healthy = tasks.count { $0.deployment == primary.id && $0.isHealthy }
    let others = tasks.count { $0.deployment != primary.id }
    guard healthy >= service.desiredCount, others == 0, !primary.isStopped else { return }
    guard !primary.isComplete else {
      if !service.isSteady, tasks.count == service.desiredCount {
        service.isSteady = true
        say(&service, "has reached a steady state.")
      }
      return
    }
    if let changed = primary.changedAt {
      let bake = Self.alarmSettings(service).isEmpty ? 0 : scene.bakeTicks
      guard tick >= changed + bake else { return }
      complete(&service)
    } else {
      service.deployments[0].changedAt = tick
      if Self.alarmSettings(service).isEmpty { complete(&service) }
    }
  }

  func complete(_ service: inout Service) {
    service.deployments[0].rolloutState = "COMPLETED"
    service.deployments[0].reason = "ECS deployment \(service.deployments[0].id) completed."
    service.deployments[0].updatedAt = now
    say(&service, "(deployment \(service.deployments[0].id)) deployment completed.")
    service.isSteady = true
    say(&service, "has reached a steady state.")
    guard let open = service.history.lastIndex(where: { !$0.isOver }) else { return }
    service.history[open].status = service.deployments[0].isRollback ? "ROLLBACK_SUCCESSFUL" : "SUCCESSFUL"
    finish(&service.history[open])
  }
}
