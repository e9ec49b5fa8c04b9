public import HTTP
public import OCI

/// A client of registries (distribution-spec 1.1): reads images from any of them, and writes to one repository at a
/// time through `repository(_:)`.
public struct RegistryClient: Sendable {
  let http: HTTPClient
  let authenticator: Authenticator
  let endpoints: Endpoints
  let warnings: WarningReporter
  let configuration: RegistriesConfiguration
  let places = PlaceMemory()
  /// How long chunks are where a registry takes no larger bodies, in bytes; longer where it says so. Parts of Amazon ECR
  /// have from 5 to 10 MiB.
  public var chunkLength: Int64 = 8 << 20

  /// - Parameters:
  ///   - configuration: mirrors, and what is blocked or insecure. Registries on this machine may always speak plain
  ///     HTTP.
  ///   - certificates: what is believed of a registry, and what is shown to it.
  ///   - onWarning: called once for each different warning of a registry (distribution-spec, "Warnings").
  public init(
    http: HTTPClient, credentials: any CredentialProvider, configuration: RegistriesConfiguration = .none,
    certificates: CertificateFolders = .none, onWarning: @escaping @Sendable (RegistryWarning) -> Void = { _ in }
  ) {
    self.http = http
    self.configuration = configuration
    authenticator = Authenticator(http: http, credentials: configuration.relocating(credentials))
    endpoints = Endpoints(http: http, certificates: certificates)
    warnings = WarningReporter(report: onWarning)
  }

  /// The repository of a name, as destination and as source, where its registry is; tag and digest of the name do not
  /// matter. Mirrors are for reading, and are not asked.
  public func repository(_ reference: ImageReference) -> RegistryRepository {
    do throws(any Error) { return repository(try configuration.destination(for: reference)) } catch {
      var repository = repository(PullPlace(reference))
      repository.refusal = error as? RegistryError
      return repository
    }
  }

  func repository(_ place: PullPlace) -> RegistryRepository {
    RegistryRepository(
      client: self, registry: place.registry, name: place.repository, isInsecure: place.isInsecure)
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
  /// Whether a mount is tried before it is asked whether a blob is there: where most are expected to be elsewhere in
  /// the registry, one request does instead of two.
  public var mountsFirst = false
  /// Its certificate is not checked, and it may speak plain HTTP.
  let isInsecure: Bool
  /// Why it must not be asked at all.
  var refusal: RegistryError?

  init(client: RegistryClient, registry: String, name: String, isInsecure: Bool) {
    self.client = client
    self.registry = registry
    self.name = name
    self.isInsecure = isInsecure
  }

  /// - Throws: `RegistryError` when it must not be asked, or cannot be reached.
  func endpoint() async throws -> Endpoint {
    if let refusal { throw refusal }
    do { return try await client.endpoints.endpoint(of: registry, isInsecure: isInsecure) } catch let error as HTTPError
    {
      throw RegistryError.unreachable(registry, error)
    }
  }
}

/// What a registry says beside its answers.
public struct RegistryWarning: Sendable, Hashable {
  public var registry: String
  public var text: String
}
