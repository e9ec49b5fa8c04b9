import JSON

/// What ECS does by the strategies BLUE_GREEN, CANARY and LINEAR.
extension World {
  /// Prepares the newest deployment of a service for its stages, where its strategy has any.
  func beginShift(_ service: inout Service) {
    let old = service.shift
    let isFirst = service.deployments.count == 1
    guard service.strategy != "ROLLING", !isFirst else {
      service.shift = TrafficShift()
      service.shift.live = service.targetGroups?.first
      return resolve(&service, service.shift.live)
    }
    var shift = TrafficShift()
    shift.isActive = true
    shift.since = tick
    shift.live = old.live ?? service.targetGroups?.first
    shift.next = service.targetGroups.map { $0.first == shift.live ? $0.second : $0.first }
    let source = service.deployments.dropFirst().first { $0.isComplete } ?? service.deployments[1]
    shift.source = source.id
    service.shift = shift
    // What another rollout had begun ends.
    for deployment in service.deployments.dropFirst() where deployment.id != source.id {
      stop(&service, ecs.tasks.filter { $0.deployment == deployment.id && $0.counts })
    }
    if let next = shift.next, var balancer = service.deployments[0].settings["loadBalancers"]?[0] {
      balancer["targetGroupArn"] = .string(next)
      service.deployments[0].settings["loadBalancers"] = [balancer]
    }
    resolve(&service, shift.next)
    if old.isActive { setTraffic(&service, production: 0, test: 0) }
    enter(&service, stage: 0)
  }

  /// Says which target group the newest revision has.
  private func resolve(_ service: inout Service, _ group: String?) {
    guard let group, let index = service.revisions.indices.last else { return }
    var balancer: JSONValue = ["targetGroupArn": .string(group)]
    balancer["productionListenerRule"] = service.balancing.map { .string($0.rule) }
    service.revisions[index]["resolvedConfiguration"] = ["loadBalancers": [balancer]]
  }

  /// Says in the description of a service deployment which revision gets how much of the traffic.
  func addWeights(_ answer: inout JSONValue, _ service: Service) {
    guard service.shift.isActive, service.targetGroups != nil else { return }
    func add(_ summary: JSONValue, _ isTarget: Bool) -> JSONValue {
      var summary = summary
      for (name, share) in [
        ("requestedProductionTrafficWeight", service.shift.production),
        ("requestedTestTrafficWeight", service.shift.test),
      ] { summary[name] = .number(JSONNumber(isTarget ? share : 100 - share) ?? JSONNumber(0)) }
      return summary
    }
    answer["targetServiceRevision"] = answer["targetServiceRevision"].map { add($0, true) }
    answer["sourceServiceRevisions"] = .array((answer["sourceServiceRevisions"]?.array ?? []).map { add($0, false) })
  }

  // MARK: Stages

  func advanceShift(_ service: inout Service) {
    guard let open = openPlace(service) else { return }
    if service.shift.isReturning { return stepBack(&service, open) }
    if service.shift.stage >= 2 { keepCount(&service) }
    guard passesHooks(&service, open, service.shift.name) else { return }
    guard service.shift.isActive, !service.shift.isReturning, tick > service.shift.since else { return }
    let bake = scene.bakeTicks
    switch service.shift.name {
    case "RECONCILE_SERVICE": reconcile(&service, open)
    case "SCALE_UP":
      let healthy = ecs.tasks.count { $0.deployment == service.deployments[0].id && $0.isHealthy && $0.counts }
      if healthy >= service.desiredCount { next(&service) }
    case "TEST_TRAFFIC_SHIFT":
      if service.balancing?.test != nil { setTraffic(&service, production: 0, test: 100) }
      next(&service)
    case "PRODUCTION_TRAFFIC_SHIFT": shiftProduction(&service, open)
    case "BAKE_TIME":
      let minutes = service.history[open].configuration["bakeTimeInMinutes"]?.int ?? 0
      if tick >= service.shift.since + (minutes > 0 ? bake : 1) { next(&service) }
    case "CLEAN_UP": cleanUp(&service)
    default: next(&service)
    }
  }

  private func enter(_ service: inout Service, stage: Int) {
    service.shift.stage = stage
    service.shift.since = tick
    guard let open = service.history.lastIndex(where: { !$0.isOver }) else { return }
    service.history[open].lifecycleStage = TrafficShift.stages[stage]
    service.history[open].updatedAt = now
  }

  private func next(_ service: inout Service) { enter(&service, stage: service.shift.stage + 1) }

  /// ECS wants both groups behind the production rule.
  private func reconcile(_ service: inout Service, _ open: Int) {
    guard let rule = service.balancing?.rule, let groups = service.targetGroups else { return next(&service) }
    let forwarded = forwards(of: rule).map(\.arn)
    guard forwarded.contains(groups.first), forwarded.contains(groups.second) else {
      return breakOff(
        &service, reason: "invalid networking configuration",
        "Service deployment rolled back because of invalid networking configuration. Both targetGroup and "
          + "alternateTargetGroup must be associated with the productionListenerRule or testListenerRule.", true)
    }
    next(&service)
  }

