public import Builder
public import Diagnostics
import Glibc
public import HTTP
public import HostOS
import Registry
public import Sandbox
public import SystemPackage

/// What the use cases work with: environment, store, network, and where progress goes. Tests bring their own.
public struct Workbench: Sendable {
  public var environment: Environment
  public var store: BuildStore
  public var progress: ProgressReporter
  public var transport: HTTPTransport
  /// Whether no other machine is spoken to.
  public private(set) var isOffline = false
  /// Standard input, for contexts and Dockerfiles.
  public var input: FileDescriptor
  /// Standard output, for answers that are files.
  public var output: FileDescriptor
  /// Gets this process the right to mount, where it does not have it: an exit code means that another process did the
  /// work and this one ends with the code.
  public var enterUserNamespace: @Sendable (Isolation) async throws -> ExitCode?

  /// That of the machine.
  /// - Throws: `HTTPError` when trust roots or proxies are not usable.
  public init(environment: Environment, progress: ProgressReporter) throws {
    self.environment = environment
    self.progress = progress
    store = BuildStore(root: BuildStore.defaultRoot(environment, isRoot: Self.isRoot))
    transport = .live(trustRoots: try TrustRoots(environment), proxies: try ProxySettings(environment))
    input = .standardInput
    output = .standardOutput
    enterUserNamespace = { isolation in
      try await MainActor.run { try UserNamespace.enterIfNeeded(for: isolation) }
    }
    if ["1", "true"].contains(environment.nonEmpty("SLIPWAY_OFFLINE")?.lowercased()) { goOffline() }
  }

  /// From now on no socket leads beyond this machine.
  public mutating func goOffline() {
    guard !isOffline else { return }
    isOffline = true
    transport = transport.offline
  }

  /// Root of the machine; root of a user namespace that we made ourselves keeps its stores as the user does.
  private static var isRoot: Bool { geteuid() == 0 && UserNamespace.current == .initial }

  /// What people should know of the isolation that commands get here. Blocks.
  /// - Throws: `HostError` when the store cannot be written.
  func isolationWarning() throws -> Diagnostic? {
    guard let reason = UserNamespace.singleIDReason, try store.ownership() == .single else { return nil }
    let refusal = try store.ownershipRefusal()
    return .warning(
      "single-user", "commands run with one user only: inside of them every file belongs to root",
      notes: [.init(reason)] + (refusal.map { [.init("\($0)")] } ?? []),
      help: [
        "give this user subordinate ids, as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER"
      ])
  }

  private var http: HTTPClient { HTTPClient(transport: transport, userAgent: "slipway/\(slipwayVersion)") }

  func ecrCredentials() -> ECRCredentials { ECRCredentials(http: http, environment: environment, progress: progress) }

  /// What is shown to registries.
  func credentials(_ ecr: ECRCredentials) -> any CredentialProvider { RegistryCredentials(environment, ecr) }

  /// - Throws: `RegistryError` when the files that describe registries cannot be used.
  func registryClient(_ credentials: any CredentialProvider) throws -> RegistryClient {
    let progress = progress
    return RegistryClient(
      http: http, credentials: credentials, configuration: try RegistriesConfiguration(environment),
      certificates: CertificateFolders(environment)
    ) { warning in
      progress.report(.warning("registry-warning", "\(warning.registry) says: \(warning.text)"))
    }
  }
}
