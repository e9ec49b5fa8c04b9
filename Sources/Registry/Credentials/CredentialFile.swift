import Diagnostics
import Foundation
public import HostOS
public import SystemPackage

/// The file that `slipway login` changes: `$REGISTRY_AUTH_FILE`, else Docker's `config.json`. What else is in it stays.
public struct CredentialFile: Sendable {
  public let path: FilePath
  private let environment: Environment

  /// - Throws: `RegistryError` with the code `credentials-invalid` when there is no home for it.
  public init(_ environment: Environment) throws {
    self.environment = environment
    let folder =
      environment.nonEmpty("DOCKER_CONFIG").map { FilePath($0) }
      ?? environment.nonEmpty("HOME").map { FilePath($0).appending(".docker") }
    guard
      let path = environment.nonEmpty("REGISTRY_AUTH_FILE").map({ FilePath($0) }) ?? folder?.appending("config.json")
    else {
      throw RegistryError(
        .credentialsInvalid, "there is no place for credentials", notes: ["neither HOME nor DOCKER_CONFIG is set"],
        help: ["set DOCKER_CONFIG to a folder"], exitCode: .usage)
    }
    self.path = path
  }

  /// Keeps a user and a password: in the helper that the file names for the registry, else in the file itself.
  /// - Parameter registry: as in `ImageReference.registry`.
  /// - Returns: where they are now, for messages, and whether anybody who reads the file can read them.
  /// - Throws: `RegistryError`.
  public func store(user: String, password: String, for registry: String) async throws -> (place: String, isPlain: Bool)
  {
    var document = try read()
    let key = Self.key(registry)
    if let helper = try helper(of: registry, in: document) {
      try await helper.store(key, user: user, secret: password)
      // Docker leaves a mark of each registry that it is logged in to.
      document.auths[key] = [:]
      try write(document)
      return ("the helper docker-credential-\(helper.name)", false)
    }
    document.auths[key] = ["auth": Data("\(user):\(password)".utf8).base64EncodedString()]
    try write(document)
    return (path.string, true)
  }

  /// Forgets what `store` kept, and what docker kept.
  /// - Returns: whether there was anything in the file or its helper.
  /// - Throws: `RegistryError`.
  public func erase(_ registry: String) async throws -> Bool {
    var document = try read()
    let keys = document.auths.keys.filter { DockerConfigFile.place($0) == registry }
    var found = !keys.isEmpty
    if let helper = try helper(of: registry, in: document) {
      found = try await helper.erase(Self.key(registry)) || found
    }
    guard !keys.isEmpty else { return found }
    for key in keys { document.auths[key] = nil }
    try write(document)
    return true
  }

  private static func key(_ registry: String) -> String {
    registry == "docker.io" ? DockerConfigFile.hubKey : registry
  }

  private func helper(of registry: String, in document: Document) throws -> CredentialHelper? {
    guard !document.bytes.isEmpty,
      let found = try DockerConfigFile(document.bytes, called: path.string).helper(for: registry)
    else { return nil }
    return CredentialHelper(name: found.helper, environment: environment)
  }

  // MARK: The document

  private struct Document {
    var bytes: [UInt8] = []
    /// With members that we know nothing of.
    var members: [String: Any] = [:]
    var auths: [String: Any] = [:]
  }

  private func read() throws -> Document {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, limit: 4 << 20) } catch let error as HostError {
      if error.errno == .noSuchFileOrDirectory { return Document() }
      throw unusable("read", error)
    }
    guard let members = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      throw RegistryError(
        .credentialsInvalid, "\(path) is not a file of credentials", notes: ["it must be a JSON object"],
        help: ["correct it, or move it away"], exitCode: .usage)
    }
    return Document(bytes: bytes, members: members, auths: members["auths"] as? [String: Any] ?? [:])
  }

  private func write(_ document: Document) throws {
    var members = document.members
    members["auths"] = document.auths
    do {
      var text = try JSONSerialization.data(
        withJSONObject: members, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      text.append(0x0A)
      // A file that is kept elsewhere, and linked, stays where it is.
      let target = (try? Files.symbolicLinkTarget(path)).map { path.removingLastComponent().pushing($0) } ?? path
      try Files.createDirectories(target.removingLastComponent(), permissions: .ownerReadWriteExecute)
      try Files.writeAtomically(Array(text), to: target, permissions: .ownerReadWrite)
    } catch let error as HostError {
      throw unusable("write", error)
    }
  }

  private func unusable(_ verb: String, _ error: HostError) -> RegistryError {
    RegistryError(
      .credentialsInvalid, "cannot \(verb) the credentials in \(path)", notes: [error.errno.description.lowercased()],
      help: ["check the owner and the mode of \(path), or set DOCKER_CONFIG to another folder"], exitCode: .usage)
  }
}
