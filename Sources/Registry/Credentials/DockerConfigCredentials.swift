import Diagnostics
import Foundation
public import HostOS
import SystemPackage

/// Credentials from the files that `docker login`, `podman login` and `skopeo login` write, and from the helpers that
/// these files name (containers-auth.json(5); Docker's config.json).
///
/// The first file that has something for a registry wins: `$REGISTRY_AUTH_FILE`, the variable `DOCKER_AUTH_CONFIG`,
/// `$XDG_RUNTIME_DIR/containers/auth.json`, `$XDG_CONFIG_HOME/containers/auth.json`, `$DOCKER_CONFIG/config.json`.
public struct DockerConfigCredentials: CredentialProvider {
  private let environment: Environment

  public init(_ environment: Environment) { self.environment = environment }

  /// - Throws: `RegistryError` with the code `credentials-invalid` or `credential-helper`.
  public func credential(registry: String, repository: String) async throws -> ProvidedCredential? {
    for document in documents {
      guard let file = try document.read() else { continue }
      if let found = try await credential(in: file, document.name, registry, repository) { return found }
    }
    return nil
  }

  public var places: [String] { documents.map(\.name) }

  // MARK: Files

  private enum Document {
    case file(FilePath)
    case variable(String, String)

    var name: String {
      switch self {
      case .file(let path): path.string
      case .variable(let name, _): "the variable \(name)"
      }
    }

    /// Nil when there is no such file.
    func read() throws -> DockerConfigFile? {
      switch self {
      case .variable(_, let text): return try DockerConfigFile(Array(text.utf8), called: name)
      case .file(let path):
        do { return try DockerConfigFile(Files.read(path, limit: 4 << 20), called: name) } catch let error as HostError
        {
          if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { return nil }
          throw RegistryError(
            .credentialsInvalid, "cannot read the credentials in \(path)",
            notes: [error.errno.description.lowercased()],
            help: ["check the owner and the mode of \(path)"], exitCode: .usage)
        }
      }
    }
  }

  private var documents: [Document] {
    let home = environment.nonEmpty("HOME").map { FilePath($0) }
    func folder(_ variable: String, else path: FilePath?) -> FilePath? {
      environment.nonEmpty(variable).map { FilePath($0) } ?? path
    }
    let documents: [Document?] = [
      environment.nonEmpty("REGISTRY_AUTH_FILE").map { .file(FilePath($0)) },
      environment.nonEmpty("DOCKER_AUTH_CONFIG").map { .variable("DOCKER_AUTH_CONFIG", $0) },
      folder("XDG_RUNTIME_DIR", else: nil).map { .file($0.appending("containers").appending("auth.json")) },
      folder("XDG_CONFIG_HOME", else: home?.appending(".config")).map {
        .file($0.appending("containers").appending("auth.json"))
      },
      folder("DOCKER_CONFIG", else: home?.appending(".docker")).map { .file($0.appending("config.json")) },
    ]
    return documents.compactMap { $0 }
  }

  // MARK: One file

  private func credential(
    in file: DockerConfigFile, _ name: String, _ registry: String, _ repository: String
  ) async throws -> ProvidedCredential? {
    if let (key, helper) = file.helper(for: registry) {
      let credential = try await CredentialHelper(name: helper, environment: environment).get(
        registry == "docker.io" ? DockerConfigFile.hubKey : key ?? registry)
      if let credential {
        return ProvidedCredential(credential, origin: "the helper docker-credential-\(helper), named in \(name)")
      }
    }
    guard let (key, entry) = file.entry(registry: registry, repository: repository),
      let credential = try entry.credential(in: name, key: key)
    else { return nil }
    return ProvidedCredential(credential, origin: "\(name), entry \"\(key)\"")
  }
}
