import AWS
import DeployPlugins
import JSON

extension ECSClient {
  /// As many services as one call may ask for.
  private static let group = 10

  /// Services by their names; those that are missing are not in the answer.
  /// - Throws: `PluginFailure` when the cluster is missing or the service refuses otherwise; `AWSError`,
  ///   `CancellationError`.
  public func services(_ cluster: String, _ names: [String]) async throws -> [String: ECSService] {
    var found: [String: ECSService] = [:]
    for start in stride(from: 0, to: names.count, by: Self.group) {
      let names = Array(names[start..<min(start + Self.group, names.count)])
      let answer = try await describe(cluster, names)
      for service in (answer["services"]?.array ?? []).map(ECSService.init) {
        let name = names.first { $0 == service.name || $0 == service.arn } ?? service.name
        found[name] = service
      }
      for failure in answer["failures"]?.array ?? [] where failure["reason"]?.string != "MISSING" {
        throw PluginFailure(
          code: "service-not-described",
          message: "ECS cannot describe \(failure["arn"]?.string ?? "a service"): \(failure["reason"]?.string ?? "")",
          causes: failure["detail"]?.string.map { [$0] })
      }
    }
    return found
  }

  /// One service; nil when there is none.
  public func service(_ address: ServiceAddress) async throws -> ECSService? {
    try await services(address.cluster, [address.service])[address.service]
  }

  private func describe(_ cluster: String, _ names: [String]) async throws -> JSONValue {
    do {
      return try await call(
        "DescribeServices",
        ["cluster": .string(cluster), "services": .array(names.map { .string($0) }), "include": ["TAGS"]])
    } catch let error as AWSError where error.serviceCode == "ClusterNotFoundException" {
      throw PluginFailure(
        code: "cluster-not-found", message: "there is no cluster \(cluster)",
        hint: "check cluster and region; create: true makes a cluster that is missing", path: "/cluster",
        category: .config)
    }
  }
}
