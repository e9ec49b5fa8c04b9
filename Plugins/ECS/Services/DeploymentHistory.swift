import AWS
import JSON

/// What was deployed to a service before.
public struct DeploymentHistory: Sendable {
  private let client: ECSClient
  private let address: ServiceAddress

  public init(_ client: ECSClient, _ address: ServiceAddress) {
    self.client = client
    self.address = address
  }

  /// The task definitions of deployments that succeeded, the latest first, each once; empty where ECS does not tell.
  public func successes(limit: Int = 10) async throws -> [String] {
    var names: [String] = []
    for deployment in try await ServiceDeployments.list(client, address, status: ["SUCCESSFUL"])
    where deployment.status == "SUCCESSFUL" && names.count < limit {
      guard let revision = deployment.targetRevision,
        let name = try await ServiceDeployments.taskDefinition(client, ofRevision: revision), !names.contains(name)
      else { continue }
      names.append(name)
    }
    return names
  }

  /// The service deployments there are, by their ARNs.
  public func known() async throws -> Set<String> {
    Set(try await ServiceDeployments.list(client, address).compactMap(\.arn))
  }

  /// The service deployment that is on its way; nil where there is none, or ECS does not tell.
  public func running() async throws -> ServiceDeployment? {
    try await ServiceDeployments.list(client, address).first { !$0.isOver && $0.arn != nil }
  }

  /// The active revision before one in its family; nil when there is none.
  public func revision(before name: String) async throws -> String? {
    let current = TaskDefinitionName(name)
    let all = try await client.pages(
      .ecs, "ListTaskDefinitions", ["familyPrefix": .string(current.family), "status": "ACTIVE", "sort": "DESC"],
      list: "taskDefinitionArns")
    return all.compactMap(\.string).filter { TaskDefinitionName($0).isOlder(than: current) }.max {
      TaskDefinitionName($0).isOlder(than: TaskDefinitionName($1))
    }
  }
}
