import Diagnostics
import Foundation
import HTTP
import NIOHTTP1

/// A request to a registry, with what it needs permission for.
struct RegistryCall: Sendable {
  var endpoint: Endpoint
  var request: HTTPRequest
  var scopes: [AccessScope]

  init(_ method: HTTPMethod, _ url: URL, at endpoint: Endpoint, for scopes: [AccessScope]) {
    self.endpoint = endpoint
    self.scopes = scopes
    request = HTTPRequest(method, url)
    request.verifiesCertificate = endpoint.verifiesCertificate
    request.certificates = endpoint.certificates
  }

  /// Whether it goes to the registry itself, and not where that sent us.
  var isOwn: Bool { request.url.hasSameOrigin(as: endpoint.base) }
}

extension RegistryClient {
  /// Sends with authorization and returns whatever the registry answers in the end, but for 401.
  /// - Throws: `RegistryError`, `CancellationError`, and what a stream in the request throws.
  func send(_ call: RegistryCall) async throws -> HTTPResponse {
    let response: HTTPResponse
    do { response = try await exchange(call) } catch let error as HTTPError {
      throw RegistryError.unreachable(call.endpoint.registry, error)
    }
    guard response.status == 401 else { return response }
    throw await unauthorized(call, response)
  }

  /// The same with `HTTPError` as it is, and 401 as an answer.
  ///
  /// A token may end in the middle: a request that is refused is sent again with a new one. A stream cannot be
  /// sent again, but whoever sends it anew does so with the new token.
  func exchange(_ call: RegistryCall) async throws -> HTTPResponse {
    var (response, authorization) = try await attempt(call)
    for _ in 0..<Self.renewals {
      guard response.status == 401, call.isOwn,
        let better = try await authenticator.authorization(
          answering: response, call.endpoint, call.scopes, rejected: authorization)
      else { return response }
      if case .stream = call.request.body { return response }
      response = try await sendOnce(call, better)
      authorization = better
    }
    return response
  }

  /// How often a request gets a new token: once when there was none, and once more when that ended on the way.
  private static let renewals = 2

  /// The same without a second attempt, with the authorization that was used.
  func attempt(_ call: RegistryCall) async throws -> (response: HTTPResponse, authorization: String?) {
    let authorization = call.isOwn ? try await authenticator.authorization(call.endpoint, call.scopes) : nil
    return (try await sendOnce(call, authorization), authorization)
  }

  private func sendOnce(_ call: RegistryCall, _ authorization: String?) async throws -> HTTPResponse {
    var request = call.request
    if let authorization { request.headers.replaceOrAdd(name: "Authorization", value: authorization) }
    let response = try await http.send(request)
    warnings.note(response.headers, of: call.endpoint.registry)
    return response
  }

  /// A registry that knows us and still refuses says so in its challenge (RFC 6750, 3.1).
  func unauthorized(_ call: RegistryCall, _ response: HTTPResponse) async -> RegistryError {
    let registry = call.endpoint.registry
    let explanation = await authenticator.explanation(registry, call.scopes)
    let lacksRights = Challenge.all(in: response.headers).contains { $0.parameters["error"] == "insufficient_scope" }
    let isKnown = await authenticator.hasCredential(registry, call.scopes)
    guard lacksRights, let scope = call.scopes.first else {
      return await .unauthorized(response, registry: registry, explanation, isKnown: isKnown)
    }
    if isKnown {
      let action = scope.access == .push ? "push to" : "read"
      return await .denied(
        response, to: "\(action) \(registry)/\(scope.repository)", registry: registry, explanation)
    }
    let hint = "\(registry)/\(scope.repository) may also not exist: registries say the same of both"
    return await .unauthorized(response, registry: registry, "\(explanation); \(hint)", isKnown: false)
  }

  /// What an answer means that is not the one that was hoped for.
  /// - Parameter action: what was tried, such as `push to ghcr.io/me/web`.
  func failure(_ action: String, _ call: RegistryCall, _ response: HTTPResponse) async -> RegistryError {
    if response.status == 401 { return await unauthorized(call, response) }
    let explanation = await authenticator.explanation(call.endpoint.registry, call.scopes)
    return await .answered(response, to: action, registry: call.endpoint.registry, explanation)
  }
}
