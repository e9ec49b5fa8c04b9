public import DeployPlugins
public import JSON

/// `network`: subnets, security groups and the public address of tasks in a VPC.
public enum NetworkSettings {
  /// `networkConfiguration` of ECS; nil when the configuration says nothing of it.
  /// - Throws: `PluginFailure` of the category `config`.
  public static func configuration(_ config: DeployConfig) throws(PluginFailure) -> JSONValue? {
    guard let network = try config.child("network") else { return nil }
    guard let subnets = try network.strings("subnets"), !subnets.isEmpty else {
      throw network.failure("subnets", "network has no subnets")
    }
    var vpc: JSONValue = ["subnets": .array(subnets.map { .string($0) })]
    if let groups = try network.strings("security-groups") {
      vpc["securityGroups"] = .array(groups.map { .string($0) })
    }
    if let isPublic = try network.bool("assign-public-ip") {
      vpc["assignPublicIp"] = isPublic ? "ENABLED" : "DISABLED"
    }
    return ["awsvpcConfiguration": vpc]
  }

  /// The live configuration with what the configured one says put into it.
  public static func merged(_ live: JSONValue?, _ wanted: JSONValue) -> JSONValue {
    var vpc = live?["awsvpcConfiguration"] ?? [:]
    for member in wanted["awsvpcConfiguration"]?.object?.members ?? [] { vpc[member.name] = member.value }
    return ["awsvpcConfiguration": vpc]
  }

  /// Whether both are the same: the order of subnets and groups means nothing.
  public static func areSame(_ one: JSONValue?, _ other: JSONValue?) -> Bool {
    func normal(_ value: JSONValue?) -> JSONValue {
      var vpc = value?["awsvpcConfiguration"] ?? [:]
      for name in ["subnets", "securityGroups"] {
        let texts = (vpc[name]?.array ?? []).compactMap(\.string).sorted()
        vpc[name] = .array(texts.map { .string($0) })
      }
      vpc["assignPublicIp"] = vpc["assignPublicIp"] ?? "DISABLED"
      return vpc
    }
    return normal(one) == normal(other)
  }
}

/// `capacity-providers`: where tasks run.
public enum CapacitySettings {
  /// `capacityProviderStrategy` of ECS; nil when the configuration says nothing of it.
  /// - Throws: `PluginFailure` of the category `config`.
  public static func strategy(_ config: DeployConfig) throws(PluginFailure) -> JSONValue? {
    guard let value = config["capacity-providers"] else { return nil }
    guard let entries = value.array else {
      throw config.failure("capacity-providers", "capacity-providers has to be a list")
    }
    var items: [JSONValue] = []
    for entry in entries {
      if let name = entry.string {
        items.append(["capacityProvider": .string(name), "weight": 1])
        continue
      }
      guard let name = entry["provider"]?.string ?? entry["capacityProvider"]?.string else {
        throw config.failure("capacity-providers", "an element of capacity-providers names no provider")
      }
      var item: JSONValue = ["capacityProvider": .string(name), "weight": entry["weight"] ?? 1]
      item["base"] = entry["base"]
      items.append(item)
    }
    return .array(items)
  }
}
