public import Diagnostics
import HTTP
public import HostOS
public import SystemPackage

/// Folders with a folder for each registry, named `HOST[:PORT]` as in names of images: `*.crt` are authorities that are
/// believed, `NAME.cert` with `NAME.key` is what is shown to the registry (containers-certs.d(5); Docker, "Verify
/// repository client with certificates").
public struct CertificateFolders: Sendable, Hashable {
  var folders: [FilePath]

  /// Nothing but the trust roots of all.
  public static let none = CertificateFolders(folders: [])

  init(folders: [FilePath]) { self.folders = folders }

  /// The user's and the machine's, of containers tools and of Docker: the first that has a folder for a registry counts.
  public init(_ environment: Environment, system: FilePath = "/etc") {
    let user = environment.nonEmpty("HOME").map { FilePath($0).appending(".config") }
    folders = [user, system].compactMap { $0 }.flatMap { parent in
      ["containers", "docker"].map { parent.appending($0).appending("certs.d") }
    }
  }

  /// The folder of a registry; nil when there is none.
  /// - Throws: `RegistryError` with the code `certificates-invalid`.
  public func folder(of registry: String) throws -> FilePath? { try listed(registry)?.path }

  private func listed(_ registry: String) throws -> (path: FilePath, names: [String])? {
    for folder in folders {
      let path = folder.appending(registry)
      do { return (path, try Files.names(in: path).map(\.string).sorted()) } catch let error as HostError {
        if error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory { continue }
        throw Self.invalid(path, "cannot be read: \(error.errno.description.lowercased())")
      }
    }
    return nil
  }

  /// - Throws: `RegistryError` with the code `certificates-invalid`.
  func certificates(of registry: String) throws -> HostCertificates? {
    guard let (path, names) = try listed(registry) else { return nil }
    func stems(_ suffix: String) -> [String] {
      names.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
    }
    let identities = stems(".cert"), keys = stems(".key")
    for name in identities where !keys.contains(name) {
      throw Self.invalid(path.appending("\(name).cert"), "there is no \(name).key beside it")
    }
    for name in keys where !identities.contains(name) {
      throw Self.invalid(path.appending("\(name).key"), "there is no \(name).cert beside it")
    }
    let authorities = stems(".crt").map { path.appending("\($0).crt") }
    guard !authorities.isEmpty || !identities.isEmpty else { return nil }
    do {
      return try HostCertificates(
        authorities: authorities,
        identity: identities.first.map { (path.appending("\($0).cert"), path.appending("\($0).key")) })
    } catch let error as HTTPError {
      throw Self.invalid(path, error.message)
    }
  }

  private static func invalid(_ path: FilePath, _ reason: String) -> RegistryError {
    RegistryError(
      .certificatesInvalid, "\(path): \(reason)",
      help: ["a registry's folder has *.crt for authorities, and NAME.cert with NAME.key for a client"],
      exitCode: .usage)
  }
}

extension DiagnosticCode {
  public static let certificatesInvalid: DiagnosticCode = "certificates-invalid"
}
