public import DeployPlugins

/// Where a service is: its cluster and its name, whichever way they are written.
public struct ServiceAddress: Sendable, Hashable {
  /// A name or an ARN.
  public let cluster: String
  public let service: String

  /// - Parameter service: a name, or an ARN, which names the cluster as well.
  public init(cluster: String?, service: String) {
    let parts = service.split(separator: "/").map(String.init)
    if service.hasPrefix("arn:"), parts.count >= 3 {
      self.cluster = cluster ?? parts[parts.count - 2]
      self.service = parts[parts.count - 1]
    } else {
      self.cluster = cluster ?? "default"
      self.service = service.hasPrefix("arn:") ? parts.last ?? service : service
    }
  }

  public var clusterName: String { cluster.split(separator: "/").last.map(String.init) ?? cluster }

  public var missing: PluginFailure {
    PluginFailure(
      code: "service-not-found", message: "there is no service \(service) in the cluster \(clusterName)",
      hint: "check cluster, service and region; create: true makes a service that is missing", path: "/service",
      category: .config)
  }
}
