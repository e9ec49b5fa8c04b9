public import HostOS
import NIOSSL
public import SystemPackage

/// The certificate authorities that are believed: those of the system and more from files, which are not parsed before
/// somebody speaks TLS.
public struct TrustRoots: Sendable {
  private let files: [(path: FilePath, text: [UInt8])]

  /// Those of the system alone.
  public static let system = TrustRoots(files: [])

  private init(files: [(path: FilePath, text: [UInt8])]) { self.files = files }

  /// Those of the system, of `SSL_CERT_FILE`, and of further files in PEM format.
  /// - Throws: `HTTPError` with the code `invalid-trust-roots`.
  public init(_ environment: Environment, files: [FilePath] = []) throws {
    let named = environment.nonEmpty("SSL_CERT_FILE").map { [FilePath($0)] } ?? []
    self.files = try (named + files).map { path in
      let text = try Self.text(of: path)
      guard text.firstRange(of: "-----BEGIN".utf8) != nil else { throw Self.holdsNone(path) }
      return (path, text)
    }
  }

  /// Those beside the system's.
  /// - Throws: `HTTPError` with the code `invalid-trust-roots`.
  var additional: [NIOSSLCertificate] {
    get throws { try files.flatMap { try Self.certificates($0.text, of: $0.path) } }
  }

  static func certificates(in file: FilePath) throws -> [NIOSSLCertificate] {
    try certificates(try text(of: file), of: file)
  }

  private static func text(of file: FilePath) throws -> [UInt8] {
    do { return try Files.read(file, limit: 16 << 20) } catch let error as HostError {
      throw HTTPError(
        .invalidTrustRoots, "cannot read the certificates in \(file)", cause: error.errno.description.lowercased())
    }
  }

  private static func certificates(_ text: [UInt8], of file: FilePath) throws -> [NIOSSLCertificate] {
    do { return try NIOSSLCertificate.fromPEMBytes(text) } catch { throw holdsNone(file) }
  }

  private static func holdsNone(_ file: FilePath) -> HTTPError {
    HTTPError(.invalidTrustRoots, "\(file) holds no certificates in PEM format")
  }
}
