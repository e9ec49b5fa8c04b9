import HostOS
import JSON

/// CodeDeploy: applications, groups, configurations and deployments.
extension World {
  static let codeDeployOperations: [Operation] = [
    Operation("codedeploy", "CreateApplication") { world, call in try world.createApplication(call) },
    Operation("codedeploy", "CreateDeploymentGroup") { world, call in try world.createDeploymentGroup(call) },
    Operation("codedeploy", "GetDeploymentGroup") { world, call in try world.getDeploymentGroup(call) },
    Operation("codedeploy", "CreateDeploymentConfig") { world, call in try world.createDeploymentConfig(call) },
    Operation("codedeploy", "GetDeploymentConfig") { world, call in
      ["deploymentConfigInfo": try world.deploymentConfig(try call.required("deploymentConfigName"))]
    },
    Operation("codedeploy", "CreateDeployment") { world, call in try world.createDeployment(call) },
    Operation("codedeploy", "GetDeployment", looks: true) { world, call in
      ["deploymentInfo": world.describe(world.codeDeploy.deployments[try world.deploymentPlace(call)])]
    },
    Operation("codedeploy", "ListDeployments") { world, call in try world.listDeployments(call) },
    Operation("codedeploy", "ListDeploymentTargets") { world, call in
      let deployment = world.codeDeploy.deployments[try world.deploymentPlace(call)]
      return ["targetIds": [.string(World.targetID(deployment))]]
    },
    Operation("codedeploy", "BatchGetDeploymentTargets") { world, call in
      let deployment = world.codeDeploy.deployments[try world.deploymentPlace(call)]
      guard call.strings("targetIds") == [World.targetID(deployment)] else {
        throw Refusal(
          "DeploymentTargetDoesNotExistException", "The provided target ID does not belong to the deployment.")
      }
      return ["deploymentTargets": [world.describeTarget(deployment)]]
    },
    Operation("codedeploy", "StopDeployment") { world, call in try world.stopDeployment(call) },
    Operation("codedeploy", "ContinueDeployment") { world, call in try world.continueDeployment(call) },
  ]

  // MARK: Applications and groups

  private func createApplication(_ call: Call) throws -> JSONValue {
    let name = try call.required("applicationName")
    guard !codeDeploy.applications.contains(name) else {
      throw Refusal("ApplicationAlreadyExistsException", "Application already exists: \(name)")
    }
    codeDeploy.applications.append(name)
    return ["applicationId": .string(numbers.uuid())]
  }

  private func createDeploymentGroup(_ call: Call) throws -> JSONValue {
    let application = try application(call)
    let name = try call.required("deploymentGroupName")
    guard !codeDeploy.groups.contains(where: { $0.application == application && $0.name == name }) else {
      throw Refusal("DeploymentGroupAlreadyExistsException", "Deployment group already exists: \(name)")
    }
    let group = CodeDeployGroup(application: application, name: name, id: numbers.uuid(), members: call.parameters)
    guard service(group.service, in: group.cluster)?.controller == "CODE_DEPLOY" else {
      throw Refusal("InvalidECSServiceException", "The service is missing, or its controller is not CODE_DEPLOY")
    }
    guard !codeDeploy.groups.contains(where: { $0.cluster == group.cluster && $0.service == group.service }) else {
      throw Refusal("ECSServiceMappingLimitExceededException", "The service is in another deployment group")
    }
    codeDeploy.groups.append(group)
    return ["deploymentGroupId": .string(group.id)]
  }

  private func application(_ call: Call) throws -> String {
    let name = try call.required("applicationName")
    guard codeDeploy.applications.contains(name) else {
      throw Refusal("ApplicationDoesNotExistException", "No application found for name: \(name)")
    }
    return name
  }

  private func group(_ call: Call) throws -> CodeDeployGroup {
    let application = try application(call)
    let name = try call.required("deploymentGroupName")
    guard let group = codeDeploy.groups.first(where: { $0.application == application && $0.name == name }) else {
      throw Refusal("DeploymentGroupDoesNotExistException", "No Deployment Group found for name: \(name)")
    }
    return group
  }

  private func getDeploymentGroup(_ call: Call) throws -> JSONValue {
    let group = try group(call)
    var info = group.members
    info["deploymentGroupId"] = .string(group.id)
    info["computePlatform"] = "ECS"
    info["tags"] = nil
    if info["deploymentConfigName"] == nil { info["deploymentConfigName"] = "CodeDeployDefault.ECSAllAtOnce" }
    return ["deploymentGroupInfo": info]
  }

  // MARK: Configurations

  private func createDeploymentConfig(_ call: Call) throws -> JSONValue {
    let name = try call.required("deploymentConfigName")
    guard !name.hasPrefix("CodeDeployDefault.") else {
      throw Refusal("InvalidDeploymentConfigNameException", "The name \(name) is reserved")
    }
    guard !codeDeploy.configs.contains(where: { $0["deploymentConfigName"]?.string == name }) else {
      throw Refusal("DeploymentConfigAlreadyExistsException", "Deployment configuration already exists: \(name)")
    }
    guard call.string("computePlatform") == "ECS", let routing = call["trafficRoutingConfig"] else {
      throw Refusal("InvalidTrafficRoutingConfigurationException", "The traffic routing configuration is missing")
    }
    let canary = routing["timeBasedCanary"]?["canaryPercentage"]?.int
    let linear = routing["timeBasedLinear"]?["linearPercentage"]?.int
    guard routing["type"]?.string == "AllAtOnce" || (1...99).contains(canary ?? linear ?? 0) else {
      throw Refusal("InvalidTrafficRoutingConfigurationException", "The percentage has to be between 1 and 99")
    }
    codeDeploy.configs.append(CodeDeployState.config(name, routing))
    return ["deploymentConfigId": .string(numbers.uuid())]
  }

