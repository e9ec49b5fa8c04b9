import AWS
import DeployPlugins
import ECSDeployment
import JSON

/// Looks at what is there. Changes nothing.
struct RollingSurveyor: Sendable {
  let config: RollingConfig
  let client: ECSClient
  let context: PluginContext
  let images: [String: PluginImage]

  /// What an earlier plan has found and decided.
  struct Planned: Sendable {
    let draft: TaskDefinitionDraft
    /// The deployment that was the primary one then, by service.
    let deployments: [String: String]
  }

  /// - Parameter planned: nil makes the draft anew.
  func survey(_ planned: Planned?) async throws -> RollingSurvey {
    let (hasCluster, live) = try await services()
    let inUse = try await describe(live.values.first { $0.status == "ACTIVE" }?.taskDefinition)
    var base: TaskDefinitionDraft?
    let draft: TaskDefinitionDraft
    if let planned {
      draft = planned.draft
    } else {
      (base, draft) = try await self.draft(inUse)
    }
    let reusable = try await client.reusable(draft, inUse: inUse)
    let updates = config.services.map {
      update($0, live[$0.service], reusable, planned?.deployments[$0.service])
    }
    var survey = RollingSurvey(
      hasCluster: hasCluster, updates: updates, base: base, draft: draft, reusable: reusable,
      serviceDefinition: try serviceDefinition(updates))
    if config.creates { survey.missingLogGroups = try await Creation(client).missingLogGroups(draft) }
    return survey
  }

  // MARK: Services

  private func services() async throws -> (hasCluster: Bool, [String: ECSService]) {
    if config.creates, try await !Creation(client).hasCluster(config.cluster) { return (false, [:]) }
    var found = try await client.services(config.cluster, config.services.map(\.service))
    for address in config.services {
      let service = found[address.service]
      switch service?.status {
      case nil, "INACTIVE":
        guard config.creates else { throw address.missing }
        found[address.service] = nil
      case "DRAINING":
        throw PluginFailure(
          code: "service-draining", message: "the service \(address.service) is being deleted",
          hint: "wait until it is INACTIVE, and deploy again", path: "/service", retryable: true)
      default: if let service { try check(service) }
      }
    }
    return (true, found)
  }

  private func check(_ service: ECSService) throws(PluginFailure) {
    guard service.controller == "ECS" else {
      throw config.config.failure(
        "service", "the service \(service.name) is deployed by \(service.controller), not by ECS itself",
        hint: service.controller == "CODE_DEPLOY" ? "use the plugin blue-green" : "use the plugin external")
    }
    let strategy = config.settings.wanted["deploymentConfiguration"]?["strategy"]?.string ?? service.strategy
    guard strategy == "ROLLING" else {
      throw config.config.failure(
        "service", "the service \(service.name) has the deployment strategy \(strategy)",
        hint: "use the plugin blue-green, or say deployment-configuration: {strategy: ROLLING}")
    }
    if service.isDaemon, config.settings.wanted["desiredCount"] != nil {
      throw config.config.failure(
        "desired-count", "the service \(service.name) is a daemon: it has one task on each instance",
        hint: "leave desired-count out")
    }
  }

  private func update(
    _ address: ServiceAddress, _ live: ECSService?, _ reusable: String?, _ plannedDeployment: String?
  ) -> RollingSurvey.Update {
    guard let live else {
      return .init(
        address: address, live: nil, changes: [:], changesRevision: true, forces: false, isOnItsWay: false)
    }
    let isThere = TaskDefinitionName.areSame(live.taskDefinition, reusable)
    let primary = live.primary
    let isOnItsWay = isThere && primary?.rolloutState == "IN_PROGRESS"
    let hasFailed = isThere && primary?.rolloutState == "FAILED"
    // What this plan has forced already is not forced again.
    let wasForced = isThere && plannedDeployment != nil && primary?.id != nil && primary?.id != plannedDeployment
    return .init(
      address: address, live: live, changes: config.settings.changes(to: live), changesRevision: !isThere,
      forces: (config.forces && !wasForced) || hasFailed, isOnItsWay: isOnItsWay)
  }

  private func serviceDefinition(_ updates: [RollingSurvey.Update]) throws(PluginFailure) -> JSONValue? {
    guard updates.contains(where: { $0.live == nil }) else { return nil }
    guard let path = try config.config.string("service-definition") else { return [:] }
    return try DefinitionFile.read(
      path, variables: try config.config.map("variables"), config: config.config, key: "service-definition")
  }

  // MARK: The task definition

  private func describe(_ name: String?) async throws -> JSONValue? {
    guard let name else { return nil }
    return try await client.taskDefinition(name)
  }

  private func draft(_ inUse: JSONValue?) async throws -> (base: TaskDefinitionDraft?, draft: TaskDefinitionDraft) {
    var base = inUse.map { TaskDefinitionDraft(describing: $0) }
    var draft: TaskDefinitionDraft
    var isNew = false
    switch config.source {
    case .service:
      guard let live = base else {
        throw config.config.failure(
          "task-definition", "there is no task definition to begin with",
          hint: "name a family, or a file in the form of RegisterTaskDefinition, in task-definition")
      }
      draft = live
    case .registered(let name):
      guard let answer = try await client.taskDefinition(name) else {
        throw config.config.failure("task-definition", "there is no task definition \(name)")
      }
      draft = TaskDefinitionDraft(describing: answer)
      base = base ?? draft
    case .file(let path):
      draft = try TaskDefinitionDraft(file: path, config: config.config)
      isNew = true
    }
    let choices = try imageChoices(draft)
    for choice in choices.choices { _ = draft.setImage(choice.reference, of: choice.container) }
    try draft.fillPlaceholders(images, config: config.config)
    draft.setTags(try config.config.map("tags") ?? [])
    try lint(draft, isNew: isNew)
    try await ImagePlatforms(client).check(choices, draft)
    return (base, draft)
  }

  private func imageChoices(_ draft: TaskDefinitionDraft) throws(PluginFailure) -> ContainerImages {
    var listed: [(container: String, reference: String)] = []
    if let path = try config.config.string("image-definitions") {
      listed = try ImageDefinitions.read(path, config: config.config, key: "image-definitions")
    }
    // Placeholders say by themselves which image they want.
    if config.config["containers"] == nil, listed.isEmpty, !draft.placeholders.isEmpty {
      let named = images.filter { draft.container($0.key) != nil }
      return try ContainerImages(config.config, images: named, draft: draft)
    }
    return try ContainerImages(config.config, images: images, draft: draft, listed: listed)
  }

  /// What was registered once is not refused for what a file would be refused for.
  private func lint(_ draft: TaskDefinitionDraft, isNew: Bool) throws(PluginFailure) {
    if isNew, let finding = draft.fargateFindings.first {
      throw PluginFailure(
        code: "invalid-task-definition", message: finding, hint: KnownCause.hint(for: finding),
        path: "/task-definition", causes: Array(draft.fargateFindings.dropFirst()), category: .config)
    }
    if draft.lacksExecutionRole {
      context.warn(
        "no-execution-role", "the task definition \(draft.family) has no executionRoleArn",
        help: ["Fargate pulls from Amazon ECR, reads secrets and writes logs with that role"], path: "/task-definition")
    }
  }
}
