import Diagnostics
import JSON
import SourceYAML

/// An AppSpec file for Amazon ECS, in JSON or YAML; keys in any case of letters.
struct AppSpecification: Sendable {
  var taskDefinition: String
  var container: String
  var port: Int
  /// What replacement tasks have otherwise than those of the service.
  var settings: JSONValue = [:]
  /// Functions by lifecycle event.
  var hooks: [String: String] = [:]

  private static let hookNames: Set<String> = [
    "BeforeInstall", "AfterInstall", "AfterAllowTestTraffic", "BeforeAllowTraffic", "AfterAllowTraffic",
  ]

  /// - Throws: `Refusal` with CodeDeploy's code for it.
  init(_ content: String) throws {
    let root = try Self.value(content)
    guard root.member("version")?.text != nil else { throw Self.invalid("the version is missing") }
    guard let resources = root.member("resources")?.array, resources.count == 1,
      let target = resources[0].object?.members.first?.value
    else { throw Self.invalid("the Resources section has to have exactly one resource") }
    guard target.member("type")?.string == "AWS::ECS::Service", let properties = target.member("properties") else {
      throw Self.invalid("the resource has to be an AWS::ECS::Service with Properties")
    }
    guard let taskDefinition = properties.member("taskdefinition")?.string, taskDefinition.contains(":") else {
      throw Self.invalid("the TaskDefinition is missing")
    }
    let balancer = properties.member("loadbalancerinfo")
    guard let container = balancer?.member("containername")?.string,
      let port = balancer?.member("containerport").flatMap({ $0.int ?? $0.string.flatMap { Int($0) } })
    else { throw Self.invalid("the LoadBalancerInfo is missing") }
    (self.taskDefinition, self.container, self.port) = (taskDefinition, container, port)
    if let version = properties.member("platformversion") { settings["platformVersion"] = version }
    if let network = properties.member("networkconfiguration")?.member("awsvpcconfiguration") {
      var vpc: JSONValue = [:]
      vpc["subnets"] = network.member("subnets")
      vpc["securityGroups"] = network.member("securitygroups")
      vpc["assignPublicIp"] = network.member("assignpublicip")
      settings["networkConfiguration"] = ["awsvpcConfiguration": vpc]
    }
    if let providers = properties.member("capacityproviderstrategy")?.array {
      settings["capacityProviderStrategy"] = .array(
        providers.map { provider in
          var value: JSONValue = ["capacityProvider": provider.member("capacityprovider") ?? ""]
          for name in ["base", "weight"] {
            value[name] = provider.member(name).flatMap { $0.int ?? $0.string.flatMap { Int($0) } }.map { .int($0) }
          }
          return value
        })
    }
    for hook in root.member("hooks")?.array ?? [] {
      for member in hook.object?.members ?? [] {
        guard let name = Self.hookNames.first(where: { $0.lowercased() == member.name.lowercased() }) else {
          throw Self.invalid("\(member.name) is no lifecycle event that has hooks")
        }
        hooks[name] = member.value.string
      }
    }
  }

  private static func invalid(_ reason: String) -> Refusal {
    Refusal("InvalidRevisionException", "The AppSpec file is not valid: \(reason)")
  }

  private static func value(_ content: String) throws -> JSONValue {
    if let json = try? JSONValue(parsing: content) { return json }
    do {
      return json(try YAMLDocument.parse(SourceFile(name: "appspec", bytes: Array(content.utf8))).root)
    } catch { throw invalid("it is neither JSON nor YAML") }
  }

  private static func json(_ node: YAMLNode) -> JSONValue {
    if let sequence = node.sequence { return .array(sequence.map(json)) }
    if let mapping = node.mapping { return .members(mapping.entries.map { ($0.key, json($0.value)) }) }
    return node.text.map { .string($0) } ?? .null
  }
}

extension JSONValue {
  /// A member whose name is this one in lower case.
  fileprivate func member(_ name: String) -> JSONValue? {
    object?.members.first { $0.name.lowercased() == name && !$0.value.isNull }?.value
  }
}
