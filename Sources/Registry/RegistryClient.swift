public import HTTP
public import OCI

/// A client of registries (distribution-spec 1.1): reads images from any of them, and writes to one repository at a
/// time through `repository(_:)`.
public struct RegistryClient: Sendable {
  let http: HTTPClient
  let authenticator: Authenticator
  let endpoints: Endpoints
  let warnings: WarningReporter

  /// - Parameters:
  ///   - insecureRegistries: hosts with their ports, as they stand in names, whose certificates are not checked and
  ///     that may speak plain HTTP. Registries on this machine may always speak plain HTTP.
  ///   - onWarning: called once for each different warning of a registry (distribution-spec, "Warnings").
  public init(
    http: HTTPClient, credentials: any CredentialProvider, insecureRegistries: Set<String> = [],
    onWarning: @escaping @Sendable (RegistryWarning) -> Void = { _ in }
  ) {
    self.http = http
    authenticator = Authenticator(http: http, credentials: credentials)
    endpoints = Endpoints(http: http, insecureRegistries: insecureRegistries)
    warnings = WarningReporter(report: onWarning)
  }

  /// The repository of a name, as source of blobs and as destination; tag and digest of the name do not matter.
  public func repository(_ reference: ImageReference) -> RegistryRepository {
    RegistryRepository(client: self, registry: reference.registry, name: reference.repository)
  }
}

/// One repository of a registry.
public struct RegistryRepository: Sendable {
  let client: RegistryClient
  public let registry: String
  /// Without the registry, such as `library/debian`.
  public let name: String
  /// Repositories of the same registry that are known to have a blob, which then need not be uploaded. A source that
  /// is a repository of this registry is known without being listed.
  public var mountable: [Digest: String] = [:]

  init(client: RegistryClient, registry: String, name: String) {
    self.client = client
    self.registry = registry
    self.name = name
  }
}

extension RegistryClient: ImageSource {
  public func blobs(of reference: ImageReference) -> any BlobSource { repository(reference) }
}

/// What a registry says beside its answers.
public struct RegistryWarning: Sendable, Hashable {
  public var registry: String
  public var text: String
}
