import JSON

/// Tasks: those that are run once, and what is told of all.
extension World {
  static let taskOperations: [Operation] = [
    Operation("ecs", "RunTask") { world, call in try world.runTask(call) },
    Operation("ecs", "StopTask") { world, call in try world.stopTask(call) },
    Operation("ecs", "DescribeTasks", looks: true) { world, call in try world.describeTasks(call) },
    Operation("ecs", "ListTasks") { world, call in try world.listTasks(call) },
  ]

  /// Makes a task that begins.
  /// - Parameter settings: launchType, capacityProviderStrategy, platformVersion, networkConfiguration … of whoever
  ///   wants it.
  func makeTask(
    _ definition: TaskDefinition, in cluster: String, group: String, settings: JSONValue, fate: Fate
  ) -> SimulatedTask {
    let id = numbers.hex()
    let address = "10.0.\(ecs.tasks.count / 200 + 1).\(ecs.tasks.count % 200 + 10)"
    let containers = definition.containers.map { container in
      SimulatedTask.Container(
        name: container["name"]?.string ?? "", image: container["image"]?.string ?? "",
        isEssential: container["essential"]?.bool ?? true, hasHealthCheck: container["healthCheck"] != nil,
        runtimeID: "\(id)-\(numbers.digits().prefix(10))")
    }
    return SimulatedTask(
      id: id, arn: arn("ecs", "task/\(cluster)/\(id)"), cluster: cluster, taskDefinition: definition.arn, group: group,
      members: taskMembers(definition, settings, address), containers: containers, fate: fate, createdAt: now,
      address: address)
  }

  private func taskMembers(_ definition: TaskDefinition, _ settings: JSONValue, _ address: String) -> JSONValue {
    var members: JSONValue = [
      "cpu": definition.members["cpu"] ?? "256", "memory": definition.members["memory"] ?? "512",
      "overrides": settings["overrides"] ?? ["containerOverrides": [], "inferenceAcceleratorOverrides": []],
      "attributes": [["name": "ecs.cpu-architecture", "value": architecture(definition)]],
      "availabilityZone": .string(scene.region + "a"), "attachments": [],
    ]
    if let provider = settings["capacityProviderStrategy"]?[0]?["capacityProvider"]?.string {
      members["capacityProviderName"] = .string(provider)
      members["launchType"] = provider.hasPrefix("FARGATE") ? "FARGATE" : "EC2"
    } else {
      members["launchType"] = settings["launchType"] ?? "EC2"
    }
    if members["launchType"]?.string == "FARGATE" {
      let version = settings["platformVersion"]?.string ?? "LATEST"
      members["platformVersion"] = .string(version == "LATEST" ? "1.4.0" : version)
      members["platformFamily"] = "Linux"
      members["ephemeralStorage"] = definition.members["ephemeralStorage"] ?? ["sizeInGiB": 20]
    }
    if let subnet = settings["networkConfiguration"]?["awsvpcConfiguration"]?["subnets"]?[0] {
      members["attachments"] = [
        [
          "id": .string(numbers.uuid()), "type": "ElasticNetworkInterface", "status": "ATTACHED",
          "details": [
            ["name": "subnetId", "value": subnet], ["name": "privateIPv4Address", "value": .string(address)],
          ],
        ]
      ]
    }
    members["enableExecuteCommand"] = .bool(settings["enableExecuteCommand"]?.bool ?? false)
    return members
  }

  private func architecture(_ definition: TaskDefinition) -> JSONValue {
    definition.members["runtimePlatform"]?["cpuArchitecture"]?.string == "ARM64" ? "arm64" : "x86_64"
  }

  // MARK: RunTask

