import Diagnostics
import Foundation
import HTTP
import NIOHTTP1
import OCI

/// Where a registry answers.
struct Endpoint: Sendable, Hashable {
  /// As it stands in names.
  var registry: String
  /// Without a path.
  var base: URL
  var verifiesCertificate: Bool
  var certificates: HostCertificates?

  /// - Throws: `RegistryError` when the path cannot be part of an address.
  func url(_ path: String) throws -> URL {
    guard let url = URL(string: base.absoluteString + path) else {
      throw RegistryError(
        .registryRefused, "\"\(path)\" cannot be asked of a registry", help: ["check the name of the image"])
    }
    return url
  }
}

/// Finds out once how each registry is reached.
///
/// TLS is a must but for registries on this machine and those that the user named as insecure; these are asked which
/// of both they speak, without credentials. A certificate that is refused is an answer too: the port speaks TLS.
actor Endpoints {
  private let http: HTTPClient
  private struct Wanted: Hashable {
    var registry: String
    var isInsecure: Bool
  }

  private let certificates: CertificateFolders
  private var known: [Wanted: Task<Endpoint, any Error>] = [:]

  init(http: HTTPClient, certificates: CertificateFolders) {
    var probing = http
    probing.headTimeout = .seconds(10)
    probing.redirectLimit = 0
    self.http = probing
    self.certificates = certificates
  }

  /// - Throws: `HTTPError` when nothing answers, `RegistryError`.
  func endpoint(of registry: String, isInsecure: Bool) async throws -> Endpoint {
    let wanted = Wanted(registry: registry, isInsecure: isInsecure)
    if let task = known[wanted] { return try await task.value }
    let task = Task { [http, certificates] in
      var secure = try Self.endpoint("https", registry, verifiesCertificate: !isInsecure)
      secure.certificates = try certificates.certificates(of: registry)
      guard isInsecure || ImageReference(registry: registry, repository: "").isLoopback else { return secure }
      return try await Self.probe(secure, http)
    }
    known[wanted] = task
    do { return try await task.value } catch {
      known[wanted] = nil
      throw error
    }
  }

  private static func probe(_ secure: Endpoint, _ http: HTTPClient) async throws -> Endpoint {
    let plain = try endpoint("http", secure.registry, verifiesCertificate: true)
    // On the way to a registry of this machine nobody listens, and most of them speak no TLS, which takes long to begin.
    let isNear = ImageReference(registry: secure.registry, repository: "").isLoopback
    if isNear, await speaksPlainHTTP(plain, http) { return plain }
    do {
      try await ask(secure, http)
      return secure
    } catch let error as HTTPError {
      let speaksTLS: Set<DiagnosticCode> = [.certificateUntrusted, .certificateWrongHost, .tooManyRedirects]
      if speaksTLS.contains(error.code) { return secure }
      if !isNear, await speaksPlainHTTP(plain, http) { return plain }
      throw error
    }
  }

  private static func speaksPlainHTTP(_ plain: Endpoint, _ http: HTTPClient) async -> Bool {
    do {
      // 400 is what servers that speak TLS only say to those who do not.
      return try await ask(plain, http) != 400
    } catch { return (error as? HTTPError)?.code == .tooManyRedirects }
  }

  @discardableResult
  private static func ask(_ endpoint: Endpoint, _ http: HTTPClient) async throws -> Int {
    var request = HTTPRequest(.GET, try endpoint.url("/v2/"))
    request.verifiesCertificate = endpoint.verifiesCertificate
    request.certificates = endpoint.certificates
    request.mayRetry = false
    return try await http.send(request).status
  }

  private static func endpoint(_ scheme: String, _ registry: String, verifiesCertificate: Bool) throws -> Endpoint {
    let host = registry == "docker.io" ? "registry-1.docker.io" : registry
    guard let base = URL(string: "\(scheme)://\(host)") else {
      throw RegistryError(
        .registryRefused, "\"\(registry)\" is not a registry", help: ["write HOST[:PORT] before the repository"])
    }
    return Endpoint(registry: registry, base: base, verifiesCertificate: verifiesCertificate)
  }
}
