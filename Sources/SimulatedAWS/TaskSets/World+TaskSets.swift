import JSON

/// Task sets of services with the controller EXTERNAL.
extension World {
  static let taskSetOperations: [Operation] = [
    Operation("ecs", "CreateTaskSet") { world, call in try world.createTaskSet(call) },
    Operation("ecs", "UpdateTaskSet") { world, call in try world.updateTaskSet(call) },
    Operation("ecs", "DeleteTaskSet") { world, call in try world.deleteTaskSet(call) },
    Operation("ecs", "DescribeTaskSets", looks: true) { world, call in try world.describeTaskSets(call) },
    Operation("ecs", "UpdateServicePrimaryTaskSet") { world, call in try world.updatePrimaryTaskSet(call) },
  ]

  private func externalService(_ call: Call) throws -> Int {
    let place = try activeService(call)
    guard ecs.services[place].controller == "EXTERNAL" else {
      throw Refusal.invalid("Task sets can be managed only on services with the EXTERNAL deployment controller.")
    }
    return place
  }

  private func setPlace(_ service: Service, _ name: String) throws -> Int {
    let id = name.hasPrefix("arn:") ? "ecs-svc/\(Self.lastPart(name))" : name
    guard let place = service.taskSets.firstIndex(where: { $0["id"]?.string == id }) else {
      throw Refusal("TaskSetNotFoundException", "The specified task set was not found.")
    }
    return place
  }

  private func createTaskSet(_ call: Call) throws -> JSONValue {
    let place = try externalService(call)
    var service = ecs.services[place]
    let definition = try activeTaskDefinition(try call.required("taskDefinition"))
    if let token = call.string("clientToken"), let known = taskSetTokens[token],
      let set = service.taskSets.first(where: { $0["id"]?.string == known })
    {
      return ["taskSet": set]
    }
    guard service.taskSets.count < 5 else {
      throw Refusal("LimitExceededException", "The number of task sets of a service is limited to 5.")
    }
    var settings = call.parameters
    settings["taskDefinition"] = .string(definition.arn)
    try checkLaunch(settings, definition)
    try checkBalancers(settings)
    let number = numbers.digits()
    let id = "ecs-svc/\(number)"
    var set: JSONValue = [
      "id": .string(id), "taskSetArn": .string(arn("ecs", "task-set/\(service.cluster)/\(service.name)/\(id)")),
      "serviceArn": .string(service.arn), "clusterArn": .string(arn("ecs", "cluster/\(service.cluster)")),
      "status": "ACTIVE", "taskDefinition": .string(definition.arn), "computedDesiredCount": 0, "pendingCount": 0,
      "runningCount": 0, "createdAt": timestamp, "updatedAt": timestamp, "stabilityStatus": "STABILIZING",
      "stabilityStatusAt": timestamp, "scale": call["scale"] ?? ["value": 100, "unit": "PERCENT"],
    ]
    for name in [
      "externalId", "launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration",
      "loadBalancers", "serviceRegistries", "tags",
    ] { set[name] = settings[name] }
    if let token = call.string("clientToken") { taskSetTokens[token] = id }
    taskSetFates[id] = nextFate(of: service)
    if !hasBegun { set["status"] = "PRIMARY" }
    service.taskSets.append(set)
    if !hasBegun { service.settings["taskDefinition"] = .string(definition.arn) }
    ecs.services[place] = service
    return ["taskSet": set]
  }

  private func updateTaskSet(_ call: Call) throws -> JSONValue {
    let place = try externalService(call)
    let index = try setPlace(ecs.services[place], try call.required("taskSet"))
    guard let scale = call["scale"], (0...100).contains(scale["value"]?.double ?? -1) else {
      throw Refusal.invalid("The scale must be between 0 and 100 percent.")
    }
    ecs.services[place].taskSets[index]["scale"] = scale
    ecs.services[place].taskSets[index]["stabilityStatus"] = "STABILIZING"
    ecs.services[place].taskSets[index]["updatedAt"] = timestamp
    return ["taskSet": ecs.services[place].taskSets[index]]
  }

  private func deleteTaskSet(_ call: Call) throws -> JSONValue {
    let place = try externalService(call)
    let index = try setPlace(ecs.services[place], try call.required("taskSet"))
    let set = ecs.services[place].taskSets[index]
    if set["status"] == "PRIMARY" {
      throw Refusal.invalid("The primary task set cannot be deleted.")
    }
    guard call.bool("force") || set["scale"]?["value"]?.double == 0 else {
      throw Refusal.invalid("The task set cannot be deleted while it is scaled above 0.")
    }
    ecs.services[place].taskSets[index]["status"] = "DRAINING"
    ecs.services[place].taskSets[index]["scale"] = ["value": 0, "unit": "PERCENT"]
    return ["taskSet": ecs.services[place].taskSets[index]]
  }

