import Diagnostics
import Foundation

/// What `config.json` of Docker and `auth.json` of the containers tools say about credentials.
struct DockerConfigFile: Sendable {
  struct Entry: Sendable, Decodable {
    var auth: String?
    var username: String?
    var password: String?
    var identitytoken: String?
    var registrytoken: String?
  }

  private struct Document: Decodable {
    var auths: [String: Entry]?
    var credHelpers: [String: String]?
    var credsStore: String?
  }

  /// The key of Docker Hub in Docker's files and helpers.
  static let hubKey = "https://index.docker.io/v1/"

  private let document: Document

  /// - Throws: `RegistryError` with the code `credentials-invalid`.
  init(_ bytes: [UInt8], called name: String) throws {
    do { document = try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
      throw RegistryError(
        .credentialsInvalid, "\(name) is not a file of credentials",
        notes: ["it must be JSON with the member \"auths\""],
        help: ["correct it, or move it away and log in again: docker login"], exitCode: .usage)
    }
  }

  /// The helper for a registry, with the key that it is named under; nil as key for the helper of all.
  func helper(for registry: String) -> (key: String?, helper: String)? {
    for (key, helper) in (document.credHelpers ?? [:]).sorted(by: { $0.key < $1.key }) {
      if Self.place(key) == registry, !helper.isEmpty { return (key, helper) }
    }
    guard let store = document.credsStore, !store.isEmpty else { return nil }
    return (nil, store)
  }

  /// The entry with the longest path that leads to the repository.
  func entry(registry: String, repository: String) -> (key: String, entry: Entry)? {
    let wanted = "\(registry)/\(repository)"
    return (document.auths ?? [:])
      .map { (key: $0.key, entry: $0.value, place: Self.place($0.key)) }
      .filter { wanted == $0.place || wanted.hasPrefix($0.place + "/") }
      .max { ($0.place.count, $1.key) < ($1.place.count, $0.key) }
      .map { ($0.key, $0.entry) }
  }

  /// A key as a registry and perhaps a path: Docker's may have a scheme and the version of the interface.
  static func place(_ key: String) -> String {
    var text = key[...]
    for scheme in ["https://", "http://"] where text.hasPrefix(scheme) { text = text.dropFirst(scheme.count) }
    while text.hasSuffix("/") { text.removeLast() }
    for version in ["/v1", "/v2"] where text.hasSuffix(version) { text = text.dropLast(version.count) }
    for hub in ["index.docker.io", "registry-1.docker.io"] where text == hub || text.hasPrefix(hub + "/") {
      return "docker.io" + text.dropFirst(hub.count)
    }
    return String(text)
  }
}

extension DockerConfigFile.Entry {
  /// Nil for an empty entry, which Docker leaves where a helper keeps the secret.
  /// - Throws: `RegistryError` with the code `credentials-invalid`.
  func credential(in file: String, key: String) throws -> Credential? {
    if let registrytoken, !registrytoken.isEmpty { return .registryToken(registrytoken) }
    if let identitytoken, !identitytoken.isEmpty { return .identityToken(identitytoken) }
    if let username, let password, !username.isEmpty { return .basic(user: username, password: password) }
    guard let auth, !auth.isEmpty else { return nil }
    guard let data = Data(base64Encoded: auth, options: .ignoreUnknownCharacters),
      let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
    else {
      throw RegistryError(
        .credentialsInvalid, "the entry \"\(key)\" in \(file) cannot be read",
        notes: ["\"auth\" must be the base64 form of user:password"], help: ["log in again: docker login \(key)"],
        exitCode: .usage)
    }
    let password = text[text.index(after: colon)...].trimmingCharacters(in: ["\0"])
    return .basic(user: String(text[..<colon]), password: password)
  }
}
