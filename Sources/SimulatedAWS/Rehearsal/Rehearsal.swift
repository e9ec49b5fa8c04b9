public import JSON

/// A deployment that is rehearsed: where it would go.
public struct Rehearsal: Sendable {
  /// Such as `rolling`.
  public var plugin: String
  /// `with:` of the deployment.
  public var configuration: JSONValue
  /// References of images by their names in the build.
  public var images: [String: String]

  public init(plugin: String, configuration: JSONValue, images: [String: String]) {
    self.plugin = plugin
    self.configuration = configuration
    self.images = images
  }
}

extension Scene {
  /// What deployments need to find: their clusters and services, with the versions before these images.
  /// - Parameters:
  ///   - failure: what goes wrong; nil lets all go well.
  ///   - speed: ticks in a second; a rollout takes about eight.
  public init(
    rehearsing rehearsals: [Rehearsal], region: String, failure: RehearsalFailure?, speed: Double = 1.25
  ) {
    self.init()
    self.region = region
    pace = .ticksPerSecond(speed)
    keepsUnknownMembers = true
    for rehearsal in rehearsals { add(rehearsal, failure) }
    guard let failure else { return }
    switch failure {
    case .throttled:
      for after in stride(from: 1, to: 13, by: 3) { faults.append(.fault("*", times: 1, after: after, .throttled)) }
    case .denied: faults.append(.fault("UpdateService", times: .max, .accessDenied))
    case .task: tasks = [.exits(1, logs: ["migrating to 42", "ERROR: relation \"orders\" does not exist"])]
    case .rollback: rollback = .crashLoop()
    default: break
    }
  }

  private mutating func add(_ rehearsal: Rehearsal, _ failure: RehearsalFailure?) {
    let settings = rehearsal.configuration
    let cluster = Self.name(settings["cluster"]?.string ?? "default")
    if !clusters.contains(where: { $0["clusterName"]?.string == cluster }) {
      clusters.append([
        "clusterName": .string(cluster), "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
      ])
    }
    guard let service = settings["service"]?.string.map(Self.name) else { return }
    let definition = rehearsedTaskDefinition(service, rehearsal, failure)
    taskDefinitions.append(definition)
    logGroups.append("/ecs/\(service)")
    addAround(service, settings)
    guard settings["create"]?.bool != true else { return }
    let container = definition["containerDefinitions"]?[0]?["name"]?.string ?? "web"
    services.append(rehearsedService(service, cluster, settings, rehearsal.plugin, failure))
    if rehearsal.plugin == "blue-green" {
      shift(service, container: container)
    } else if rehearsal.plugin != "external" {
      balance(service, container: container)
    }
    if let failure, failure != .task { deployments[service] = [failure.fate] }
  }

  private static func name(_ text: String) -> String { World.lastPart(text) }

  /// Containers are those that the deployment names, with the image before.
  private func rehearsedTaskDefinition(
    _ service: String, _ rehearsal: Rehearsal, _ failure: RehearsalFailure?
  ) -> JSONValue {
    var names = rehearsal.configuration["containers"]?.object?.names ?? []
    if names.isEmpty { names = rehearsal.images.keys.sorted() }
    if names.isEmpty { names = [service] }
    var definition = Self.taskDefinition(service, containers: names, tag: "previous")
    definition["tags"] = [["key": "rehearsal", "value": "true"]]
    let containers = (definition["containerDefinitions"]?.array ?? []).map { container -> JSONValue in
      var container = container
      let name = container["name"]?.string ?? ""
      let chosen = rehearsal.configuration["containers"]?[name]?.string ?? name
      if let reference = rehearsal.images[chosen] ?? (rehearsal.images.count == 1 ? rehearsal.images.first?.value : nil)
      {
        container["image"] = .string(Self.repository(of: reference) + ":previous")
      }
      container["logConfiguration"]?["options"]?["awslogs-region"] = .string(region)
      if failure == .unhealthyContainer {
        container["healthCheck"] = ["command": ["CMD-SHELL", "curl -f http://localhost:8080/healthz || exit 1"]]
      }
      return container
    }
    definition["containerDefinitions"] = .array(containers)
    return definition
  }

  /// A reference without tag and digest.
  private static func repository(of reference: String) -> String {
    let name = reference.split(separator: "@").first.map(String.init) ?? reference
    let path = name.split(separator: "/", omittingEmptySubsequences: false)
    guard let last = path.last, let colon = last.firstIndex(of: ":") else { return name }
    return (path.dropLast() + [last[..<colon]]).joined(separator: "/")
  }