  private func deploymentConfig(_ name: String) throws -> JSONValue {
    guard let config = codeDeploy.configs.first(where: { $0["deploymentConfigName"]?.string == name }) else {
      throw Refusal("DeploymentConfigDoesNotExistException", "No Deployment Configuration found for name: \(name)")
    }
    return config
  }

  func routing(_ deployment: CodeDeployment) -> JSONValue {
    let config = codeDeploy.configs.first { $0["deploymentConfigName"]?.string == deployment.config }
    return config?["trafficRoutingConfig"] ?? ["type": "AllAtOnce"]
  }

  // MARK: Deployments

  func deploymentPlace(_ call: Call) throws -> Int {
    let id = try call.required("deploymentId")
    guard let place = codeDeploy.deployments.firstIndex(where: { $0.id == id }) else {
      throw Refusal("DeploymentDoesNotExistException", "The deployment \(id) could not be found")
    }
    return place
  }

  private func createDeployment(_ call: Call) throws -> JSONValue {
    let group = try group(call)
    let config =
      call.string("deploymentConfigName") ?? group.members["deploymentConfigName"]?.string
      ?? "CodeDeployDefault.ECSAllAtOnce"
    _ = try deploymentConfig(config)
    guard let revision = call["revision"] else { throw Refusal("RevisionRequiredException", "The revision is missing") }
    guard revision["revisionType"]?.string == "AppSpecContent",
      let content = revision["appSpecContent"]?["content"]?.string
    else { throw Refusal("InvalidRevisionException", "Amazon ECS takes an AppSpecContent here") }
    if let digest = revision["appSpecContent"]?["sha256"]?.string, digest != SHA256Hasher.hex(of: content.utf8) {
      throw Refusal("InvalidRevisionException", "The sha256 is not that of the content")
    }
    let spec = try AppSpecification(content)
    if let open = codeDeploy.deployments.last(where: { !$0.isOver && $0.group.id == group.id }) {
      throw Refusal(
        "DeploymentLimitExceededException",
        "The Deployment Group '\(group.name)' already has an active Deployment '\(open.id)'")
    }
    return ["deploymentId": .string(beginDeployment(group, config, call.parameters, content, spec))]
  }

  /// - Returns: its id.
  func beginDeployment(
    _ group: CodeDeployGroup, _ config: String, _ parameters: JSONValue, _ content: String, _ spec: AppSpecification,
    undoes: String? = nil
  ) -> String {
    let count = codeDeploy.deployments.count
    let course = count < scene.codeDeploy.count ? scene.codeDeploy[count] : .succeeds
    let id = "d-" + numbers.hex().uppercased().prefix(9)
    var deployment = CodeDeployment(
      id: id, group: group, config: config, parameters: parameters, content: content, spec: spec, course: course,
      createdAt: now)
    deployment.previousContent =
      codeDeploy.deployments.last { $0.status == "Succeeded" && $0.group.id == group.id }?.content
    deployment.undoes = undoes
    if undoes != nil { deployment.creator = "codeDeployRollback" }
    codeDeploy.deployments.append(deployment)
    return id
  }

  /// Newest first.
  private func listDeployments(_ call: Call) throws -> JSONValue {
    let group = call["applicationName"] == nil ? nil : try group(call)
    let states = call.strings("includeOnlyStatuses")
    let found = codeDeploy.deployments.reversed().filter { deployment in
      (group == nil || deployment.group.id == group?.id) && (states.isEmpty || states.contains(deployment.status))
    }
    return try page(found.map { .string($0.id) }, as: "deployments", call, limit: 100)
  }

  private func stopDeployment(_ call: Call) throws -> JSONValue {
    let place = try deploymentPlace(call)
    guard !codeDeploy.deployments[place].isOver else {
      throw Refusal(
        "DeploymentAlreadyCompletedException",
        "The deployment \(codeDeploy.deployments[place].id) has already been completed")
    }
    codeDeploy.deployments[place].isStopRequested = true
    codeDeploy.deployments[place].returnsOnStop = call.bool("autoRollbackEnabled")
    return ["status": "Pending", "statusMessage": "Stopping the deployment."]
  }

  private func continueDeployment(_ call: Call) throws -> JSONValue {
    let place = try deploymentPlace(call)
    let deployment = codeDeploy.deployments[place]
    guard !deployment.isOver else {
      throw Refusal("DeploymentAlreadyCompletedException", "The deployment has already been completed")
    }
    let isReady = deployment.status == "Ready"
    let asked = call.string("deploymentWaitType") ?? "READY_WAIT"
    guard asked == "READY_WAIT" ? isReady : deployment.isTerminating else {
      throw Refusal("DeploymentIsNotInReadyStateException", "The deployment does not wait for \(asked)")
    }
    codeDeploy.deployments[place].isContinued = true
    return [:]
  }
}
