internal import HostOS
public import SystemPackage

/// An authority with keys and certificates for one test, made with openssl.
public struct PrivateAuthority: Sendable {
  var folder: FilePath

  /// The certificate that clients have to trust, alone in its folder, as `certs.d` wants it.
  public var certificate: FilePath { Self.certificate(in: folder) }
  static func certificate(in folder: FilePath) -> FilePath {
    folder.appending("trust").appending("ca.crt")
  }
  private var key: FilePath { folder.appending("ca.key") }

  /// - Throws: `TestSupportError`, `HostError`.
  public init(in folder: FilePath) async throws {
    self.folder = folder
    try Files.createDirectories(certificate.removingLastComponent())
    try await Tool.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2",
        "-subj", "/CN=Slipway test authority", "-keyout", key.string, "-out", certificate.string,
      ])
  }

  /// For whom a certificate is.
  public enum Bearer: String, Sendable {
    /// `localhost`, 127.0.0.1 and what else is named.
    case server
    case client
  }

  /// Where a certificate and its key are.
  static func issued(_ bearer: Bearer, in folder: FilePath) -> (certificate: FilePath, key: FilePath) {
    (folder.appending("\(bearer.rawValue).crt"), folder.appending("\(bearer.rawValue).key"))
  }

  /// Makes a certificate and its key.
  /// - Parameter hostNames: more names of the server.
  /// - Throws: `TestSupportError`, `HostError`.
  @discardableResult
  public func issue(_ bearer: Bearer, hostNames: [String] = []) async throws -> (certificate: FilePath, key: FilePath) {
    let request = folder.appending("\(bearer.rawValue).csr")
    let issued = Self.issued(bearer, in: folder)
    let extensions = folder.appending("\(bearer.rawValue).ext")
    let names = ["DNS:localhost", "IP:127.0.0.1"] + hostNames.map { "DNS:\($0)" }
    try Files.writeAtomically(
      Array("subjectAltName=\(names.joined(separator: ","))\nextendedKeyUsage=\(bearer.rawValue)Auth\n".utf8),
      to: extensions)
    try await Tool.run(
      "openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=\(bearer.rawValue)", "-keyout", issued.key.string, "-out", request.string,
      ])
    try await Tool.run(
      "openssl",
      [
        "x509", "-req", "-in", request.string, "-CA", certificate.string, "-CAkey", key.string,
        "-set_serial", bearer == .server ? "2" : "3",
        "-days", "2", "-extfile", extensions.string, "-out", issued.certificate.string,
      ])
    return issued
  }

  /// An RSA key with a certificate of its own, as the registry wants it for the signatures of tokens.
  static func makeSigningKey(in folder: FilePath) async throws -> (
    certificate: FilePath, key: FilePath
  ) {
    try Files.createDirectories(folder)
    let made = (certificate: folder.appending("token.crt"), key: folder.appending("token.key"))
    try await Tool.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
        "/CN=Slipway test tokens",
        "-keyout", made.key.string, "-out", made.certificate.string,
      ])
    return made
  }
}
