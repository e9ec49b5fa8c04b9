import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOHTTP1
import Synchronization

/// Sends calls: signs each attempt anew, tries again by the policy of the HTTP client, and keeps to a deadline.
struct ServiceClient: Sendable {
  /// Where credentials come from, and what to do when they are no longer accepted.
  struct Signer: Sendable {
    var credentials: @Sendable () async throws -> AWSCredentials
    /// Forgets those that were refused as expired; false when there will be no others.
    var renew: @Sendable (AWSCredentials) async -> Bool

    static func fixed(_ credentials: AWSCredentials) -> Signer {
      Signer(credentials: { credentials }, renew: { _ in false })
    }
  }

  /// How far the services' clock is ahead of ours, in seconds.
  final class Skew: Sendable {
    private let seconds = Mutex(0.0)
    var value: Double { seconds.withLock { $0 } }
    func set(_ value: Double) { seconds.withLock { $0 = value } }
  }

  var http: HTTPClient
  let settings: AWSSettings
  private let skew = Skew()
  /// A difference below that is no reason to refuse a signature.
  private static let tolerance = 240.0

  /// - Parameter http: its redirects are not followed, for requests carry secrets in headers of AWS's own.
  init(http: HTTPClient, settings: AWSSettings) {
    var http = http
    http.redirectLimit = 0
    self.http = http
    self.settings = settings
  }

  /// - Parameters:
  ///   - signer: nil for calls that are not signed.
  ///   - fips, dualStack: what the settings say, unless given.
  ///   - timeout: of all attempts together.
  /// - Throws: `AWSError`, `CancellationError`, and what the signer throws.
  func send<Call: ServiceCall>(
    _ call: Call, region: String, signer: Signer?, fips: Bool? = nil, dualStack: Bool? = nil,
    timeout: Duration = .seconds(90)
  ) async throws -> Call.Output {
    let operation = Operation(service: Call.service, name: Call.operation) { try call.message }
    return try await send(operation, region: region, signer: signer, fips: fips, dualStack: dualStack, timeout: timeout)
    {
      try Call.output($0)
    }
  }

  /// What is asked of a service.
  struct Operation: Sendable {
    var service: AWSService
    /// As the service's model names it.
    var name: String
    var message: @Sendable () throws -> CallMessage
    /// As policies write it, such as `ecs:UpdateService`.
    var action: String { "\(service.signingName):\(name)" }
  }

  /// - Parameter output: reads the answer.
  /// - Throws: `AWSError`, `CancellationError`, and what the signer throws.
  func send<Output>(
    _ operation: Operation, region: String, signer: Signer?, fips: Bool? = nil, dualStack: Bool? = nil,
    timeout: Duration = .seconds(90), output: ([UInt8]) throws -> Output
  ) async throws -> Output {
    let endpoint = try Endpoint(
      operation.service, region: region, fips: fips ?? settings.usesFIPS,
      dualStack: dualStack ?? settings.usesDualStack,
      settings: settings)
    let host = endpoint.url.host() ?? ""
    var attempts = Attempts(end: http.clock.now() + Double(timeout.components.seconds))
    while true {
      try Task.checkCancellation()
      let credentials = try await signer?.credentials()
      let request = try request(operation, endpoint, credentials, attempts)
      let response: HTTPResponse
      do { response = try await http.send(request) } catch let error as HTTPError {
        guard error.isTransient, let pause = attempts.pause(http.retryPolicy.pause(afterAttempt:clock:), http.clock)
        else {
          throw AWSError.unreachable(host, operation.action, error)
        }
        try await wait(pause, request, &attempts, error.message)
        continue
      }
      if response.isSuccess {
        let bytes = try await Self.bytes(response, operation, host)
        do { return try output(bytes) } catch { throw AWSError.unreadable(operation.action, at: host) }
      }
      let failure = await ServiceFailure(response)
      if try await repairs(failure, response, credentials, signer, &attempts) { continue }
      guard failure.isTransient || http.retryPolicy.statuses.contains(failure.status),
        let pause = attempts.pause(policyPause(response), http.clock)
      else { throw AWSError.answered(failure, operation.action, at: host, signedWith: credentials) }
      try await wait(pause, request, &attempts, failure.code.isEmpty ? "status \(failure.status)" : failure.code)
    }
  }

  /// What is left of the attempts at one call.
  private struct Attempts {
    /// Seconds since 1970.
    var end: Double
    var count = 1
    var renewed = false
    var corrected = false

    func pause(_ policy: (Int, HTTPClock) -> Duration?, _ clock: HTTPClock) -> Duration? {
      guard let pause = policy(count, clock), clock.now() + Double(pause.components.seconds) < end else { return nil }
      return pause
    }
  }

  private func request(
    _ operation: Operation, _ endpoint: Endpoint, _ credentials: AWSCredentials?, _ attempts: Attempts
  ) throws -> HTTPRequest {
    let message = try operation.message()
    var request = HTTPRequest(
      message.method, endpoint.url(path: message.path, query: message.query), headers: message.headers,
      body: message.method == .GET ? .none : .bytes(message.body))
    // Each attempt is made, and signed, here.
    request.mayRetry = false
    request.headTimeout = .seconds(max(1, min(30, attempts.end - http.clock.now())))
    if let credentials {
      SignatureV4(credentials: credentials, region: endpoint.region, service: operation.service.signingName)
        .sign(&request, now: http.clock.now() + skew.value)
    }
    return request
  }

  /// Whether the call is worth another attempt at once: with the right time, or with new credentials.
  private func repairs(
    _ failure: ServiceFailure, _ response: HTTPResponse, _ credentials: AWSCredentials?, _ signer: Signer?,
    _ attempts: inout Attempts
  ) async throws -> Bool {
    if failure.mayBeClock, !attempts.corrected,
      let date = response.headers.first(name: "Date").flatMap(HTTPDate.secondsSince1970)
    {
      let difference = Double(date) - http.clock.now()
      if abs(difference - skew.value) > Self.tolerance {
        skew.set(difference)
        attempts.corrected = true
        return true
      }
    }
    if failure.isExpired, !attempts.renewed, let credentials, let signer, await signer.renew(credentials) {
      attempts.renewed = true
      return true
    }
    return false
  }

  /// Throttling has statuses that the policy does not know, so the pause is asked for as if it were one of them.
  private func policyPause(_ response: HTTPResponse) -> (Int, HTTPClock) -> Duration? {
    let policy = http.retryPolicy
    let status = policy.statuses.contains(response.status) ? response.status : policy.statuses.max() ?? 503
    return { policy.pause(afterAttempt: $0, status: status, headers: response.headers, clock: $1) }
  }

  private func wait(
    _ pause: Duration, _ request: HTTPRequest, _ attempts: inout Attempts, _ reason: String
  ) async throws {
    http.trace.report(
      .retry(url: Redaction.url(request.url), attempt: attempts.count, pause: pause, reason: reason))
    try await http.clock.sleep(pause)
    attempts.count += 1
  }

  private static func bytes(
    _ response: HTTPResponse, _ operation: Operation, _ host: String
  ) async throws -> [UInt8] {
    do { return try await response.body.collect(limit: 16 << 20) } catch let error as HTTPError {
      throw AWSError.unreachable(host, operation.action, error)
    }
  }
}
