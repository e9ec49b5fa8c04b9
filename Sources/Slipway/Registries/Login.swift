import Diagnostics
import HTTP
import OCI
import Registry

/// `slipway login` and `slipway logout`.
public struct Login: Sendable {
  let bench: Workbench
  /// As in names of images.
  let registry: String

  /// - Parameter registry: a host with an optional port, or an address as docker takes it; nil is Docker Hub.
  /// - Throws: `SlipwayError` for what is no registry.
  public init(_ registry: String?, _ bench: Workbench) throws {
    self.bench = bench
    self.registry = try Self.registry(registry ?? "docker.io")
  }

  /// Tries the credentials, and keeps them when the registry takes them.
  /// - Throws: `RegistryError`.
  public func logIn(user: String, password: String) async throws -> String {
    let client = try bench.registryClient(
      StaticCredentials([registry: .basic(user: user, password: password)]))
    try await client.logIn(to: registry)
    let kept = try await CredentialFile(bench.environment).store(user: user, password: password, for: registry)
    if kept.isPlain {
      bench.progress.report(
        .warning(
          "plain-credentials", "the password is kept in \(kept.place), where your programs can read it",
          help: ["a credential helper keeps it safer: name one in \(kept.place), as \"credsStore\""]))
    }
    return "Login Succeeded"
  }

  /// - Throws: `RegistryError`.
  public func logOut() async throws -> String {
    try await CredentialFile(bench.environment).erase(registry)
      ? "Removed the login credentials for \(registry)" : "Not logged in to \(registry)"
  }

  private static func registry(_ text: String) throws -> String {
    var host = text[...]
    for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
    host = host.prefix { $0 != "/" }
    let names = ["index.docker.io", "registry-1.docker.io"]
    if names.contains(String(host)) { return "docker.io" }
    // "HOST/x" is a name on that host only if the host looks like one.
    guard let reference = try? ImageReference(parsing: "\(host)/x"), reference.registry == host else {
      throw SlipwayError(
        "invalid-registry", "\"\(text)\" is not a registry",
        help: ["write a host with an optional port, such as ghcr.io or localhost:5000"])
    }
    return reference.registry
  }
}
