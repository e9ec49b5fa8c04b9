public import JSON

/// What `RegisterTaskDefinition` takes. All members stay as they are, those that we do not know and those that are empty
/// included; only what is replaced changes.
public struct TaskDefinitionDraft: Sendable, Hashable {
  public var json: JSONValue

  /// Members of a task definition that cannot be registered (API reference, `TaskDefinition`).
  public static let readOnlyMembers: Set<String> = [
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "deregisteredAt", "deleteRequestedAt", "registeredBy",
  ]

  public init(registering json: JSONValue) {
    self.json = .object(
      JSONObject(
        (json.object?.members ?? []).filter { !Self.readOnlyMembers.contains($0.name) }
          .map { ($0.name, $0.value) }))
  }

  /// - Parameter answer: of `DescribeTaskDefinition`, which has the tags beside the task definition.
  public init(describing answer: JSONValue) {
    self.init(registering: answer["taskDefinition"] ?? answer)
    // AWS's own tags cannot be given.
    let tags = (answer["tags"]?.array ?? []).filter { $0["key"]?.string?.lowercased().hasPrefix("aws:") != true }
    if answer["tags"] != nil { json["tags"] = tags.isEmpty ? Optional.none : .array(tags) }
  }

  public var family: String { json["family"]?.string ?? "" }
  public var containers: [JSONValue] { json["containerDefinitions"]?.array ?? [] }
  public var containerNames: [String] { containers.compactMap { $0["name"]?.string } }
  /// A container without the member is essential.
  public var essentialContainers: [String] {
    containers.filter { $0["essential"]?.bool != false }.compactMap { $0["name"]?.string }
  }
  public var isForFargate: Bool { json["requiresCompatibilities"]?.array?.contains("FARGATE") == true }

  public func container(_ name: String) -> JSONValue? { containers.first { $0["name"]?.string == name } }
  public func image(of container: String) -> String? { self.container(container)?["image"]?.string }

  /// - Returns: false when there is no such container.
  public mutating func setImage(_ image: String, of container: String) -> Bool {
    var containers = self.containers
    guard let index = containers.firstIndex(where: { $0["name"]?.string == container }) else { return false }
    containers[index]["image"] = .string(image)
    json["containerDefinitions"] = .array(containers)
    return true
  }

  /// Adds tags, in the place of those with the same key.
  public mutating func setTags(_ tags: [(name: String, value: String)]) {
    guard !tags.isEmpty else { return }
    var all = json["tags"]?.array ?? []
    for (key, value) in tags {
      let tag: JSONValue = ["key": .string(key), "value": .string(value)]
      if let index = all.firstIndex(where: { $0["key"]?.string == key }) { all[index] = tag } else { all.append(tag) }
    }
    json["tags"] = .array(all)
  }
}
