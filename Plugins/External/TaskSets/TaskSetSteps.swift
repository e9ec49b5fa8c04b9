import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// The single steps of a deployment by task sets.
struct TaskSetSteps: Sendable {
  let scene: TaskSetScene
  let deadline: ContinuousClock.Instant

  private var client: ECSClient { scene.client }
  private var settings: TaskSetSettings { scene.settings }

  private func change(_ operation: String, _ more: JSONValue) async throws -> JSONValue {
    var parameters = scene.place
    for (name, value) in more.object?.members ?? [] { parameters[name] = value }
    return try await client.change(.ecs, operation, parameters)
  }

  func pause(_ round: Int, _ what: String) async throws {
    guard ContinuousClock.now < deadline else {
      throw PluginFailure(
        code: "timed-out", message: "the time is over: \(what)",
        hint: "give it more time with timeout, or find out what it waits for", path: "/timeout", state: .timedOut)
    }
    try await client.pace.sleep(after: round)
  }

  // MARK: Sets

  /// - Parameter creation: parameters of CreateTaskSet but for the task definition.
  func create(_ creation: JSONValue, _ taskDefinition: String) async throws -> String {
    var parameters = creation
    parameters["taskDefinition"] = .string(taskDefinition)
    // The same run that asks again gets the same set.
    parameters["clientToken"] = parameters["externalId"]?.string.map {
      .string(String("\($0)-\(scene.request.id)".prefix(36)))
    }
    do {
      let answer = try await client.change(.ecs, "CreateTaskSet", parameters)
      guard let id = answer["taskSet"]?["id"]?.string else {
        throw PluginFailure(code: "task-set-unknown", message: "ECS did not say which task set it made")
      }
      scene.context.progress(scene.step, "task set \(id) is begun", state: .running)
      return id
    } catch let error as AWSError where error.code == .awsRefused {
      throw PluginFailure(
        code: "task-set-refused", message: "ECS refuses the task set: \(error.reason)",
        hint: KnownCause.hint(for: error.reason) ?? "check task-set", path: "/task-set", state: .failed)
    }
  }

  func setScale(_ id: String, _ percent: Double) async throws {
    _ = try await change(
      "UpdateTaskSet",
      ["taskSet": .string(id), "scale": ["value": .number(JSONNumber(percent) ?? JSONNumber(0)), "unit": "PERCENT"]])
  }

  func makePrimary(_ id: String) async throws {
    _ = try await change("UpdateServicePrimaryTaskSet", ["primaryTaskSet": .string(id)])
    scene.context.progress(scene.step, "task set \(id) is the primary one")
  }

  /// Nil when it is gone.
  func find(_ id: String) async throws -> TaskSet? {
    try await client.taskSets(settings.address).first { $0.id == id }
  }

  /// Waits until its tasks run; their failures are counted here, for nothing else does.
  func waitUntilStable(_ id: String, _ stopped: inout StoppedTasks) async throws {
    var round = 0
    var last = ""
    while true {
      if let set = try await find(id) {
        let text =
          "\(set.running) of \(set.desired) running"
          + (stopped.failures.isEmpty ? "" : ", \(stopped.failures.count) failed")
        if text != last {
          scene.context.progress(
            scene.step, "task set \(id): \(text)", state: .running, completed: Double(set.running),
            total: Double(set.desired))
          last = text
        }
        let service = try await client.service(settings.address) ?? scene.service
        if set.isStable(for: service.desiredCount) { return }
      } else if round > 30 {
        throw PluginFailure(code: "task-set-vanished", message: "somebody deleted the task set \(id)", state: .failed)
      }
      try await stopped.update(client)
      if settings.failureThreshold > 0, stopped.failures.count >= settings.failureThreshold {
        throw PluginFailure(
          code: "crash-loop", message: "\(stopped.failures.count) tasks of the task set \(id) failed", state: .failed)
      }
      try await pause(round, "task set \(id) is not stable")
      round += 1
    }
  }

  /// Scales a set down and deletes it.
  func delete(_ id: String) async throws {
    guard let set = try await find(id), set.status != "DRAINING" else { return }
    do {
      if set.scale > 0 { try await setScale(id, 0) }
      var round = 0
      while let set = try await find(id), set.running + set.pending > 0 {
        try await pause(round, "task set \(id) still has tasks")
        round += 1
      }
      _ = try await change("DeleteTaskSet", ["taskSet": .string(id), "force": true])
      scene.context.progress(scene.step, "task set \(id) is deleted")
    } catch let error as AWSError where error.serviceCode == "TaskSetNotFoundException" {}
  }

  // MARK: Traffic

  /// Gives a target group a share of the requests, in percent; the other one gets the rest.
  func shift(_ rule: TrafficRule, to group: String, _ percent: Int) async throws {
    let others = settings.targetGroups.filter { $0 != group }
    var weights = [(group: group, weight: percent)]
    for other in others { weights.append((other, 100 - percent)) }
    let order = settings.targetGroups
    weights.sort { order.firstIndex(of: $0.group) ?? 0 < order.firstIndex(of: $1.group) ?? 0 }
    try await client.modify(rule.with(weights))
    scene.context.progress(
      scene.step, "\(percent) % of the traffic on \(targetGroupName(group))", completed: Double(percent), total: 100)
  }

  /// All targets of a group are healthy before they get requests.
  func waitUntilHealthy(_ group: String) async throws {
    var round = 0
    while true {
      guard let targets = try await client.quietly(DescribeTargetHealth(targetGroupARN: group)) else {
        return scene.context.warn(
          "targets-unknown", "it is not known whether the targets of \(targetGroupName(group)) are healthy",
          help: ["permit elasticloadbalancing:DescribeTargetHealth"])
      }
      let wanted = targets.filter { $0.state != "draining" && $0.state != "unused" }
      if !wanted.isEmpty, wanted.allSatisfy({ $0.state == "healthy" }) { return }
      let states = Set(wanted.map(\.state)).sorted().joined(separator: ", ")
      try await pause(round, "targets of \(targetGroupName(group)) are \(states.isEmpty ? "missing" : states)")
      round += 1
    }
  }
}
