import JSON

/// Task definitions.
extension World {
  static let taskDefinitionOperations: [Operation] = [
    Operation("ecs", "RegisterTaskDefinition") { world, call in try world.registerTaskDefinition(call) },
    Operation("ecs", "DescribeTaskDefinition") { world, call in try world.describeTaskDefinition(call) },
    Operation("ecs", "DeregisterTaskDefinition") { world, call in try world.deregisterTaskDefinition(call) },
    Operation("ecs", "DeleteTaskDefinitions") { world, call in world.deleteTaskDefinitions(call) },
    Operation("ecs", "ListTaskDefinitions") { world, call in try world.listTaskDefinitions(call) },
    Operation("ecs", "ListTaskDefinitionFamilies") { world, call in try world.listFamilies(call) },
  ]

  /// By ARN, `family:revision`, or family: then the newest active one.
  func taskDefinition(_ name: String) -> TaskDefinition? {
    let name = Self.lastPart(name)
    let parts = name.split(separator: ":").map(String.init)
    guard parts.count == 2 else {
      return ecs.taskDefinitions.last { $0.family == name && $0.isActive }
    }
    return ecs.taskDefinitions.last { $0.family == parts[0] && String($0.revision) == parts[1] }
  }

  /// Active, as services and tasks need them.
  /// - Throws: `Refusal`.
  func activeTaskDefinition(_ name: String) throws -> TaskDefinition {
    guard let definition = taskDefinition(name) else { throw Refusal.client("TaskDefinition not found.") }
    guard definition.isActive else { throw Refusal.client("TaskDefinition is inactive") }
    return definition
  }

  private func registerTaskDefinition(_ call: Call) throws -> JSONValue {
    let family = try call.required("family")
    try TaskDefinitionRules.check(call)
    var members = call.parameters
    let tags = members["tags"]
    members["tags"] = nil
    members["containerDefinitions"] = .array(
      call.array("containerDefinitions").map {
        TaskDefinitionRules.completed($0, networkMode: call.string("networkMode") ?? "bridge")
      })
    for name in ["volumes", "placementConstraints"] where members[name] == nil { members[name] = [] }
    let revision = (ecs.taskDefinitions.last { $0.family == family }?.revision ?? 0) + 1
    let arn = arn("ecs", "task-definition/\(family):\(revision)")
    let definition = TaskDefinition(
      family: family, revision: revision, arn: arn, members: members, registeredAt: now)
    ecs.taskDefinitions.append(definition)
    if let tags, tags.array?.isEmpty == false { ecs.tags[arn] = tags }
    return withTags(definition)
  }

  private func withTags(_ definition: TaskDefinition) -> JSONValue {
    var answer: JSONValue = ["taskDefinition": describe(definition)]
    if let tags = ecs.tags[definition.arn] { answer["tags"] = tags }
    return answer
  }

  /// As AWS tells it: what was given, and what it adds.
  func describe(_ definition: TaskDefinition) -> JSONValue {
    var answer = definition.members
    answer["taskDefinitionArn"] = .string(definition.arn)
    answer["revision"] = .int(definition.revision)
    answer["status"] = .string(definition.status)
    answer["requiresAttributes"] = .array(
      TaskDefinitionRules.attributes(definition).map { ["name": .string($0)] })
    answer["compatibilities"] = definition.networkMode == "awsvpc" ? ["EC2", "FARGATE"] : ["EXTERNAL", "EC2"]
    answer["registeredAt"] = Self.time(definition.registeredAt)
    answer["registeredBy"] = .string(Identities.firstUser(scene.account))
    if let time = definition.deregisteredAt { answer["deregisteredAt"] = Self.time(time) }
    return answer
  }

  private func describeTaskDefinition(_ call: Call) throws -> JSONValue {
    guard let definition = taskDefinition(try call.required("taskDefinition")), definition.status != "DELETED" else {
      throw Refusal.client("Unable to describe task definition.")
    }
    var answer: JSONValue = ["taskDefinition": describe(definition)]
    if call.strings("include").contains("TAGS") { answer["tags"] = ecs.tags[definition.arn] ?? [] }
    return answer
  }

  private func place(_ name: String) throws -> Int {
    guard name.contains(":"), let found = taskDefinition(name),
      let place = ecs.taskDefinitions.firstIndex(where: { $0.arn == found.arn })
    else {
      throw Refusal.client(
        "The specified task definition does not exist. Specify a valid account, family, "
          + "revision and try again.")
    }
    return place
  }

  private func deregisterTaskDefinition(_ call: Call) throws -> JSONValue {
    let place = try place(try call.required("taskDefinition"))
    guard ecs.taskDefinitions[place].isActive else {
      throw Refusal.client("The specified task definition is inactive. Specify an active one and try again.")
    }
    ecs.taskDefinitions[place].status = "INACTIVE"
    ecs.taskDefinitions[place].deregisteredAt = now
    return ["taskDefinition": describe(ecs.taskDefinitions[place])]
  }

  private func deleteTaskDefinitions(_ call: Call) -> JSONValue {
    var deleted: [JSONValue] = []
    var failures: [JSONValue] = []
    for name in call.strings("taskDefinitions") {
      guard let place = try? place(name), !ecs.taskDefinitions[place].isActive else {
        failures.append([
          "arn": .string(name),
          "reason": .string(
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again."),
        ])
        continue
      }
      ecs.taskDefinitions[place].status = "DELETE_IN_PROGRESS"
      deleted.append(describe(ecs.taskDefinitions[place]))
    }
    return ["taskDefinitions": .array(deleted), "failures": .array(failures)]
  }

  private func listTaskDefinitions(_ call: Call) throws -> JSONValue {
    let status = call.string("status") ?? "ACTIVE"
    var found = ecs.taskDefinitions.filter { definition in
      definition.status == status && call.string("familyPrefix").map { $0 == definition.family } ?? true
    }.sorted { ($0.family, $0.revision) < ($1.family, $1.revision) }
    if call.string("sort") == "DESC" { found.reverse() }
    return try page(found.map { .string($0.arn) }, as: "taskDefinitionArns", call, limit: 100)
  }

  private func listFamilies(_ call: Call) throws -> JSONValue {
    let status = call.string("status") ?? "ACTIVE"
    let prefix = call.string("familyPrefix") ?? ""
    let found = ecs.taskDefinitions.filter { definition in
      definition.family.hasPrefix(prefix) && (status == "ALL" || definition.status == status)
    }
    return try page(Set(found.map(\.family)).sorted().map { .string($0) }, as: "families", call, limit: 100)
  }
}
