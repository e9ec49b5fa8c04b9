internal import HostOS
internal import SystemPackage

/// Keys and certificates for one test registry, made with openssl.
struct PrivateAuthority {
  var folder: FilePath

  /// The certificate that clients have to trust, alone in its folder, as `certs.d` wants it.
  var certificate: FilePath { Self.certificate(in: folder) }
  static func certificate(in folder: FilePath) -> FilePath {
    folder.appending("trust").appending("ca.crt")
  }
  private var key: FilePath { folder.appending("ca.key") }

  init(in folder: FilePath) async throws {
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

  /// A certificate for `localhost`, 127.0.0.1 and others, and its key.
  func issueServerCertificate(hostNames: [String] = []) async throws -> (certificate: FilePath, key: FilePath) {
    let request = folder.appending("server.csr")
    let issued = (certificate: folder.appending("server.crt"), key: folder.appending("server.key"))
    let extensions = folder.appending("server.ext")
    try Files.writeAtomically(
      Array("subjectAltName=DNS:localhost,IP:127.0.0.1\(hostNames.map { ",DNS:\($0)" }.joined())\n".utf8),
      to: extensions)
    try await Tool.run(
      "openssl",
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-subj", "/CN=localhost", "-keyout", issued.key.string, "-out", request.string,
      ])
    try await Tool.run(
      "openssl",
      [
        "x509", "-req", "-in", request.string, "-CA", certificate.string, "-CAkey", key.string,
        "-set_serial", "2",
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
