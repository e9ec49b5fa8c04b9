public import AWS
import HTTP
public import HostOS
public import JSON

/// Calls Amazon ECS and what stands around it; parameters and answers pass as they are.
public struct ECSClient: Sendable {
  public let aws: AWSClient
  /// Nil is that of the settings.
  public let region: String?

  /// - Throws: `AWSError` when a file of settings cannot be read; `HTTPError` when trust roots or proxies are not usable.
  public init(environment: Environment, region: String?) throws {
    let transport = HTTPTransport.live(
      trustRoots: try TrustRoots(environment), proxies: try ProxySettings(environment))
    aws = try AWSClient(http: HTTPClient(transport: transport, userAgent: "slipway"), environment: environment)
    self.region = region
  }

  /// A call of Amazon ECS.
  /// - Throws: `AWSError`, `CancellationError`.
  public func call(_ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
    try await aws.call(.ecs, operation, parameters, region: region)
  }
}
