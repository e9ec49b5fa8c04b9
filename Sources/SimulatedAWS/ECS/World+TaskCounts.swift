import JSON

/// How many tasks of which deployment a service has.
extension World {
  /// Begins and stops tasks within the service's percentages.
  func scale(_ service: inout Service) {
    let configuration = service.settings["deploymentConfiguration"]
    let desired = service.desiredCount
    let upper = desired * (configuration?["maximumPercent"]?.int ?? 200) / 100
    let lower = (desired * (configuration?["minimumHealthyPercent"]?.int ?? 100) + 99) / 100
    let tasks = ecs.tasks.filter { $0.service == service.arn && $0.counts }
    let primary = service.deployments[0]
    let own = tasks.filter { $0.deployment == primary.id }
    let old = tasks.filter { $0.deployment != primary.id }
    let isDeploying = !primary.isComplete
    let room = isDeploying ? upper - tasks.count : desired - own.count
    let wanted = primary.isStopped ? 0 : min(desired - own.count, room)
    if wanted > 0 { launch(&service, deployment: 0, count: wanted) }
    if primary.isStopped { return stopFailed(&service, own) }
    let healthy = tasks.count(where: \.isHealthy)
    let excess = max(0, own.count - desired)
    if excess > 0 { stop(&service, Array(own.suffix(excess))) }
    // Those that never got healthy are not missed.
    let sick = old.filter { !$0.isHealthy }
    let spare = max(0, min(old.count, healthy - lower))
    let leaving = sick + old.filter(\.isHealthy).prefix(spare)
    if !leaving.isEmpty { stop(&service, leaving) }
    if isDeploying, wanted <= 0, own.count < desired, leaving.isEmpty, upper <= lower { sayBlocked(&service) }
  }

  /// A deployment that has failed keeps what is healthy of it, and begins nothing.
  private func stopFailed(_ service: inout Service, _ own: [SimulatedTask]) {
    let sick = own.filter { !$0.isHealthy && $0.lastStatus < .running }
    if !sick.isEmpty { stop(&service, sick) }
  }

  private func sayBlocked(_ service: inout Service) {
    guard !service.deployments[0].saysBlocked else { return }
    service.deployments[0].saysBlocked = true
    say(
      &service,
      "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update "
        + "the minimumHealthyPercent or maximumPercent value and try again.")
  }

  /// Begins tasks of a deployment.
  func launch(_ service: inout Service, deployment place: Int, count: Int) {
    let deployment = service.deployments[place]
    guard let definition = taskDefinition(deployment.taskDefinition), count > 0 else { return }
    if case .isNotPlaced(let event, _) = deployment.fate.course {
      guard !deployment.saysUnplaced else { return }
      service.deployments[place].saysUnplaced = true
      return say(&service, event)
    }
    var names: [String] = []
    for _ in 0..<count {
      let meets = deployment.fate.count.map { service.deployments[place].startedTasks < $0 } ?? true
      var task = makeTask(
        definition, in: service.cluster, group: "service:\(service.name)", settings: deployment.settings,
        fate: meets ? deployment.fate : .healthy)
      task.startedBy = deployment.id
      task.service = service.arn
      task.deployment = deployment.id
      task.targets = Self.targets(deployment.settings)
      ecs.tasks.append(task)
      service.deployments[place].startedTasks += 1
      names.append("(task \(task.id))")
    }
    say(&service, "has started \(count) tasks: \(names.joined(separator: " ")).")
  }

  /// Where tasks with these settings become targets.
  static func targets(_ settings: JSONValue) -> [(group: String, port: Int)] {
    (settings["loadBalancers"]?.array ?? []).compactMap { balancer in
      balancer["targetGroupArn"]?.string.map { ($0, balancer["containerPort"]?.int ?? 80) }
    }
  }

  /// Stops tasks since they are too many.
  func stop(_ service: inout Service, _ tasks: [SimulatedTask]) {
    let deployment = service.deployments[0].id
    for task in tasks {
      guard let index = ecs.tasks.firstIndex(where: { $0.id == task.id }) else { continue }
      ecs.tasks[index].stop(
        code: "ServiceSchedulerInitiated", reason: "Scaling activity initiated by (deployment \(deployment))", at: now)
      ecs.tasks[index].endWasSeen = true
    }
    sayTargets(&service, "deregistered", tasks.filter { $0.lastStatus == .running })
    let draining = tasks.count { !$0.targets.isEmpty && $0.lastStatus == .running }
    if draining > 0 { say(&service, "has begun draining connections on \(draining) tasks.") }
    let names = tasks.map { "(task \($0.id))" }.joined(separator: " ")
    say(&service, "has stopped \(tasks.count) running tasks: \(names).")
  }
}
