import DeployPlugins
public import AWS
import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
public import HostOS
public import JSON

/// Calls Amazon ECS and what stands around it; parameters and answers pass as they are.
public struct ECSClient: Sendable {
  public let aws: AWSClient
  /// Nil is that of the settings.
  public let region: String?
  public let pace: Pace
  private let http: HTTPClient

  /// One policy for all calls: throttling is per account and region, so it may take others' work a while to end.
  private static let attempts = 10
  private static let patience: Duration = .seconds(240)
  /// Of calls that the outcome does not need.
  private static let quietPatience: Duration = .seconds(8)
  private static let quietAttempts = 3

  /// - Throws: `AWSError` when a file of settings cannot be read; `HTTPError` when trust roots or proxies are not usable.
  public init(environment: Environment, region: String?, pace: Pace = Pace()) throws {
    let transport = HTTPTransport.live(
      trustRoots: try TrustRoots(environment), proxies: try ProxySettings(environment))
    let policy = RetryPolicy(
      attempts: Self.attempts, firstPause: min(.milliseconds(500), pace.first), longestPause: .seconds(20))
    http = HTTPClient(transport: transport, userAgent: "slipway", retryPolicy: policy)
    aws = try AWSClient(http: http, environment: environment)
    self.region = region
    self.pace = pace
  }

  /// A call of Amazon ECS.
  /// - Throws: `AWSError`, `CancellationError`.
  public func call(_ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
    try await call(.ecs, operation, parameters)
  }

  /// A call of a service that speaks AWS JSON 1.1.
  /// - Throws: `AWSError`, `CancellationError`.
  public func call(_ service: AWSService, _ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
    try await aws.call(service, operation, parameters, region: region, timeout: Self.patience)
  }

  /// A call that changes something: it is not cut off when the deployment is cancelled, so that its answer is known.
  /// - Throws: `AWSError`, `CancellationError` when it was cancelled before.
  public func change(_ service: AWSService, _ operation: String, _ parameters: JSONValue) async throws -> JSONValue {
    try Task.checkCancellation()
    return try await withoutCancellation { try await call(service, operation, parameters) }
  }

  /// A call of another protocol.
  /// - Throws: `AWSError`, `CancellationError`.
  public func send<Call: ServiceCall>(_ call: Call) async throws -> Call.Output {
    try await aws.send(call, region: region, timeout: Self.patience)
  }

  /// All elements of a list that is answered in pages.
  /// - Parameters:
  ///   - list: the member of the answer that has the elements.
  ///   - limit: enough elements.
  /// - Throws: `AWSError`, `CancellationError`.
  public func pages(
    _ service: AWSService, _ operation: String, _ parameters: JSONValue, list: String, limit: Int = 10_000
  ) async throws -> [JSONValue] {
    let name = service == .events ? "NextToken" : "nextToken"
    var parameters = parameters
    var elements: [JSONValue] = []
    var seen: Set<String> = []
    while true {
      let answer = try await call(service, operation, parameters)
      elements += answer[list]?.array ?? []
      guard let token = answer[name]?.string, !token.isEmpty, elements.count < limit, seen.insert(token).inserted
      else { return elements }
      parameters[name] = .string(token)
    }
  }

  /// A call that the outcome does not need: nil when it is refused, fails or takes long.
  /// - Throws: `CancellationError`.
  public func quietly(
    _ service: AWSService, _ operation: String, _ parameters: JSONValue, region place: String? = nil
  ) async throws -> JSONValue? {
    try await quietly {
      try await impatient(service, operation, parameters, region: place ?? region)
    }
  }

  /// The same for a call of another protocol.
  /// - Throws: `CancellationError`.
  public func quietly<Call: ServiceCall>(_ call: Call) async throws -> Call.Output? {
    try await quietly {
      try await aws.trying(Self.quietAttempts).send(call, region: region, timeout: Self.quietPatience)
    }
  }

  /// What stands at a signed address that a service gave; nil when it cannot be had, or is beyond 1 MiB.
  /// - Throws: `CancellationError`.
  func fetch(_ address: String) async throws -> [UInt8]? {
    guard let url = URL(string: address) else { return nil }
    var request = HTTPRequest(.GET, url)
    request.mayRetry = false
    request.headTimeout = Self.quietPatience
    return try await quietly {
      let response = try await http.send(request)
      return response.isSuccess ? try await response.body.collect(limit: 1 << 20) : nil
    } ?? nil
  }

  /// A call that fails rather than to try for long.
  /// - Throws: `AWSError`, `CancellationError`.
  func impatient(
    _ service: AWSService, _ operation: String, _ parameters: JSONValue, region place: String? = nil
  ) async throws -> JSONValue {
    try await aws.trying(Self.quietAttempts).call(
      service, operation, parameters, region: place ?? region, timeout: Self.quietPatience)
  }

  private func quietly<Output>(_ body: () async throws -> Output) async throws -> Output? {
    do { return try await body() } catch {
      try Task.checkCancellation()
      return nil
    }
  }
}

extension AWSError {
  /// Whether the service refuses for lack of a permission, or has not the operation.
  public var isUnsupported: Bool {
    code == .awsDenied
      || ["UnsupportedFeatureException", "UnknownOperationException", "InvalidAction"].contains(serviceCode ?? "")
  }

  /// Whether the same call may be answered later.
  public var isPassing: Bool { exitCode == .unavailable }

  /// What the service says, for messages.
  public var reason: String {
    diagnostic.notes.map(\.message).first { $0.hasPrefix("AWS says: ") }.map { String($0.dropFirst(10)) }
      ?? diagnostic.message
  }
}
