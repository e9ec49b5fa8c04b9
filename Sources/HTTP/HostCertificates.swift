import HostOS
import NIOSSL
public import SystemPackage

/// The certificate authorities that are believed of one host, and the certificate that is shown to it.
public struct HostCertificates: Sendable, Hashable {
  private let authorities: [NIOSSLCertificate]
  private let chain: [NIOSSLCertificate]
  private let key: NIOSSLPrivateKey?

  /// - Parameters:
  ///   - authorities: files in PEM format.
  ///   - identity: the client's certificate with those between it and its authority, and its key, in PEM format.
  /// - Throws: `HTTPError` with the code `invalid-trust-roots`, which names the file.
  public init(authorities: [FilePath], identity: (certificate: FilePath, key: FilePath)?) throws {
    self.authorities = try authorities.flatMap(TrustRoots.certificates)
    chain = try identity.map { try TrustRoots.certificates(in: $0.certificate) } ?? []
    key = try identity.map { try Self.key(in: $0.key) }
  }

  private static func key(in file: FilePath) throws -> NIOSSLPrivateKey {
    do {
      return try NIOSSLPrivateKey(bytes: Files.read(file, limit: 1 << 20), format: .pem)
    } catch let error as HostError {
      throw HTTPError(.invalidTrustRoots, "cannot read the key in \(file)", cause: error.errno.description.lowercased())
    } catch {
      throw HTTPError(.invalidTrustRoots, "\(file) holds no private key in PEM format without a password")
    }
  }

  func add(to tls: inout TLSConfiguration) {
    if !authorities.isEmpty { tls.additionalTrustRoots.append(.certificates(authorities)) }
    if let key {
      tls.certificateChain = chain.map { .certificate($0) }
      tls.privateKey = .privateKey(key)
    }
  }
}
