public import JSON

extension TaskDefinitionDraft {
  /// The same for drafts that ECS takes for the same: with its defaults left out, and without an order where the order
  /// means nothing.
  public var normalised: JSONValue {
    var value = Self.dropping(
      ["volumes": [], "placementConstraints": [], "networkMode": "bridge", "tags": []], from: json)
    for name in ["requiresCompatibilities", "tags"] {
      if let elements = value[name]?.array { value[name] = .array(Self.sorted(elements)) }
    }
    let network = json["networkMode"]?.string
    if let containers = value["containerDefinitions"]?.array {
      value["containerDefinitions"] = .array(containers.map { Self.container($0, network: network) })
    }
    return value
  }

  public func isSame(as other: TaskDefinitionDraft) -> Bool { normalised == other.normalised }

  private static let containerDefaults: [String: JSONValue] = [
    "cpu": 0, "essential": true, "portMappings": [], "environment": [], "environmentFiles": [], "mountPoints": [],
    "volumesFrom": [], "systemControls": [], "secrets": [], "links": [], "dnsServers": [], "dnsSearchDomains": [],
    "extraHosts": [], "dockerSecurityOptions": [], "ulimits": [], "resourceRequirements": [], "dependsOn": [],
    "credentialSpecs": [], "dockerLabels": [:],
  ]

  private static func container(_ container: JSONValue, network: String?) -> JSONValue {
    var value = dropping(containerDefaults, from: container)
    for name in ["environment", "secrets"] {
      if let elements = value[name]?.array { value[name] = .array(sorted(elements)) }
    }
    if let ports = value["portMappings"]?.array {
      value["portMappings"] = .array(ports.map { port($0, network: network) })
    }
    return value
  }

  private static func port(_ port: JSONValue, network: String?) -> JSONValue {
    var value = dropping(["protocol": "tcp"], from: port)
    let isImplied =
      network == "awsvpc" || network == "host" ? port["hostPort"] == port["containerPort"] : port["hostPort"] == 0
    if isImplied { value["hostPort"] = nil }
    return value
  }

  private static func dropping(_ defaults: [String: JSONValue], from value: JSONValue) -> JSONValue {
    let members = value.object?.members ?? []
    return .members(members.filter { $0.value != .null && defaults[$0.name] != $0.value }.map { ($0.name, $0.value) })
  }

  private static func sorted(_ elements: [JSONValue]) -> [JSONValue] {
    func key(_ element: JSONValue) -> String {
      element["name"]?.string ?? element["key"]?.string ?? element.text
    }
    return elements.sorted { key($0) < key($1) }
  }
}
