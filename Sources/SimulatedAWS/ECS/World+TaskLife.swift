import JSON

/// What tasks do as time passes.
extension World {
  func advanceTasks() {
    for place in ecs.tasks.indices where ecs.tasks[place].lastStatus != .stopped {
      var task = ecs.tasks[place]
      step(&task)
      ecs.tasks[place] = task
    }
  }

  private func step(_ task: inout SimulatedTask) {
    task.age += 1
    if task.desiredStatus == .stopped { return stepDown(&task) }
    switch task.lastStatus {
    case .provisioning: enter(.pending, &task)
    case .pending: stepPending(&task)
    case .activating: start(&task)
    case .running: stepRunning(&task)
    default: stepDown(&task)
    }
  }

  private func enter(_ status: SimulatedTask.Status, _ task: inout SimulatedTask) {
    task.lastStatus = status
    task.age = 0
  }

  private func stepPending(_ task: inout SimulatedTask) {
    switch task.fate.course {
    case .staysPending, .isNotPlaced: return
    case .failsToStart(let stopped, let container):
      guard task.age + 1 >= task.fate.startTicks else { return }
      let image = task.containers.first { $0.isEssential }?.image ?? ""
      func filled(_ text: String) -> String {
        text.replacing("{image}", with: image).replacing("{secret}", with: arn("secretsmanager", "secret:db"))
      }
      task.stop(code: "TaskFailedToStart", reason: filled(stopped), at: now)
      if let container, let index = index(of: task.fate.container, in: task) {
        task.containers[index].reason = filled(container)
      }
      enter(.deprovisioning, &task)
    default: if task.age + 1 >= task.fate.startTicks { start(&task) }
    }
  }

  private func index(of name: String?, in task: SimulatedTask) -> Int? {
    task.containers.firstIndex { $0.name == name } ?? task.containers.firstIndex { $0.isEssential }
  }

  private func start(_ task: inout SimulatedTask) {
    enter(.running, &task)
    task.startedAt = now
    for index in task.containers.indices {
      task.containers[index].digest = digest(of: task.containers[index].image)
    }
    guard let index = index(of: task.fate.container, in: task) else { return }
    var lines = task.fate.logs
    if lines.isEmpty { lines = task.fate.course == .runs ? ["listening on port 8080"] : ["starting"] }
    write(lines, task.containers[index].name, task)
  }

  /// The digest in a reference, else the one that the registry knows, else one made of its text.
  func digest(of image: String) -> String {
    if let place = image.firstRange(of: "@") { return String(image[place.upperBound...]) }
    let parts = image.split(separator: "/", maxSplits: 1).last?.split(separator: ":").map(String.init) ?? []
    let tag = parts.count > 1 ? parts[1] : "latest"
    let known = registry.repositories.first { $0.name == parts.first }?.images.first { $0.tags.contains(tag) }
    return known?.digest ?? Repository.Image(tags: [], manifest: image, mediaType: "").digest
  }

  private func write(_ lines: [String], _ container: String, _ task: SimulatedTask) {
    let definition = taskDefinition(task.taskDefinition)?.containers.first { $0["name"]?.string == container }
    let log = definition?["logConfiguration"]
    guard log?["logDriver"]?.string == "awslogs", let group = log?["options"]?["awslogs-group"]?.string else { return }
    if log?["options"]?["awslogs-create-group"]?.string == "true" { logs.addGroup(group, at: now) }
    let runtime = task.containers.first { $0.name == container }?.runtimeID ?? ""
    let stream = log?["options"]?["awslogs-stream-prefix"]?.string.map { "\($0)/\(container)/\(task.id)" } ?? runtime
    logs.write(lines, group: group, stream: stream, at: now)
  }

