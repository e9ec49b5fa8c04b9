import JSON

/// Service deployments and service revisions.
extension World {
  static let deploymentOperations: [Operation] = [
    Operation("ecs", "ListServiceDeployments") { world, call in try world.listServiceDeployments(call) },
    Operation("ecs", "DescribeServiceDeployments", looks: true) { world, call in
      world.describeServiceDeployments(call)
    },
    Operation("ecs", "DescribeServiceRevisions") { world, call in world.describeServiceRevisions(call) },
    Operation("ecs", "StopServiceDeployment") { world, call in try world.stopServiceDeployment(call) },
    Operation("ecs", "ContinueServiceDeployment") { world, call in try world.continueServiceDeployment(call) },
  ]

  private func listServiceDeployments(_ call: Call) throws -> JSONValue {
    let cluster = ecs.clusters[try clusterPlace(call)].name
    guard let service = service(try call.required("service"), in: cluster) else {
      throw Refusal("ServiceNotFoundException", "Service not found.")
    }
    let states = call.strings("status")
    let after = call["createdAt"]?["after"]?.double ?? 0
    let before = call["createdAt"]?["before"]?.double ?? .infinity
    let found = service.history.reversed().filter { record in
      (states.isEmpty || states.contains(record.status)) && record.createdAt >= after && record.createdAt <= before
    }.map { record -> JSONValue in
      var answer = describe(record, of: service)
      answer["targetServiceRevisionArn"] = .string(record.target)
      for name in answer.object?.names ?? [] where !Self.briefNames.contains(name) { answer[name] = nil }
      return answer
    }
    return try page(found, as: "serviceDeployments", call, limit: 100)
  }

  private static let briefNames: Set<String> = [
    "serviceDeploymentArn", "serviceArn", "clusterArn", "startedAt", "createdAt", "finishedAt",
    "targetServiceRevisionArn", "status", "statusReason",
  ]

  /// Services by the ARN of one of their deployments or revisions.
  private func place(ofService arn: String) -> Int? {
    let parts = arn.split(separator: "/").map(String.init)
    guard parts.count == 4 else { return nil }
    return servicePlace(parts[2], in: parts[1])
  }

  private func describeServiceDeployments(_ call: Call) -> JSONValue {
    var found: [JSONValue] = []
    var failures: [JSONValue] = []
    for arn in call.strings("serviceDeploymentArns") {
      if let place = place(ofService: arn), let record = ecs.services[place].history.first(where: { $0.arn == arn }) {
        found.append(describe(record, of: ecs.services[place]))
      } else {
        failures.append(["arn": .string(arn), "reason": "MISSING"])
      }
    }
    return ["serviceDeployments": .array(found), "failures": .array(failures)]
  }

  func describe(_ record: ServiceDeployment, of service: Service) -> JSONValue {
    var answer: JSONValue = [
      "serviceDeploymentArn": .string(record.arn), "serviceArn": .string(service.arn),
      "clusterArn": .string(arn("ecs", "cluster/\(service.cluster)")), "createdAt": Self.time(record.createdAt),
      "updatedAt": Self.time(record.updatedAt), "status": .string(record.status),
      "sourceServiceRevisions": .array(record.sources.map { revisionSummary($0, of: service) }),
      "targetServiceRevision": revisionSummary(record.target, of: service),
      "deploymentConfiguration": record.configuration,
      "deploymentCircuitBreaker": [
        "status": .string(record.breakerStatus), "failureCount": .int(record.failures),
        "threshold": .int(record.threshold),
      ],
      "alarms": [
        "status": .string(record.alarmStatus),
        "triggeredAlarmNames": .array(record.triggeredAlarms.map { .string($0) }),
        "alarmNames": record.configuration["alarms"]?["alarmNames"] ?? [],
      ],
    ]
    for (name, time) in [
      ("startedAt", record.startedAt), ("finishedAt", record.finishedAt), ("stoppedAt", record.stoppedAt),
    ] { answer[name] = time.map { Self.time($0) } }
    answer["statusReason"] = record.reason.map { .string($0) }
    answer["rollback"] = record.rollback
    answer["lifecycleStage"] = record.lifecycleStage.map { .string($0) }
    if !record.isOver { addWeights(&answer, service) }
    if !record.hooks.isEmpty { answer["lifecycleHookDetails"] = .array(record.hooks) }
    return answer
  }

  func revisionSummary(_ revision: String, of service: Service) -> JSONValue {
    let ids = service.deployments.filter { $0.revision == revision }.map(\.id)
    let tasks = ecs.tasks.filter { $0.deployment.map { ids.contains($0) } ?? false }
    return [
      "arn": .string(revision), "requestedTaskCount": .int(tasks.count(where: \.counts)),
      "runningTaskCount": .int(tasks.count(where: \.isRunning)),
      "pendingTaskCount": .int(tasks.count(where: \.isPending)),
    ]
  }

  private func describeServiceRevisions(_ call: Call) -> JSONValue {
    var found: [JSONValue] = []
    var failures: [JSONValue] = []
    for arn in call.strings("serviceRevisionArns") {
      let revisions = place(ofService: arn).map { ecs.services[$0].revisions } ?? []
      if let revision = revisions.first(where: { $0["serviceRevisionArn"]?.string == arn }) {
        found.append(revision)
      } else {
        failures.append(["arn": .string(arn), "reason": "MISSING"])
      }
    }
    return ["serviceRevisions": .array(found), "failures": .array(failures)]
  }

  private func record(_ call: Call) throws -> (service: Int, record: Int) {
    let arn = try call.required("serviceDeploymentArn")
    guard let place = place(ofService: arn),
      let record = ecs.services[place].history.firstIndex(where: { $0.arn == arn })
    else { throw Refusal("ServiceDeploymentNotFoundException", "Service deployment not found.") }
    return (place, record)
  }

  private func stopServiceDeployment(_ call: Call) throws -> JSONValue {
    let (place, index) = try record(call)
    if call.string("stopType") == "ABORT" { throw Refusal.invalid("Stop type ABORT is not supported.") }
    guard !ecs.services[place].history[index].isOver else {
      throw Refusal(
        "ConflictException",
        "The service deployment is in the \(ecs.services[place].history[index].status) state and "
          + "cannot be stopped.")
    }
    if ["PENDING", "IN_PROGRESS", "STOP_REQUESTED"].contains(ecs.services[place].history[index].status) {
      ecs.services[place].history[index].status = "ROLLBACK_REQUESTED"
      ecs.services[place].history[index].updatedAt = now
    }
    return ["serviceDeploymentArn": .string(ecs.services[place].history[index].arn)]
  }

  private func continueServiceDeployment(_ call: Call) throws -> JSONValue {
    let (place, index) = try record(call)
    let id = try call.required("hookId")
    guard let hook = ecs.services[place].history[index].hooks.firstIndex(where: { $0["hookId"]?.string == id }) else {
      throw Refusal.invalid("The hook \(id) does not exist.")
    }
    guard ecs.services[place].history[index].hooks[hook]["status"]?.string == "AWAITING_ACTION" else {
      throw Refusal.invalid("The hook \(id) does not await an action.")
    }
    let goesOn = call.string("action") != "ROLLBACK"
    ecs.services[place].history[index].hooks[hook]["status"] = goesOn ? "SUCCEEDED" : "FAILED"
    if !goesOn { ecs.services[place].history[index].status = "ROLLBACK_REQUESTED" }
    return ["serviceDeploymentArn": .string(ecs.services[place].history[index].arn)]
  }
}