  /// What the rule or listener of an ARN forwards to.
  func forwards(of arn: String) -> [(arn: String, weight: Int)] {
    let actions =
      balancing.rules.first { $0["RuleArn"]?.string == arn }?["Actions"]
      ?? balancing.listeners.first { $0["ListenerArn"]?.string == arn }?["DefaultActions"]
    let groups = actions?.array?.last?["ForwardConfig"]?["TargetGroups"]?.array ?? []
    return groups.map { ($0["TargetGroupArn"]?.string ?? "", $0["Weight"]?.int ?? 1) }
  }

  private func shiftProduction(_ service: inout Service, _ open: Int) {
    let steps = Self.steps(service.history[open].configuration)
    let step = service.shift.step
    if step > 0, step < steps.count, tick < service.shift.since + scene.bakeTicks { return }
    guard step < steps.count else { return next(&service) }
    guard passesHooks(&service, open, "PRE_PRODUCTION_TRAFFIC_SHIFT", step: step) else { return }
    setTraffic(&service, production: steps[step], test: service.shift.test)
    service.shift.step += 1
    service.shift.since = tick
    if service.shift.step == steps.count { next(&service) }
  }

  /// The shares of the production traffic, one after the other.
  private static func steps(_ configuration: JSONValue) -> [Double] {
    switch configuration["strategy"]?.string {
    case "CANARY": return [configuration["canaryConfiguration"]?["canaryPercent"]?.double ?? 5, 100]
    case "LINEAR":
      let size = configuration["linearConfiguration"]?["stepPercent"]?.double ?? 10
      let count = Int((100 / size).rounded(.up))
      return (1...max(1, count)).map { min(100, Double($0) * size) }
    default: return [100]
    }
  }

  /// The traffic that the new revision gets, in percent.
  private func setTraffic(_ service: inout Service, production: Double, test: Double) {
    service.shift.production = production
    service.shift.test = test
    guard let live = service.shift.live, let next = service.shift.next, let rules = service.balancing else { return }
    // Weights are whole numbers up to 999; tenths of a percent fit into them.
    func weights(_ share: Double) -> [(arn: String, weight: Int)] {
      let scale = share == share.rounded() || share > 99 ? 1.0 : 9.0
      return [(live, Int(((100 - share) * scale).rounded())), (next, Int((share * scale).rounded()))]
    }
    setWeights(rules.rule, weights(production))
    if let rule = rules.test { setWeights(rule, weights(max(production, test))) }
  }

  /// Begins tasks of the new revision where some are missing; the old ones are as many as they were.
  private func keepCount(_ service: inout Service) {
    let own = ecs.tasks.filter { $0.deployment == service.deployments[0].id && $0.counts }
    if own.count < service.desiredCount {
      launch(&service, deployment: 0, count: service.desiredCount - own.count)
    }
  }

  private func cleanUp(_ service: inout Service) {
    let others = ecs.tasks.filter {
      $0.service == service.arn && $0.deployment != service.deployments[0].id && $0.lastStatus != .stopped
    }
    let running = others.filter(\.counts)
    if !running.isEmpty { stop(&service, running) }
    guard others.isEmpty else { return }
    service.shift.live = service.shift.next ?? service.shift.live
    service.shift.isActive = false
    complete(&service)
  }

  // MARK: The way back

  func returnTraffic(_ service: inout Service, _ open: Int, reason: String) {
    guard let source = service.deployments.first(where: { $0.id == service.shift.source }) else { return }
    service.shift.isReturning = true
    service.shift.since = tick
    service.deployments[0].isStopped = true
    service.deployments[0].rolloutState = "FAILED"
    service.deployments[0].reason = reason
    service.history[open].status = "ROLLBACK_IN_PROGRESS"
    service.history[open].reason = reason
    service.history[open].rollback = [
      "reason": .string(reason), "startedAt": timestamp, "serviceRevisionArn": .string(source.revision),
    ]
    say(&service, "rolling back to deployment \(source.id).")
  }

  private func stepBack(_ service: inout Service, _ open: Int) {
    guard tick > service.shift.since,
      let place = service.deployments.firstIndex(where: { $0.id == service.shift.source })
    else { return }
    if service.shift.production > 0 || service.shift.test > 0 {
      service.shift.since = tick
      return setTraffic(&service, production: 0, test: 0)
    }
    guard scene.rollback.course == .runs else {
      service.history[open].status = "ROLLBACK_FAILED"
      service.history[open].reason = "The rollback failed: tasks failed to start."
      service.shift.isActive = false
      return finish(&service.history[open])
    }
    let failed = service.deployments[0].id
    service.deployments[0].status = "ACTIVE"
    var source = service.deployments.remove(at: place)
    source.status = "PRIMARY"
    let declared = service.settings["loadBalancers"]
    service.settings["taskDefinition"] = source.settings["taskDefinition"]
    service.settings["loadBalancers"] = declared
    service.deployments.insert(source, at: 0)
    stop(&service, ecs.tasks.filter { $0.deployment == failed && $0.counts })
    service.history[open].status = "ROLLBACK_SUCCESSFUL"
    finish(&service.history[open])
    service.shift.isActive = false
    service.shift.isReturning = false
    service.isSteady = true
    say(&service, "has reached a steady state.")
  }
}
