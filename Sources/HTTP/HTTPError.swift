public import Diagnostics

/// A request that got no usable answer: the network, TLS, or a server that breaks the protocol.
public struct HTTPError: DiagnosticError {
  public var code: DiagnosticCode
  public var message: String
  /// What was underneath, as the library says it.
  public var cause: String?
  public var help: String?

  public init(_ code: DiagnosticCode, _ message: String, cause: String? = nil, help: String? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
    self.help = help ?? Self.usualHelp[code]
  }

  public var diagnostics: [Diagnostic] {
    [.error(code, message, notes: cause.map { [.init($0)] } ?? [], help: help.map { [$0] } ?? [])]
  }

  public var exitCode: ExitCode { code == .invalidTrustRoots ? .usage : .unavailable }

  /// Whether the same request may succeed a moment later.
  public var isTransient: Bool { Self.transient.contains(code) }

  private static let transient: Set<DiagnosticCode> = [
    .connectionRefused, .connectionLost, .connectionFailed, .timedOut, .dnsFailure,
  ]

  private static let usualHelp: [DiagnosticCode: String] = [
    .dnsFailure: "check the spelling of the host, and that this machine can resolve names",
    .connectionRefused: "check the port, and that the server is running",
    .connectionFailed: "check the network, and HTTPS_PROXY and NO_PROXY if there is a proxy",
    .connectionLost: "try again; if it happens again, look for a proxy or a firewall that cuts connections",
    .timedOut: "check the network, and HTTPS_PROXY and NO_PROXY if there is a proxy",
    .certificateUntrusted: "put the certificate of its authority into a file and name it in SSL_CERT_FILE",
    .certificateWrongHost: "use the host name that the certificate is made out to",
    .plainHTTPServer: "use http instead of https if you trust the network between",
    .tlsFailure: "check with: openssl s_client -connect HOST:PORT",
    .tooManyRedirects: "report it to those who run the server",
    .invalidRedirect: "report it to those who run the server",
    .responseTooLarge: "check that the address is that of the service",
    .protocolViolation: "check that the address is that of the service",
    .proxyFailure: "check HTTPS_PROXY and HTTP_PROXY, and add the host to NO_PROXY if it needs no proxy",
    .offline: "fetch it while there is a network, or leave --offline away",
    .invalidURL: "write https://HOST[:PORT]/PATH",
    .invalidTrustRoots: "name a file with certificates in PEM format in SSL_CERT_FILE, or unset it",
  ]
}

extension DiagnosticCode {
  public static let dnsFailure: DiagnosticCode = "dns-failure"
  public static let connectionRefused: DiagnosticCode = "connection-refused"
  public static let connectionFailed: DiagnosticCode = "connection-failed"
  public static let connectionLost: DiagnosticCode = "connection-lost"
  public static let timedOut: DiagnosticCode = "timed-out"
  public static let certificateUntrusted: DiagnosticCode = "certificate-untrusted"
  public static let certificateWrongHost: DiagnosticCode = "certificate-wrong-host"
  public static let plainHTTPServer: DiagnosticCode = "plain-http-server"
  public static let tlsFailure: DiagnosticCode = "tls-failure"
  public static let tooManyRedirects: DiagnosticCode = "too-many-redirects"
  public static let invalidRedirect: DiagnosticCode = "invalid-redirect"
  public static let responseTooLarge: DiagnosticCode = "response-too-large"
  public static let protocolViolation: DiagnosticCode = "http-protocol"
  public static let proxyFailure: DiagnosticCode = "proxy-failure"
  /// Other machines are not to be spoken to.
  public static let offline: DiagnosticCode = "offline"
  public static let invalidURL: DiagnosticCode = "invalid-url"
  public static let invalidTrustRoots: DiagnosticCode = "invalid-trust-roots"
}
