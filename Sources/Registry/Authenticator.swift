import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
import OCI

/// Knows what each registry wants to see, and keeps tokens as long as they are good.
///
/// Follows distribution's token authentication; access tokens are cached by realm, service and scope, and many
/// requests for the same one become one.
actor Authenticator {
  private struct TokenKey: Hashable {
    var realm: String
    var service: String?
    var scopes: [String]
    /// Credentials may be for a part of a registry.
    var repository: String
    var registry: String
  }

  private struct Token {
    var value: String
    /// In seconds since 1970.
    var expires: Double
  }

  private let http: HTTPClient
  private let credentials: any CredentialProvider
  private var challenges: [String: Challenge] = [:]
  private var tokens: [TokenKey: Token] = [:]
  private var pending: [TokenKey: Task<Token, any Error>] = [:]
  private var provided: [String: ProvidedCredential?] = [:]

  init(http: HTTPClient, credentials: any CredentialProvider) {
    self.http = http
    self.credentials = credentials
  }

  /// The value of `Authorization` for what is wanted; nil before a registry has asked for any.
  func authorization(_ endpoint: Endpoint, _ scopes: [AccessScope]) async throws -> String? {
    guard let challenge = challenges[endpoint.registry] else { return nil }
    return try await authorization(challenge, endpoint, scopes)
  }

  /// The value of `Authorization` that satisfies an answer of status 401; nil when there is nothing better than
  /// `rejected`, which was sent.
  func authorization(
    answering response: HTTPResponse, _ endpoint: Endpoint, _ scopes: [AccessScope], rejected: String?
  ) async throws -> String? {
    let offered = Challenge.all(in: response.headers)
    guard
      let challenge = offered.first(where: { $0.scheme == "bearer" }) ?? offered.first(where: { $0.scheme == "basic" })
    else { return nil }
    challenges[endpoint.registry] = challenge
    if let rejected {
      tokens = tokens.filter { "Bearer \($0.value.value)" != rejected }
      provided[Self.key(endpoint.registry, scopes)] = nil
    }
    let value = try await authorization(challenge, endpoint, scopes)
    return value == rejected ? nil : value
  }

  /// Which credentials were used, or where there were none, for messages.
  func explanation(_ registry: String, _ scopes: [AccessScope]) async -> String {
    if let found = try? await credential(registry, scopes) {
      return "the credentials are those of \(found.credential) from \(found.origin)"
    }
    let places = credentials.places
    return places.isEmpty
      ? "no credentials were given" : "no credentials for \(registry) in \(places.joined(separator: ", "))"
  }

  func hasCredential(_ registry: String, _ scopes: [AccessScope]) async -> Bool {
    (try? await credential(registry, scopes)) != nil
  }

  // MARK: Challenges

  private func authorization(
    _ challenge: Challenge, _ endpoint: Endpoint, _ scopes: [AccessScope]
  ) async throws -> String? {
    let credential = try await credential(endpoint.registry, scopes)?.credential
    if case .registryToken(let token) = credential { return "Bearer \(token)" }
    if challenge.scheme == "basic" {
      guard case .basic(let user, let password) = credential else { return nil }
      return Self.basic(user, password)
    }
    return "Bearer \(try await token(challenge, endpoint, scopes, credential).value)"
  }

  private static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }

  private static func key(_ registry: String, _ scopes: [AccessScope]) -> String {
    "\(registry)/\(scopes.first?.repository ?? "")"
  }

  /// Asked once, for a helper is a program that has to be run.
  private func credential(_ registry: String, _ scopes: [AccessScope]) async throws -> ProvidedCredential? {
    let key = Self.key(registry, scopes)
    if let known = provided[key] { return known }
    let found = try await credentials.credential(registry: registry, repository: scopes.first?.repository ?? "")
    provided.updateValue(found, forKey: key)
    return found
  }

  // MARK: Tokens

  private func token(
    _ challenge: Challenge, _ endpoint: Endpoint, _ scopes: [AccessScope], _ credential: Credential?
  ) async throws -> Token {
    let realm = challenge.parameters["realm"] ?? ""
    let wanted = Self.scopes(scopes, challenge)
    let key = TokenKey(
      realm: realm, service: challenge.parameters["service"], scopes: wanted,
      repository: scopes.first?.repository ?? "", registry: endpoint.registry)
    if let token = tokens[key], token.expires > http.clock.now() { return token }
    if let task = pending[key] { return try await task.value }
    let request = try Self.tokenRequest(key, endpoint, credential)
    let explanation = await explanation(endpoint.registry, scopes)
    // While the explanation was awaited, somebody else may have begun.
    if let task = pending[key] { return try await task.value }
    let task = Task { [http] in try await Self.fetch(request, http, endpoint, explanation) }
    pending[key] = task
    defer { pending[key] = nil }
    let token = try await task.value
    tokens[key] = token
    return token
  }

  /// Ours, and those of the challenge that are not about the same repository: registries may want more.
  private static func scopes(_ ours: [AccessScope], _ challenge: Challenge) -> [String] {
    let own = ours.map(\.description)
    let asked = (challenge.parameters["scope"] ?? "").split(separator: " ").map(String.init)
    let repositories = Set(ours.map { "repository:\($0.repository):" })
    let further = asked.filter { scope in
      scope.hasPrefix("repository:") && !repositories.contains { scope.hasPrefix($0) } && ours.isEmpty
    }
    return (own + further).sorted()
  }

  private static func tokenRequest(_ key: TokenKey, _ endpoint: Endpoint, _ credential: Credential?) throws
    -> HTTPRequest
  {
    guard let realm = URL(string: key.realm), var parts = URLComponents(url: realm, resolvingAgainstBaseURL: true),
      let scheme = realm.scheme, ["http", "https"].contains(scheme), realm.host() != nil
    else {
      throw RegistryError(
        .registryFailed, "the registry \(endpoint.registry) names no usable token server",
        help: ["report it to those who run the registry"], exitCode: .unavailable)
    }
    guard scheme == "https" || endpoint.base.scheme == "http" || !endpoint.verifiesCertificate || credential == nil
    else {
      throw RegistryError(
        .insecureTokenServer, "the registry \(endpoint.registry) wants credentials sent unencrypted to \(key.realm)",
        help: ["report it to those who run the registry"], exitCode: .authentication)
    }
    var items = (key.service.map { [("service", $0)] } ?? []) + key.scopes.map { ("scope", $0) }
    if case .identityToken(let refresh) = credential {
      items += [("grant_type", "refresh_token"), ("client_id", "slipway"), ("refresh_token", refresh)]
      var request = HTTPRequest(
        .POST, realm, headers: ["Content-Type": "application/x-www-form-urlencoded"],
        body: .bytes(Array(FormEncoding.encode(mergingScopes(items)).utf8)))
      request.verifiesCertificate = endpoint.verifiesCertificate
      request.certificates = endpoint.certificates
      return request
    }
    let query = [parts.percentEncodedQuery, FormEncoding.encode(items)].compactMap { $0 }.filter { !$0.isEmpty }
    parts.percentEncodedQuery = query.isEmpty ? nil : query.joined(separator: "&")
    var request = HTTPRequest(.GET, parts.url ?? realm)
    request.verifiesCertificate = endpoint.verifiesCertificate
    request.certificates = endpoint.certificates
    if case .basic(let user, let password) = credential {
      request.headers.add(name: "Authorization", value: basic(user, password))
    }
    return request
  }

  /// OAuth 2 wants one parameter, its scopes separated by spaces (RFC 6749, 3.3).
  private static func mergingScopes(_ items: [(String, String)]) -> [(String, String)] {
    let scopes = items.filter { $0.0 == "scope" }.map(\.1)
    return items.filter { $0.0 != "scope" } + (scopes.isEmpty ? [] : [("scope", scopes.joined(separator: " "))])
  }

  private static func fetch(
    _ request: HTTPRequest, _ http: HTTPClient, _ endpoint: Endpoint, _ explanation: String
  ) async throws -> Token {
    struct Answer: Decodable {
      var token: String?
      var access_token: String?
      var expires_in: Double?
    }
    let asked = http.clock.now()
    let response = try await http.send(request)
    guard response.isSuccess else {
      throw await RegistryError.tokenRefused(response, registry: endpoint.registry, explanation)
    }
    let bytes = try await response.body.collect(limit: 1 << 20)
    let answer = try? JSONDecoder().decode(Answer.self, from: Data(bytes))
    guard let value = [answer?.token, answer?.access_token].compactMap({ $0 }).first(where: { !$0.isEmpty }),
      value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else {
      throw RegistryError(
        .registryFailed, "the token server of \(endpoint.registry) answered without a token",
        help: ["report it to those who run the registry"], exitCode: .unavailable)
    }
    // Nothing said means 60 seconds; a tenth is kept back for the way.
    return Token(value: value, expires: asked + max(answer?.expires_in ?? 60, 1) * 0.9)
  }
}

/// `application/x-www-form-urlencoded`.
enum FormEncoding {
  static func encode(_ items: [(String, String)]) -> String {
    items.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
  }

  static func escape(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
  }

  private static let unreserved = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
