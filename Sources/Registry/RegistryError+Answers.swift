import Diagnostics
import Foundation
import HTTP
import NIOHTTP1

/// One entry of the body of an error (distribution-spec, "Error codes").
struct ReportedError: Sendable, Hashable, Decodable {
  var code: String
  var message: String

  private enum CodingKeys: CodingKey { case code, message, detail }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    code = (try? container.decode(String.self, forKey: .code)) ?? "UNKNOWN"
    let said = (try? container.decode(String.self, forKey: .message)) ?? ""
    let detail = try? container.decode(String.self, forKey: .detail)
    message = [said, detail ?? ""].filter { !$0.isEmpty }.joined(separator: ": ")
  }

  var note: String { message.isEmpty ? code : "the registry says: \(message) (\(code))" }

  /// What a body reports; none when it is of another form. Only its beginning is read.
  static func read(_ response: HTTPResponse) async -> [ReportedError] {
    struct Body: Decodable { var errors: [ReportedError]? }
    guard let bytes = try? await response.body.collect(limit: 64 << 10) else { return [] }
    return (try? JSONDecoder().decode(Body.self, from: Data(bytes)))?.errors ?? []
  }
}

extension RegistryError {
  static func unreachable(_ registry: String, _ error: HTTPError) -> RegistryError {
    let notes = [error.message] + (error.cause.map { [$0] } ?? [])
    let help = error.help.map { [$0] } ?? []
    switch error.code {
    case .plainHTTPServer:
      return RegistryError(
        .httpToHTTPS, "the registry \(registry) speaks plain HTTP, but only HTTPS is safe to use", notes: notes,
        help: ["if you trust the network between, name \(registry) as an insecure registry"], exitCode: .unavailable)
    case .certificateUntrusted, .certificateWrongHost, .tlsFailure:
      return RegistryError(
        error.code, "there is no safe connection to the registry \(registry)", notes: notes, help: help,
        exitCode: .unavailable)
    case .offline:
      return RegistryError(
        .offline, "the registry \(registry) is not asked", notes: notes, help: help, exitCode: .unavailable)
    default:
      return RegistryError(
        .registryUnreachable, "cannot reach the registry \(registry)", notes: notes, help: help,
        exitCode: .unavailable)
    }
  }

  /// - Parameter isKnown: whether credentials were given.
  static func unauthorized(
    _ response: HTTPResponse, registry: String, _ explanation: String, isKnown: Bool
  ) async -> RegistryError {
    let reported = await ReportedError.read(response)
    let reaction = isKnown ? "refuses the credentials" : "wants to know who you are"
    return RegistryError(
      .unauthorized, "the registry \(registry) \(reaction)", notes: [explanation] + reported.map(\.note),
      help: ["run: docker login \(registry), or: skopeo login \(registry)"], exitCode: .authentication)
  }

  static func tokenRefused(_ response: HTTPResponse, registry: String, _ explanation: String) async -> RegistryError {
    switch response.status {
    case 400, 401, 403:
      let reported = await ReportedError.read(response)
      return RegistryError(
        .unauthorized, "the token server of \(registry) refuses the credentials",
        notes: [explanation] + reported.map(\.note),
        help: ["run: docker login \(registry), or: skopeo login \(registry)"], exitCode: .authentication)
    case 429: return tooManyRequests(response, registry)
    default:
      return RegistryError(
        .registryFailed, "the token server of \(registry) answered with status \(response.status)",
        help: ["try again later"], exitCode: .unavailable)
    }
  }

  /// - Parameter action: what was tried, such as `push to ghcr.io/me/web`.
  static func answered(
    _ response: HTTPResponse, to action: String, registry: String, _ explanation: String
  ) async -> RegistryError {
    let reported = await ReportedError.read(response)
    var error = answered(response, to: action, registry: registry, explanation, reported)
    error.reportedCodes = Set(reported.map(\.code))
    return error
  }

  private static func answered(
    _ response: HTTPResponse, to action: String, registry: String, _ explanation: String, _ reported: [ReportedError]
  ) -> RegistryError {
    let codes = Set(reported.map(\.code))
    let notes = reported.map(\.note)
    switch response.status {
    case 403: return denied(action, registry, [explanation] + notes)
    case 404 where codes.contains("NAME_UNKNOWN"):
      return RegistryError(
        .nameUnknown, "cannot \(action): the registry \(registry) has no such repository", notes: notes,
        help: ["check the name, and create the repository first if the registry wants that"])
    case 429: return tooManyRequests(response, registry)
    case 413:
      return RegistryError(
        .registryRefused, "cannot \(action): it is larger than the registry \(registry) takes", notes: notes,
        help: ["raise the limit for bodies of the registry, or of the proxy before it"])
    case 500...:
      return RegistryError(
        .registryFailed, "cannot \(action): the registry \(registry) failed with status \(response.status)",
        notes: notes, help: ["try again later"], exitCode: .unavailable)
    default:
      return RegistryError(
        .registryRefused, "cannot \(action): the registry \(registry) answered with status \(response.status)",
        notes: notes, help: [refusalHelp(codes, registry)])
    }
  }

  static func denied(
    _ response: HTTPResponse, to action: String, registry: String, _ explanation: String
  ) async -> RegistryError {
    denied(action, registry, [explanation] + (await ReportedError.read(response)).map(\.note))
  }

  private static func denied(_ action: String, _ registry: String, _ notes: [String]) -> RegistryError {
    RegistryError(
      .denied, "the registry \(registry) does not permit to \(action)", notes: notes,
      help: ["ask for the permission, or log in as somebody who has it: docker login \(registry)"],
      exitCode: .authentication)
  }

  private static func refusalHelp(_ codes: Set<String>, _ registry: String) -> String {
    if codes.contains("TAG_INVALID") { return "choose another tag: this one cannot be used or changed" }
    if codes.contains("MANIFEST_BLOB_UNKNOWN") || codes.contains("BLOB_UNKNOWN") {
      return "push again: the registry has lost a part of the image"
    }
    return "check that \(registry) is a registry, and that it supports what was asked of it"
  }

  static func tooManyRequests(_ response: HTTPResponse, _ registry: String) -> RegistryError {
    let wait = RetryPolicy.retryAfter(response.headers, now: Date().timeIntervalSince1970)
    return RegistryError(
      .tooManyRequests, "the registry \(registry) has had too many requests from here",
      notes: wait.map { ["it asks to wait for \($0.components.seconds) seconds"] } ?? [],
      help: ["log in for a higher limit, or use a mirror: docker login \(registry)"], exitCode: .unavailable)
  }
}
