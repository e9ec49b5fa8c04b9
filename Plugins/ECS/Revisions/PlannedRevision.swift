public import DeployPlugins
public import JSON

/// The task definition that a deployment brings: planned, and registered when the plan is carried out.
public struct PlannedRevision: Sendable, Hashable {
  public let draft: TaskDefinitionDraft
  /// A revision that says the same already.
  public let existing: String?
  /// The images by container, before and after.
  public let images: [(container: String, before: String?, after: String)]

  /// - Parameters:
  ///   - config: `task-definition` is a file, a family or an ARN in the place of the live one; `containers` says which
  ///     image each container gets.
  ///   - live: of the service.
  /// - Throws: `PluginFailure`, `AWSError`, `CancellationError`.
  public static func plan(
    _ client: ECSClient, _ config: DeployConfig, images: [String: PluginImage], live: String?
  ) async throws -> PlannedRevision {
    var running: JSONValue?
    if let live { running = try await client.taskDefinition(live) }
    let (base, named) = try await base(client, config, images, live: live, running: running)
    var draft = base
    let choices = try ContainerImages(config, images: images, draft: draft).choices
    let old = running.map { TaskDefinitionDraft(describing: $0) }
    for choice in choices { _ = draft.setImage(choice.reference, of: choice.container) }
    var existing = draft == base ? named : nil
    if existing == nil { existing = try await client.reusable(draft, inUse: running) }
    let changed = draft.containerNames.compactMap { name -> (container: String, before: String?, after: String)? in
      guard let after = draft.image(of: name), after != old?.image(of: name) else { return nil }
      return (name, old?.image(of: name), after)
    }
    return PlannedRevision(draft: draft, existing: existing, images: changed)
  }

  private static func base(
    _ client: ECSClient, _ config: DeployConfig, _ images: [String: PluginImage], live: String?, running: JSONValue?
  ) async throws -> (TaskDefinitionDraft, String?) {
    switch TaskDefinitionSource(try config.string("task-definition")) {
    case .file(let path):
      var draft = try TaskDefinitionDraft(file: path, config: config)
      try draft.fillPlaceholders(images, config: config)
      return (draft, nil)
    case .registered(let name):
      guard let answer = try await client.taskDefinition(name) else {
        throw config.failure(
          "task-definition", "there is no task definition \(name)", hint: "write a file as ./FILE.json")
      }
      return (TaskDefinitionDraft(describing: answer), answer["taskDefinition"]?["taskDefinitionArn"]?.string)
    case .service:
      guard let running else {
        throw config.failure(
          "task-definition", "there is no task definition \(live ?? "of the service")",
          hint: "bring one with task-definition: FILE")
      }
      return (TaskDefinitionDraft(describing: running), nil)
    }
  }

  // MARK: In a plan

  public var json: JSONValue {
    var value: JSONValue = ["draft": draft.json]
    value["existing"] = existing.map { .string($0) }
    return value
  }

  /// Of `json`; without the images that change.
  public init(json: JSONValue) {
    self.init(
      draft: TaskDefinitionDraft(registering: json["draft"] ?? [:]), existing: json["existing"]?.string, images: [])
  }

  private init(
    draft: TaskDefinitionDraft, existing: String?, images: [(container: String, before: String?, after: String)]
  ) {
    self.draft = draft
    self.existing = existing
    self.images = images
  }

  /// Nil when the revision is there already.
  public var change: PlannedChange? {
    guard existing == nil else { return nil }
    let before = images.compactMap { image in image.before.map { (image.container, JSONValue.string($0)) } }
    let after = images.map { ($0.container, JSONValue.string($0.after)) }
    return PlannedChange(
      "register", "task definition \(draft.family)", before: before.isEmpty ? nil : .members(before),
      after: .members(after))
  }

  /// - Returns: the ARN of the revision, new or not.
  /// - Throws: `PluginFailure`, `AWSError`, `CancellationError`.
  public func register(_ client: ECSClient) async throws -> String {
    if let existing, let answer = try await client.taskDefinition(existing),
      answer["taskDefinition"]?["status"]?.string ?? "ACTIVE" == "ACTIVE"
    {
      return existing
    }
    if let same = try await client.reusable(draft, inUse: nil) { return same }
    return try await client.register(draft)
  }

  public static func == (one: PlannedRevision, other: PlannedRevision) -> Bool {
    one.draft == other.draft && one.existing == other.existing
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(draft) }
}
