import Diagnostics
public import HTTP
public import HostOS
public import JSON

/// Calls services of AWS as whoever the environment says we are.
public struct AWSClient: Sendable {
  public let settings: AWSSettings
  private var client: ServiceClient
  private let chain: CredentialChain

  /// - Throws: `AWSError` with the code `aws-settings` when a file of settings cannot be read.
  public init(http: HTTPClient, environment: Environment) throws {
    settings = try AWSSettings(environment)
    client = ServiceClient(http: http, settings: settings)
    chain = CredentialChain(client: client)
  }

  /// The same client, with the same credentials, that tries calls so often at most.
  public func trying(_ attempts: Int) -> AWSClient {
    var copy = self
    copy.client.http.retryPolicy.attempts = attempts
    return copy
  }

  /// Credentials of the first place that has any.
  /// - Throws: `AWSError`.
  public func credentials() async throws -> AWSCredentials { try await chain.credentials() }

  /// The region that the settings name, else that of the EC2 instance.
  /// - Throws: `AWSError` with the code `aws-region-missing`.
  public func region() async throws -> String {
    if let region = settings.region { return region }
    if let region = try await InstanceCredentials(http: client.http, settings: settings).region() { return region }
    throw AWSError(
      .awsRegionMissing, "there is no AWS region",
      notes: ["looked at AWS_REGION, AWS_DEFAULT_REGION, the profile \(settings.profileName), the EC2 instance"],
      help: ["set AWS_REGION, such as eu-central-1"], exitCode: .usage)
  }

  /// Sends a call, again if it fails in passing.
  /// - Parameters:
  ///   - region: nil is that of `region()`.
  ///   - timeout: of all attempts together.
  /// - Throws: `AWSError`, `CancellationError`.
  public func send<Call: ServiceCall>(
    _ call: Call, region: String? = nil, timeout: Duration = .seconds(90)
  ) async throws -> Call.Output {
    let place: String
    if let region { place = region } else { place = try await self.region() }
    return try await client.send(call, region: place, signer: signer, timeout: timeout)
  }

  /// The same at the endpoint that belongs to a registry.
  /// - Throws: `AWSError`, `CancellationError`.
  public func send<Call: ServiceCall>(_ call: Call, to registry: ECRRegistry) async throws -> Call.Output {
    try await client.send(
      call, region: registry.region, signer: signer, fips: registry.usesFIPS || settings.usesFIPS,
      dualStack: registry.usesDualStack || settings.usesDualStack)
  }

  /// Sends a call of AWS JSON 1.1 whose parameters and answer pass as they are, members that we do not know included.
  /// - Parameters:
  ///   - operation: as the service's model names it.
  ///   - timeout: of all attempts together.
  /// - Throws: `AWSError`, `CancellationError`.
  public func call(
    _ service: AWSService, _ operation: String, _ parameters: JSONValue, region: String? = nil,
    timeout: Duration = .seconds(90)
  ) async throws -> JSONValue {
    let place: String
    if let region { place = region } else { place = try await self.region() }
    let operation = ServiceClient.Operation(service: service, name: operation) {
      CallMessage.json(service, operation, body: Array(parameters.text.utf8))
    }
    return try await client.send(operation, region: place, signer: signer, timeout: timeout) { bytes in
      bytes.isEmpty ? [:] : try JSONValue(parsing: bytes)
    }
  }

  private var signer: ServiceClient.Signer {
    ServiceClient.Signer(
      credentials: { [chain] in try await chain.credentials() }, renew: { [chain] in await chain.renew($0) })
  }
}