  private func rehearsedService(
    _ service: String, _ cluster: String, _ settings: JSONValue, _ plugin: String, _ failure: RehearsalFailure?
  ) -> JSONValue {
    let count = settings["desired-count"]?.int ?? 3
    var parameters: JSONValue = [
      "cluster": .string(cluster), "serviceName": .string(service), "desiredCount": .int(max(1, count)),
    ]
    if plugin == "external" {
      parameters["deploymentController"] = ["type": "EXTERNAL"]
      return parameters
    }
    parameters["taskDefinition"] = .string(service)
    parameters["launchType"] = "FARGATE"
    parameters["networkConfiguration"] = Self.network
    var configuration: JSONValue = [
      "deploymentCircuitBreaker": ["enable": .bool(failure?.needsTimeout != true), "rollback": true]
    ]
    if failure == .alarm {
      configuration["alarms"] = [
        "alarmNames": [.string(RehearsalFailure.alarmName)], "enable": true, "rollback": true,
      ]
    }
    if plugin == "blue-green" {
      configuration["strategy"] = .string(
        settings["strategy"]?.string?.uppercased().replacing("-", with: "_") ?? "BLUE_GREEN")
      configuration["bakeTimeInMinutes"] = 0
      if configuration["strategy"]?.string == "CANARY" {
        configuration["canaryConfiguration"] = ["canaryPercent": 10, "canaryBakeTimeInMinutes": 1]
      }
      if configuration["strategy"]?.string == "LINEAR" {
        configuration["linearConfiguration"] = ["stepPercent": 25, "stepBakeTimeInMinutes": 1]
      }
    }
    parameters["deploymentConfiguration"] = configuration
    return parameters
  }

  /// What else the deployment names: alarms, rules, schedules.
  private mutating func addAround(_ service: String, _ settings: JSONValue) {
    let named = (settings["alarms"]?["names"] ?? settings["alarms"])?.array ?? []
    for name in [RehearsalFailure.alarmName] + named.compactMap(\.string)
    where !alarms.contains(where: { $0.name == name }) {
      alarms.append((name, "OK"))
    }
    let cluster = "arn:aws:ecs:\(region):\(account):cluster/\(Self.name(settings["cluster"]?.string ?? "default"))"
    let parameters: JSONValue = [
      "TaskDefinitionArn": .string("arn:aws:ecs:\(region):\(account):task-definition/\(service):1"), "TaskCount": 1,
      "LaunchType": "FARGATE",
    ]
    let role: JSONValue = .string("arn:aws:iam::\(account):role/ecsEventsRole")
    for schedule in settings["schedules"]?.array ?? [] {
      if let rule = schedule["rule"] {
        calls.append(("events", "PutRule", ["Name": rule, "ScheduleExpression": "rate(1 day)"]))
        calls.append(
          (
            "events", "PutTargets",
            [
              "Rule": rule,
              "Targets": [["Id": "task", "Arn": .string(cluster), "RoleArn": role, "EcsParameters": parameters]],
            ]
          ))
      }
      if let name = schedule["schedule"] {
        var call: JSONValue = [
          "Name": name, "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": ["Mode": "OFF"],
          "Target": ["Arn": .string(cluster), "RoleArn": role, "EcsParameters": parameters],
        ]
        call["GroupName"] = schedule["group"]
        calls.append(("scheduler", "CreateSchedule", call))
      }
    }
  }

  /// Puts a service behind two target groups, one of which gets all of the traffic.
  public mutating func shift(_ service: String, container: String = "web", port: Int = 8080) {
    let prefix = "arn:aws:elasticloadbalancing:\(region):\(account)"
    let blue = loadBalancing.addGroup(service, account: account, region: region)
    let green = "\(prefix):targetgroup/\(service)-green/83e2d6bc24d8a068"
    var group = loadBalancing.targetGroups[loadBalancing.targetGroups.endIndex - 1]
    group["TargetGroupArn"] = .string(green)
    group["TargetGroupName"] = .string(service + "-green")
    loadBalancing.targetGroups.append(group)
    let rule = "\(prefix):listener-rule/app/\(service)/50dc6c495c0c9188/f2f7dc8efc522ab2/1291d13826f405c3"
    loadBalancing.rules.append([
      "RuleArn": .string(rule), "Priority": "1", "IsDefault": false,
      "Conditions": [["Field": "path-pattern", "Values": ["/*"]]],
      "Actions": [LoadBalancing.forward([(blue, 1), (green, 0)])],
    ])
    for index in services.indices where services[index]["serviceName"]?.string == service {
      services[index]["loadBalancers"] = [
        [
          "targetGroupArn": .string(blue), "containerName": .string(container), "containerPort": .int(port),
          "advancedConfiguration": [
            "alternateTargetGroupArn": .string(green), "productionListenerRule": .string(rule),
            "roleArn": .string("arn:aws:iam::\(account):role/ecsInfrastructureRole"),
          ],
        ]
      ]
    }
  }
}
