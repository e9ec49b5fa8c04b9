public import HostOS
import NIOSSL
public import SystemPackage

/// The certificate authorities that are believed: those of the system and more from files.
public struct TrustRoots: Sendable {
  let additional: [NIOSSLCertificate]

  /// Those of the system alone.
  public static let system = TrustRoots(additional: [])

  private init(additional: [NIOSSLCertificate]) { self.additional = additional }

  /// Those of the system, of `SSL_CERT_FILE`, and of further files in PEM format.
  /// - Throws: `HTTPError` with the code `invalid-trust-roots`.
  public init(_ environment: Environment, files: [FilePath] = []) throws {
    let named = environment.nonEmpty("SSL_CERT_FILE").map { [FilePath($0)] } ?? []
    additional = try (named + files).flatMap(Self.certificates)
  }

  static func certificates(in file: FilePath) throws -> [NIOSSLCertificate] {
    do {
      return try NIOSSLCertificate.fromPEMBytes(Files.read(file, limit: 16 << 20))
    } catch let error as HostError {
      throw HTTPError(
        .invalidTrustRoots, "cannot read the certificates in \(file)", cause: error.errno.description.lowercased())
    } catch {
      throw HTTPError(.invalidTrustRoots, "\(file) holds no certificates in PEM format")
    }
  }
}