  private func describeTaskSets(_ call: Call) throws -> JSONValue {
    let place = try externalService(call)
    let names = call.strings("taskSets")
    let found = ecs.services[place].taskSets.filter { set in
      names.isEmpty || names.contains(set["id"]?.string ?? "") || names.contains(set["taskSetArn"]?.string ?? "")
    }
    return ["taskSets": .array(found), "failures": []]
  }

  private func updatePrimaryTaskSet(_ call: Call) throws -> JSONValue {
    let place = try externalService(call)
    let index = try setPlace(ecs.services[place], try call.required("primaryTaskSet"))
    guard ecs.services[place].taskSets[index]["status"] != "DRAINING" else {
      throw Refusal.invalid("A task set that is DRAINING cannot be the primary one.")
    }
    for other in ecs.services[place].taskSets.indices where ecs.services[place].taskSets[other]["status"] == "PRIMARY" {
      ecs.services[place].taskSets[other]["status"] = "ACTIVE"
    }
    ecs.services[place].taskSets[index]["status"] = "PRIMARY"
    ecs.services[place].settings["taskDefinition"] = ecs.services[place].taskSets[index]["taskDefinition"]
    return ["taskSet": ecs.services[place].taskSets[index]]
  }

  // MARK: Time

  /// Begins and stops tasks of all sets, and says how they are.
  func advanceTaskSets(_ service: inout Service) {
    for index in service.taskSets.indices {
      var set = service.taskSets[index]
      advance(&set, &service)
      service.taskSets[index] = set
    }
    service.taskSets.removeAll { set in
      set["status"] == "DRAINING"
        && !ecs.tasks.contains { $0.deployment == set["id"]?.string && $0.lastStatus != .stopped }
    }
  }

  private func advance(_ set: inout JSONValue, _ service: inout Service) {
    let id = set["id"]?.string ?? ""
    let scale = set["scale"]?["value"]?.double ?? 100
    let wanted = Int((Double(service.desiredCount) * scale / 100).rounded(.up))
    let own = ecs.tasks.filter { $0.deployment == id && $0.counts }
    if own.count < wanted { begin(wanted - own.count, of: set, &service) }
    for task in own.dropFirst(wanted) {
      guard let index = ecs.tasks.firstIndex(where: { $0.id == task.id }) else { continue }
      ecs.tasks[index].stop(
        code: "ServiceSchedulerInitiated", reason: "Scaling activity initiated by (task-set \(id))", at: now)
    }
    let running = own.count(where: \.isRunning)
    let isSteady = own.count == wanted && running == wanted && own.allSatisfy(\.isHealthy)
    let status: JSONValue = isSteady ? "STEADY_STATE" : "STABILIZING"
    if set["stabilityStatus"] != status { set["stabilityStatusAt"] = timestamp }
    set["stabilityStatus"] = status
    set["computedDesiredCount"] = .int(wanted)
    set["runningCount"] = .int(running)
    set["pendingCount"] = .int(own.count(where: \.isPending))
    set["updatedAt"] = timestamp
  }

  private func begin(_ count: Int, of set: JSONValue, _ service: inout Service) {
    _ = launch(count, of: set, in: &service, fate: taskSetFates[set["id"]?.string ?? ""] ?? .healthy)
  }

  /// Begins tasks of a task set; false when they cannot be placed.
  func launch(_ count: Int, of set: JSONValue, in service: inout Service, fate: Fate) -> Bool {
    guard let definition = taskDefinition(set["taskDefinition"]?.string ?? "") else { return false }
    if case .isNotPlaced(let event, _) = fate.course {
      if !service.events.contains(where: { $0["message"]?.string?.contains(event) == true }) { say(&service, event) }
      return false
    }
    let id = set["id"]?.string ?? ""
    for _ in 0..<count {
      var task = makeTask(
        definition, in: service.cluster, group: "service:\(service.name)", settings: set, fate: fate)
      task.startedBy = id
      task.service = service.arn
      task.deployment = id
      task.targets = Self.targets(set)
      ecs.tasks.append(task)
    }
    return true
  }

  /// Brings the sets of the scene to a steady state at once.
  func settleTaskSets(_ service: inout Service) {
    advanceTaskSets(&service)
    for index in ecs.tasks.indices where ecs.tasks[index].service == service.arn { settle(&ecs.tasks[index]) }
    advanceTaskSets(&service)
  }
}
