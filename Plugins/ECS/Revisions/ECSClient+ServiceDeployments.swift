import AWS
public import JSON

extension ECSClient {
  /// A service's deployments, newest first; nil where they cannot be asked for.
  /// - Throws: `CancellationError`.
  public func serviceDeployments(_ address: ServiceAddress, status: [String] = []) async throws -> [ServiceDeployment]?
  {
    var parameters: JSONValue = ["cluster": .string(address.cluster), "service": .string(address.service)]
    if !status.isEmpty { parameters["status"] = .array(status.map { .string($0) }) }
    guard let answer = try await quietly(.ecs, "ListServiceDeployments", parameters) else { return nil }
    return (answer["serviceDeployments"]?.array ?? []).map(ServiceDeployment.init)
  }

  /// Nil where it cannot be asked for.
  /// - Throws: `CancellationError`.
  public func serviceDeployment(_ arn: String) async throws -> ServiceDeployment? {
    let answer = try await quietly(.ecs, "DescribeServiceDeployments", ["serviceDeploymentArns": [.string(arn)]])
    return answer?["serviceDeployments"]?[0].map(ServiceDeployment.init)
  }

  /// What a service revision is made of; nil where it cannot be asked for.
  /// - Throws: `CancellationError`.
  public func serviceRevision(_ arn: String) async throws -> JSONValue? {
    try await quietly(.ecs, "DescribeServiceRevisions", ["serviceRevisionArns": [.string(arn)]])?["serviceRevisions"]?[
      0]
  }
}