  private func stepRunning(_ task: inout SimulatedTask) {
    switch task.fate.course {
    case .exits(let code, let reason) where task.age >= task.fate.lifeTicks: end(&task, code, reason)
    case .failsTargetHealth(let reason, _) where !task.targets.isEmpty:
      task.isUnhealthy = true
      guard task.age >= task.fate.lifeTicks, let service = serviceName(of: task) else { return }
      let target = task.targets[0]
      event(
        service, "(port \(target.port)) is unhealthy in (target-group \(target.group)) due to (reason \(reason))")
      task.stop(
        code: "ServiceSchedulerInitiated", reason: "Task failed ELB health checks in (target-group \(target.group))",
        at: now)
    case .failsContainerHealth:
      task.isUnhealthy = true
      guard task.age >= task.fate.lifeTicks else { return }
      if let service = serviceName(of: task) { event(service, "(task \(task.id)) failed container health checks.") }
      task.stop(code: "ServiceSchedulerInitiated", reason: "Task failed container health checks", at: now)
    case .exits: break
    default: if task.age >= task.fate.healthyTicks { task.isHealthy = true }
    }
  }

  /// An essential container has ended, and the task with it; the others get SIGTERM.
  private func end(_ task: inout SimulatedTask, _ code: Int, _ reason: String?) {
    guard let index = index(of: task.fate.container, in: task) else { return }
    task.containers[index].exitCode = code
    task.containers[index].reason = reason
    guard task.containers[index].isEssential else { return }
    for other in task.containers.indices where other != index { task.containers[other].exitCode = 143 }
    task.stop(code: "EssentialContainerExited", reason: "Essential container in task exited", at: now)
    enter(.deprovisioning, &task)
  }

  /// Drained, stopped, gone.
  private func stepDown(_ task: inout SimulatedTask) {
    switch task.lastStatus {
    case .provisioning, .pending, .activating, .stopping, .deactivating: enter(.deprovisioning, &task)
    case .running: enter(.deactivating, &task)
    case .deprovisioning, .stopped:
      enter(.stopped, &task)
      task.stoppedAt = now
      guard task.startedAt != nil else { return }
      for index in task.containers.indices where task.containers[index].exitCode == nil {
        task.containers[index].exitCode = task.containers[index].isEssential ? 143 : 0
      }
    }
  }

  private func serviceName(of task: SimulatedTask) -> String? {
    task.service.flatMap { arn in ecs.services.first { $0.arn == arn }?.arn }
  }

  /// Tells something of a service, with its name before.
  func event(_ service: String, _ text: String) {
    guard let place = ecs.services.firstIndex(where: { $0.arn == service }) else { return }
    let event = event(ecs.services[place].name, saying: text)
    ecs.services[place].events = [event] + ecs.services[place].events.prefix(99)
  }

  func event(_ name: String, saying text: String) -> JSONValue {
    ["id": .string(numbers.uuid()), "createdAt": timestamp, "message": .string("(service \(name)) \(text)")]
  }

  /// Targets of a group with their health.
  func targetHealth(of group: String) -> [JSONValue] {
    ecs.tasks.filter { $0.targets.contains { $0.group == group } }.compactMap { task in
      guard let target = task.targets.first(where: { $0.group == group }), let health = health(task) else { return nil }
      return [
        "Target": ["Id": .string(task.address), "Port": .int(target.port), "AvailabilityZone": "eu-central-1a"],
        "HealthCheckPort": .string("\(target.port)"), "TargetHealth": health,
      ]
    }
  }

  private func health(_ task: SimulatedTask) -> JSONValue? {
    guard task.lastStatus >= .running, task.lastStatus < .deprovisioning else { return nil }
    if task.desiredStatus == .stopped {
      return [
        "State": "draining", "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
      ]
    }
    if task.isHealthy { return ["State": "healthy"] }
    if task.isUnhealthy, case .failsTargetHealth(let reason, let code) = task.fate.course {
      return ["State": "unhealthy", "Reason": .string(code), "Description": .string(reason)]
    }
    return [
      "State": "initial", "Reason": "Elb.RegistrationInProgress", "Description": "Target registration is in progress",
    ]
  }
}