  private func runTask(_ call: Call) throws -> JSONValue {
    if let token = call.string("clientToken"), let known = ecs.tokens[token] {
      guard known.parameters == call.parameters else {
        throw Refusal("ConflictException", "The clientToken \(token) was used with other parameters.")
      }
      return known.answer
    }
    let cluster = ecs.clusters[try clusterPlace(call)]
    let definition = try activeTaskDefinition(try call.required("taskDefinition"))
    try checkLaunch(call.parameters, definition)
    let count = call.int("count") ?? 1
    guard (1...10).contains(count) else { throw Refusal.invalid("count should be between 1 and 10.") }
    try checkOverrides(call, definition)
    let fate = ecs.ranOnce < scene.tasks.count ? scene.tasks[ecs.ranOnce] : .exits(0)
    ecs.ranOnce += 1
    if case .isNotPlaced(_, let reason) = fate.course {
      return [
        "tasks": [], "failures": [["arn": .string(arn("ecs", "container-instance")), "reason": .string(reason)]],
      ]
    }
    var tasks: [JSONValue] = []
    for _ in 0..<count {
      var task = makeTask(
        definition, in: cluster.name, group: call.string("group") ?? "family:\(definition.family)",
        settings: call.parameters, fate: fate)
      task.startedBy = call.string("startedBy")
      task.members["tags"] = call["tags"]
      ecs.tasks.append(task)
      if scene.unseenFor > 0 { ecs.unseen[task.arn] = scene.unseenFor }
      tasks.append(describe(task))
    }
    let answer: JSONValue = ["tasks": .array(tasks), "failures": []]
    if let token = call.string("clientToken") { ecs.tokens[token] = (call.parameters, answer) }
    return answer
  }

  private func checkOverrides(_ call: Call, _ definition: TaskDefinition) throws {
    let names = definition.containers.compactMap { $0["name"]?.string }
    for override in call["overrides"]?["containerOverrides"]?.array ?? [] {
      guard let name = override["name"]?.string, names.contains(name) else {
        throw Refusal.invalid(
          "Override for container named \(override["name"]?.string ?? "null") is not a container in "
            + "the TaskDefinition.")
      }
    }
  }

  /// Where tasks run, and how, as RunTask and CreateService are told.
  /// - Throws: `Refusal` with AWS's words.
  func checkLaunch(_ settings: JSONValue, _ definition: TaskDefinition) throws {
    if settings["launchType"] != nil, settings["capacityProviderStrategy"]?.array?.isEmpty == false {
      throw Refusal.invalid(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one "
          + "and try again.")
    }
    let network = settings["networkConfiguration"]
    if definition.networkMode == "awsvpc", network == nil {
      throw Refusal.invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    }
    if definition.networkMode != "awsvpc", network != nil {
      throw Refusal.invalid("Network Configuration is not valid for the given networkMode of this task definition.")
    }
    if settings["launchType"]?.string == "FARGATE", definition.networkMode != "awsvpc" {
      throw Refusal.invalid("Task definition does not support launch_type FARGATE.")
    }
  }

  private func stopTask(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    let id = Self.lastPart(try call.required("task"))
    guard let place = ecs.tasks.firstIndex(where: { $0.id == id && $0.cluster == cluster }) else {
      throw Refusal.invalid("The referenced task was not found.")
    }
    ecs.tasks[place].stop(
      code: "UserInitiated", reason: call.string("reason") ?? "Task stopped by user", at: now)
    return ["task": describe(ecs.tasks[place])]
  }

  // MARK: What is told

  /// Whether something new is not seen yet: then it is once more looked for in vain.
  func isUnseen(_ arn: String) -> Bool {
    guard let count = ecs.unseen[arn], count > 0 else { return false }
    ecs.unseen[arn] = count - 1
    return true
  }

  private func describeTasks(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    let names = call.strings("tasks")
    guard !names.isEmpty, names.count <= 100 else {
      throw Refusal.invalid(names.isEmpty ? "Tasks cannot be empty." : "Tasks can have at most 100 elements.")
    }
    var found: [JSONValue] = []
    var failures: [JSONValue] = []
    for name in names {
      let id = Self.lastPart(name)
      if let task = ecs.tasks.first(where: { $0.id == id && $0.cluster == cluster }), !isUnseen(task.arn) {
        var answer = describe(task)
        if !call.strings("include").contains("TAGS") { answer["tags"] = [] }
        found.append(answer)
      } else {
        failures.append(["arn": .string(arn("ecs", "task/\(cluster)/\(id)")), "reason": "MISSING"])
      }
    }
    return ["tasks": .array(found), "failures": .array(failures)]
  }

