import HostOS
public import JSON

/// What CodeDeploy tells of deployments.
extension World {
  static func targetID(_ deployment: CodeDeployment) -> String {
    "\(deployment.group.cluster):\(deployment.group.service)"
  }

  /// Deployments as GetDeployment tells them, oldest first.
  public func describedCodeDeployments() -> [JSONValue] { codeDeploy.deployments.map { describe($0) } }

  /// Names of the deployment configurations that were made.
  public func deploymentConfigs() -> [String] {
    codeDeploy.configs.compactMap { $0["deploymentConfigName"]?.string }.filter { !$0.hasPrefix("CodeDeployDefault.") }
  }

  private static func revision(_ content: String) -> JSONValue {
    [
      "revisionType": "AppSpecContent",
      "appSpecContent": ["content": .string(content), "sha256": .string(SHA256Hasher.hex(of: content.utf8))],
    ]
  }

  func describe(_ deployment: CodeDeployment) -> JSONValue {
    var info: JSONValue = [
      "applicationName": .string(deployment.group.application),
      "deploymentGroupName": .string(deployment.group.name), "deploymentConfigName": .string(deployment.config),
      "deploymentId": .string(deployment.id), "revision": Self.revision(deployment.content),
      "status": .string(deployment.status), "createTime": Self.time(deployment.createdAt),
      "creator": .string(deployment.creator), "computePlatform": "ECS",
      "deploymentStyle": ["deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"],
      "instanceTerminationWaitTimeStarted": .bool(deployment.isTerminating),
      "deploymentOverview": [
        "Pending": 0, "InProgress": .int(deployment.isOver ? 0 : 1),
        "Succeeded": .int(deployment.status == "Succeeded" ? 1 : 0),
        "Failed": .int(deployment.status == "Failed" ? 1 : 0), "Skipped": 0, "Ready": 0,
      ],
    ]
    info["previousRevision"] = deployment.previousContent.map(Self.revision)
    info["startTime"] = deployment.startedAt.map { Self.time($0) }
    info["completeTime"] = deployment.completedAt.map { Self.time($0) }
    info["description"] = deployment.parameters["description"]
    info["autoRollbackConfiguration"] = deployment.rollback
    info["overrideAlarmConfiguration"] = deployment.parameters["overrideAlarmConfiguration"]
    info["blueGreenDeploymentConfiguration"] = deployment.group.members["blueGreenDeploymentConfiguration"]
    info["loadBalancerInfo"] = deployment.group.members["loadBalancerInfo"]
    if let error = deployment.error {
      info["errorInformation"] = ["code": .string(error.code), "message": .string(error.message)]
    }
    var rollback: JSONValue = [:]
    rollback["rollbackDeploymentId"] = deployment.rollbackID.map { .string($0) }
    rollback["rollbackTriggeringDeploymentId"] = deployment.undoes.map { .string($0) }
    rollback["rollbackMessage"] = deployment.rollbackMessage.map { .string($0) }
    if rollback != [:] { info["rollbackInfo"] = rollback }
    return info
  }

  func describeTarget(_ deployment: CodeDeployment) -> JSONValue {
    let name = Self.targetID(deployment)
    let status =
      switch deployment.status {
      case "Created", "Queued": "Pending"
      case "Stopped": "Failed"
      case let other: other
      }
    var target: JSONValue = [
      "deploymentId": .string(deployment.id), "targetId": .string(name),
      "targetArn": .string(arn("ecs", "service/\(deployment.group.cluster)/\(deployment.group.service)")),
      "lastUpdatedAt": timestamp, "status": .string(status),
    ]
    target["lifecycleEvents"] = .array(
      deployment.events.map { event in
        var value: JSONValue = ["lifecycleEventName": .string(event.name), "status": .string(event.status)]
        value["startTime"] = event.startedAt.map { Self.time($0) }
        value["endTime"] = event.endedAt.map { Self.time($0) }
        value["diagnostics"] = event.diagnostics
        return value
      })
    let sets = service(deployment.group.service, in: deployment.group.cluster)?.taskSets ?? []
    target["taskSetsInfo"] = .array(
      sets.map { set in
        let isGreen = set["id"]?.string == deployment.green
        let group = set["loadBalancers"]?[0]?["targetGroupArn"]?.string ?? ""
        return [
          "identifer": set["id"] ?? "", "status": set["status"] ?? "", "taskSetLabel": isGreen ? "Green" : "Blue",
          "desiredCount": set["computedDesiredCount"] ?? 0, "pendingCount": set["pendingCount"] ?? 0,
          "runningCount": set["runningCount"] ?? 0,
          "trafficWeight": .int(isGreen ? deployment.weight : 100 - deployment.weight),
          "targetGroup": ["name": .string(targetGroupName(group))],
        ]
      })
    return ["deploymentTargetType": "ECSTarget", "ecsTarget": target]
  }

  func targetGroupName(_ arn: String) -> String {
    let group = balancing.targetGroups.first { $0["TargetGroupArn"]?.string == arn }
    return group?["TargetGroupName"]?.string ?? arn
  }
}
