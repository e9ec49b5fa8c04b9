import Builder
import Diagnostics
import HostOS
import OCI
import RegistryServer
import SystemPackage

/// `slipway serve`: a store or an image layout as a registry.
public struct Serve: Sendable {
  private let address: ListenAddress
  private let isWritable: Bool
  private let folder: ServedFolder
  private let configuration: RegistryServer.Configuration
  private let bench: Workbench

  /// - Throws: `SlipwayError`, `RegistryServerError`, `HostError` for what cannot be served so.
  public init(_ request: ServeRequest, _ bench: Workbench) throws {
    self.bench = bench
    address = try ListenAddress(parsing: request.listen)
    isWritable = request.isWritable ?? address.isLoopback
    folder = try ServedFolder.open(request.folder, isWritable: isWritable, bench)
    var configuration = RegistryServer.Configuration()
    configuration.host = address.host
    configuration.port = address.port
    configuration.isWritable = isWritable
    configuration.folderName = folder.name
    configuration.ownsBlobs = folder.store == nil
    configuration.passwords = try request.passwordFile.map { try PasswordFile(FilePath($0)) }
    switch (request.certificate, request.key) {
    case (let certificate?, let key?): configuration.tls = (FilePath(certificate), FilePath(key))
    case (nil, nil): break
    default:
      throw SlipwayError(
        "invalid-options", "--tls-cert and --tls-key belong together", help: ["name both files, or none"])
    }
    self.configuration = configuration
  }

  /// Serves until the task is cancelled.
  /// - Parameter onListening: called with `HOST:PORT`, when requests are answered.
  /// - Throws: `RegistryServerError`, `HostError`.
  public func run(onListening: @escaping @Sendable (String) async -> Void) async throws {
    warnOfDangers()
    // What is pushed must not be pruned before the manifest comes that needs it.
    let use = isWritable ? try await folder.store.asyncMap { try await StoreUse(of: $0) } : nil
    defer { use?.end() }
    let progress = bench.progress
    try await RegistryServer(folder.content, configuration) { progress.report($0) }
      .run { host, port in await onListening(ListenAddress.text(host, port)) }
    if isWritable, folder.store == nil { try folder.content.removeWorkFolder() }
  }

  private func warnOfDangers() {
    guard !address.isLoopback else { return }
    if isWritable, configuration.passwords == nil {
      bench.progress.report(
        .warning(
          "open-registry", "everybody who reaches \(address.host) may push and delete images",
          help: ["name users with --htpasswd FILE, or leave --writable away"]))
    }
    if configuration.passwords != nil, configuration.tls == nil {
      bench.progress.report(
        .warning(
          "plain-passwords", "passwords are sent to \(address.host) unencrypted",
          help: ["give it a certificate with --tls-cert and --tls-key"]))
    }
  }
}

extension Optional {
  fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async rethrows -> Result? {
    guard let self else { return nil }
    return try await body(self)
  }
}