  func describe(_ task: SimulatedTask) -> JSONValue {
    var answer = task.members
    answer["taskArn"] = .string(task.arn)
    answer["clusterArn"] = .string(arn("ecs", "cluster/\(task.cluster)"))
    answer["taskDefinitionArn"] = .string(task.taskDefinition)
    answer["group"] = .string(task.group)
    answer["startedBy"] = task.startedBy.map { .string($0) }
    answer["lastStatus"] = .string(task.lastStatus.text)
    answer["desiredStatus"] = .string(task.desiredStatus.text)
    answer["createdAt"] = Self.time(task.createdAt)
    answer["version"] = .int(task.lastStatus.rawValue + 1)
    if let time = task.startedAt {
      answer["startedAt"] = Self.time(time)
      answer["pullStartedAt"] = Self.time(task.createdAt + 1)
      answer["pullStoppedAt"] = Self.time(time)
      answer["connectivity"] = "CONNECTED"
      answer["connectivityAt"] = Self.time(task.createdAt + 1)
    }
    if let time = task.stoppingAt { answer["stoppingAt"] = Self.time(time) }
    if let time = task.stoppedAt {
      answer["stoppedAt"] = Self.time(time)
      answer["executionStoppedAt"] = Self.time(time)
    }
    answer["stopCode"] = task.stopCode.map { .string($0) }
    answer["stoppedReason"] = task.stoppedReason.map { .string($0) }
    answer["healthStatus"] = .string(health(of: task, hasCheck: task.containers.contains(where: \.hasHealthCheck)))
    answer["containers"] = .array(task.containers.map { describe($0, of: task) })
    return answer
  }

  private func health(of task: SimulatedTask, hasCheck: Bool) -> String {
    guard hasCheck, task.lastStatus == .running else { return "UNKNOWN" }
    return task.isHealthy ? "HEALTHY" : task.isUnhealthy ? "UNHEALTHY" : "UNKNOWN"
  }

  private func describe(_ container: SimulatedTask.Container, of task: SimulatedTask) -> JSONValue {
    let hasEnded = container.exitCode != nil || task.lastStatus >= .deprovisioning
    let status = hasEnded ? "STOPPED" : task.lastStatus >= .running ? "RUNNING" : "PENDING"
    var answer: JSONValue = [
      "containerArn": .string(arn("ecs", "container/\(task.cluster)/\(task.id)/\(container.runtimeID)")),
      "taskArn": .string(task.arn), "name": .string(container.name), "image": .string(container.image),
      "lastStatus": .string(status), "networkBindings": [],
      "networkInterfaces": [["privateIpv4Address": .string(task.address)]],
      "healthStatus": .string(health(of: task, hasCheck: container.hasHealthCheck)), "cpu": "0",
    ]
    if task.startedAt != nil {
      answer["runtimeId"] = .string(container.runtimeID)
      answer["imageDigest"] = container.digest.map { .string($0) }
    }
    answer["exitCode"] = container.exitCode.map { .int($0) }
    answer["reason"] = container.reason.map { .string($0) }
    return answer
  }

  private func listTasks(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    let status = call.string("desiredStatus") ?? "RUNNING"
    var found = ecs.tasks.filter { $0.cluster == cluster && $0.desiredStatus.text == status }
    if let name = call.string("serviceName") {
      guard let service = service(name, in: cluster) else {
        throw Refusal("ServiceNotFoundException", "Service not found.")
      }
      found = found.filter { $0.service == service.arn }
    }
    if let family = call.string("family") {
      found = found.filter { Self.lastPart($0.taskDefinition).hasPrefix(family + ":") }
    }
    if let startedBy = call.string("startedBy") { found = found.filter { $0.startedBy == startedBy } }
    if let type = call.string("launchType") { found = found.filter { $0.members["launchType"]?.string == type } }
    return try page(found.reversed().map { .string($0.arn) }, as: "taskArns", call, limit: 100)
  }
}
