import AWS
public import DeployPlugins
import JSON

/// Deregisters revisions that nothing needs any more.
public struct OldRevisions: Sendable {
  private let client: ECSClient

  public init(_ client: ECSClient) { self.client = client }

  /// The revisions of a family that can go: all but the newest, and but those that something refers to.
  /// - Parameters:
  ///   - keep: how many of the newest stay, the deployed one among them.
  ///   - service: as it is after the deployment; its deployments, task sets and service deployments of late are kept.
  ///   - inUse: further ones, such as those of schedules and what a rollback would go to.
  public func candidates(
    _ family: String, keep: Int, services: [ECSService], inUse: Set<String>
  ) async throws -> [String] {
    let all = try await client.pages(
      .ecs, "ListTaskDefinitions", ["familyPrefix": .string(family), "status": "ACTIVE", "sort": "DESC"],
      list: "taskDefinitionArns"
    ).compactMap(\.string).filter { TaskDefinitionName($0).family == family }.sorted {
      TaskDefinitionName($1).isOlder(than: TaskDefinitionName($0))
    }
    var used = Set(inUse.map { TaskDefinitionName($0) })
    for service in services {
      used.formUnion(try await Self.references(client, service).map { TaskDefinitionName($0) })
    }
    return all.dropFirst(max(keep, 1)).filter { !used.contains(TaskDefinitionName($0)) }
  }

  /// - Returns: those that are gone. One that cannot go is told of, and no failure: what was wanted is deployed.
  public func deregister(_ arns: [String], _ context: PluginContext) async throws -> [String] {
    var gone: [String] = []
    for arn in arns {
      do {
        _ = try await client.change(.ecs, "DeregisterTaskDefinition", ["taskDefinition": .string(arn)])
        gone.append(arn)
      } catch let error as AWSError {
        context.warn("revision-not-deregistered", "\(TaskDefinitionName(arn)) stays registered: \(error.reason)")
      }
    }
    return gone
  }

  /// Whatever a service refers to.
  static func references(_ client: ECSClient, _ service: ECSService) async throws -> [String] {
    var names = [service.taskDefinition].compactMap { $0 } + service.deployments.compactMap(\.taskDefinition)
    names += (service.json["taskSets"]?.array ?? []).compactMap { $0["taskDefinition"]?.string }
    let address = ServiceAddress(cluster: service.clusterARN, service: service.name)
    names += try await DeploymentHistory(client, address).successes(limit: 2)
    return names
  }
}
