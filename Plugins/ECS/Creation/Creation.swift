import AWS
import DeployPlugins
public import JSON

/// Makes what is missing, where the configuration asks for it (`create: true`).
public struct Creation: Sendable {
  private let client: ECSClient

  public init(_ client: ECSClient) { self.client = client }

  // MARK: Clusters

  public func hasCluster(_ name: String) async throws -> Bool {
    let answer = try await client.call("DescribeClusters", ["clusters": [.string(name)]])
    return (answer["clusters"]?.array ?? []).contains { $0["status"]?.string ?? "ACTIVE" != "INACTIVE" }
  }

  /// - Parameter strategy: its capacity providers and how they are used by default.
  public func createCluster(_ name: String, strategy: JSONValue?) async throws {
    var parameters: JSONValue = ["clusterName": .string(name)]
    let providers = (strategy?.array ?? []).compactMap { $0["capacityProvider"] }
    if !providers.isEmpty {
      parameters["capacityProviders"] = .array(providers)
      parameters["defaultCapacityProviderStrategy"] = strategy
    }
    _ = try await client.change(.ecs, "CreateCluster", parameters)
  }

  // MARK: Log groups

  /// The log groups that containers write to: name and region.
  static func logGroups(of draft: TaskDefinitionDraft) -> [(name: String, region: String?)] {
    var groups: [(name: String, region: String?)] = []
    for container in draft.containers {
      let configuration = container["logConfiguration"]
      let options = configuration?["options"]
      guard configuration?["logDriver"]?.string == "awslogs", let name = options?["awslogs-group"]?.string,
        !groups.contains(where: { $0.name == name })
      else { continue }
      groups.append((name, options?["awslogs-region"]?.string))
    }
    return groups
  }

  /// Those that are not there.
  public func missingLogGroups(_ draft: TaskDefinitionDraft) async throws -> [String] {
    var missing: [String] = []
    for group in Self.logGroups(of: draft) {
      let answer = try await client.quietly(
        .logs, "DescribeLogGroups", ["logGroupNamePrefix": .string(group.name)], region: group.region)
      let names = (answer?["logGroups"]?.array ?? []).compactMap { $0["logGroupName"]?.string }
      if answer != nil, !names.contains(group.name) { missing.append(group.name) }
    }
    return missing
  }

  public func createLogGroup(_ name: String) async throws {
    do { _ = try await client.change(.logs, "CreateLogGroup", ["logGroupName": .string(name)]) } catch let error
      as AWSError where error.serviceCode == "ResourceAlreadyExistsException"
    {}
  }

  // MARK: Services

  /// The parameters of `CreateService`.
  /// - Parameters:
  ///   - definition: a service definition, in the form of `CreateService` or of what `DescribeServices` answers.
  ///   - settings: of the configuration; they count more.
  public static func serviceParameters(
    _ address: ServiceAddress, definition: JSONValue, settings: JSONValue
  ) -> JSONValue {
    let source = definition["services"]?[0] ?? definition["service"] ?? definition
    var parameters: JSONValue = ["cluster": .string(address.cluster), "serviceName": .string(address.service)]
    for member in source.object?.members ?? [] where !describedOnly.contains(member.name) {
      parameters[member.name] = member.value
    }
    parameters["cluster"] = .string(address.cluster)
    parameters["serviceName"] = .string(address.service)
    for member in settings.object?.members ?? [] { parameters[member.name] = member.value }
    // Neither or one of both.
    if settings["capacityProviderStrategy"] != nil { parameters["launchType"] = nil }
    if parameters["capacityProviderStrategy"] == [] { parameters["capacityProviderStrategy"] = nil }
    return parameters
  }

  /// Members that a service is described with, and that cannot be given.
  private static let describedOnly: Set<String> = [
    "serviceArn", "clusterArn", "status", "runningCount", "pendingCount", "platformFamily", "taskSets", "deployments",
    "roleArn", "events", "createdAt", "currentServiceDeployment", "currentServiceRevisions", "createdBy",
    "taskDefinition", "clientToken", "service", "resourceManagementType",
  ]

  /// - Parameter token: the same for the same creation.
  public func createService(_ parameters: JSONValue, taskDefinition: String, token: String) async throws -> JSONValue {
    var parameters = parameters
    parameters["taskDefinition"] = .string(taskDefinition)
    parameters["clientToken"] = .string(token)
    do { return try await client.change(.ecs, "CreateService", parameters) } catch let error as AWSError
      where error.code == .awsRefused
    {
      throw PluginFailure(
        code: "service-refused",
        message: "ECS refuses to create the service \(parameters["serviceName"]?.string ?? ""): \(error.reason)",
        hint: KnownCause.hint(for: error.reason), path: "/service-definition", state: .failed)
    }
  }
}
