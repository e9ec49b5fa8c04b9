import JSON

/// What AWS demands of task definitions, and what it adds to them.
enum TaskDefinitionRules {
  /// - Throws: `Refusal` with AWS's words.
  static func check(_ call: Call) throws {
    let containers = call.array("containerDefinitions")
    guard !containers.isEmpty else { throw Refusal.client("Container list cannot be empty.") }
    let names = containers.compactMap { $0["name"]?.string }
    guard names.count == containers.count, Set(names).count == names.count else {
      throw Refusal.client("Container names should be given and unique within a task definition.")
    }
    for container in containers where container["image"]?.string?.isEmpty ?? true {
      throw Refusal.client("Container.image should not be null or empty.")
    }
    guard containers.contains(where: { $0["essential"]?.bool ?? true }) else {
      throw Refusal.client("Task definition must have at least one essential container.")
    }
    if call.strings("requiresCompatibilities").contains("FARGATE") {
      try checkFargate(call, containers)
    } else {
      for container in containers
      where call["memory"] == nil && container["memory"] == nil && container["memoryReservation"] == nil {
        throw Refusal.client(
          "Invalid setting for container '\(container["name"]?.string ?? "")'. At least one of 'memory' or "
            + "'memoryReservation' must be specified.")
      }
    }
  }

  /// CPU units, with the memory in MiB that goes with them.
  private static let sizes: [String: [ClosedRange<Int>]] = [
    "256": [512...512, 1024...1024, 2048...2048], "512": [1024...4096], "1024": [2048...8192], "2048": [4096...16_384],
    "4096": [8192...30_720], "8192": [16_384...61_440], "16384": [32_768...122_880],
  ]

  private static func checkFargate(_ call: Call, _ containers: [JSONValue]) throws {
    guard call.string("networkMode") == "awsvpc" else {
      throw Refusal.client("Fargate only supports network mode ‘awsvpc’.")
    }
    let memory = Int(call.string("memory") ?? "") ?? 0
    guard sizes[call.string("cpu") ?? ""]?.contains(where: { $0.contains(memory) }) == true else {
      throw Refusal.client(
        "No Fargate configuration exists for given values: \(call.string("cpu") ?? "null") CPU, "
          + "\(call.string("memory") ?? "null") memory. See the Amazon ECS documentation for the valid values.")
    }
    guard call["executionRoleArn"] == nil else { return }
    if containers.contains(where: { $0["image"]?.string?.contains(".dkr.ecr.") == true }) {
      throw Refusal.client("Fargate requires task definition to have execution role ARN to support ECR images.")
    }
    if containers.contains(where: { $0["logConfiguration"]?["logDriver"]?.string == "awslogs" }) {
      throw Refusal.client("Fargate requires task definition to have execution role ARN to support log driver awslogs.")
    }
  }

  /// A container with the members that AWS always has.
  static func completed(_ container: JSONValue, networkMode: String) -> JSONValue {
    var container = container
    let defaults: [(String, JSONValue)] = [
      ("cpu", 0), ("portMappings", []), ("essential", true), ("environment", []), ("mountPoints", []),
      ("volumesFrom", []), ("systemControls", []),
    ]
    for (name, value) in defaults where container[name] == nil { container[name] = value }
    let ports = (container["portMappings"]?.array ?? []).map { port in
      var port = port
      if port["protocol"] == nil { port["protocol"] = "tcp" }
      if port["hostPort"] == nil, port["containerPort"] != nil {
        port["hostPort"] = networkMode == "bridge" ? 0 : port["containerPort"]
      }
      return port
    }
    container["portMappings"] = .array(ports)
    return container
  }

  /// What container instances need to have.
  static func attributes(_ definition: TaskDefinition) -> [String] {
    let prefix = "com.amazonaws.ecs.capability."
    let containers = definition.containers
    var names: [String] = []
    if definition.members["taskRoleArn"] != nil { names.append(prefix + "task-iam-role") }
    if containers.contains(where: { $0["image"]?.string?.contains(".dkr.ecr.") == true }) {
      names.append(prefix + "ecr-auth")
      if definition.members["executionRoleArn"] != nil { names.append("ecs.capability.execution-role-ecr-pull") }
    }
    if containers.contains(where: { $0["logConfiguration"]?["logDriver"]?.string == "awslogs" }) {
      names.append(prefix + "logging-driver.awslogs")
      if definition.members["executionRoleArn"] != nil { names.append("ecs.capability.execution-role-awslogs") }
    }
    if containers.contains(where: { $0["secrets"]?.array?.isEmpty == false }) {
      names.append("ecs.capability.secrets.asm.environment-variables")
    }
    if definition.networkMode == "awsvpc" { names.append("ecs.capability.task-eni") }
    return names + [prefix + "docker-remote-api.1.18"]
  }
}
