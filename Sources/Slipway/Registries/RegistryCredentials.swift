import HostOS
import Registry

/// Credentials for registries: those that somebody set up, and for Amazon ECR those of AWS, with nothing set up.
struct RegistryCredentials: CredentialProvider {
  private let configured: DockerConfigCredentials
  private let ecr: ECRCredentials

  init(_ environment: Environment, _ ecr: ECRCredentials) {
    configured = DockerConfigCredentials(environment)
    self.ecr = ecr
  }

  func credential(registry: String, repository: String) async throws -> ProvidedCredential? {
    if let found = try await configured.credential(registry: registry, repository: repository) { return found }
    return try await ecr.credential(for: registry)
  }

  var places: [String] { configured.places }
}
