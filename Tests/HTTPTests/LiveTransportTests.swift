import Diagnostics
import Foundation
import HTTP
import HostOS
import NIOCore
import NIOHTTP1
import NIOSSL
import SystemPackage
import Testing

/// The real network, as far as this machine goes.
@Suite struct LiveTransportTests {
  private static let short = HTTPTransport.Timeouts(connect: .seconds(5), stall: .milliseconds(300))

  private func failure(of address: String, _ transport: HTTPTransport = .live(timeouts: short)) async -> HTTPError? {
    await #expect(throws: HTTPError.self) {
      var request = HTTPRequest(.GET, try url(address))
      request.headTimeout = .seconds(5)
      _ = try await transport.exchange(request).body.collect(limit: 1 << 20)
    }
  }

  private func serving<Result>(
    _ answers: String..., closes: Bool = false, tls: NIOSSLContext? = nil, _ body: (Int) async throws -> Result
  ) async throws -> Result {
    let server = try await CannedServer.start(answers: answers, closes: closes, tls: tls)
    let result: Result
    do { result = try await body(server.port) } catch {
      try await server.stop()
      throw error
    }
    try await server.stop()
    return result
  }

  @Test func readsAnAnswer() async throws {
    try await serving("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello") { port in
      let response = try await HTTPTransport.live().exchange(HTTPRequest(.GET, url("http://127.0.0.1:\(port)/x")))
      #expect(response.status == 201)
      #expect(response.headers["x-a"] == ["b"])
      #expect(try await response.body.collect(limit: 5) == Array("hello".utf8))
    }
  }

  @Test func namesAPortWhereNothingListens() async throws {
    let port = try await serving("") { $0 }
    let error = await failure(of: "http://127.0.0.1:\(port)/")
    #expect(error?.code == .connectionRefused)
    #expect(error?.message == "nothing listens at 127.0.0.1:\(port)")
  }

  @Test("what is no address", arguments: ["ftp://h/", "http://h:99999999999/", "http://h:0/", "https:/x"])
  func invalidAddresses(address: String) async {
    #expect(await failure(of: address)?.code == .invalidURL)
  }

  @Test func namesAHostThatCannotBeResolved() async throws {
    let error = await failure(of: "https://registry.invalid/")
    #expect(error?.code == .dnsFailure)
    #expect(error?.message == "the name registry.invalid cannot be resolved")
  }

  @Test(
    "what servers do wrong",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true, DiagnosticCode.connectionLost),
      ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false, .timedOut), ("", false, .timedOut),
      ("", true, .connectionLost), ("SSH-2.0-OpenSSH_9\r\n", false, .protocolViolation),
    ])
  func brokenServers(answer: String, closes: Bool, code: DiagnosticCode) async throws {
    let error = try await serving(answer, closes: closes) { await failure(of: "http://127.0.0.1:\($0)/") }
    #expect(error?.code == code)
    #expect(error?.help?.isEmpty == false)
  }

  @Test(arguments: ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"])
  func noticesAPlainServerBehindHTTPS(answer: String) async throws {
    let error = try await serving(answer, closes: true) { await failure(of: "https://127.0.0.1:\($0)/") }
    #expect(error?.code == .plainHTTPServer)
  }

  @Test func waitsForTheHeadNoLongerThanItsTimeout() async throws {
    try await serving("") { port in
      var request = HTTPRequest(.GET, try url("http://127.0.0.1:\(port)/"))
      request.headTimeout = .milliseconds(100)
      let transport = HTTPTransport.live()
      let silent = request
      let error = await #expect(throws: HTTPError.self) { try await transport.exchange(silent) }
      #expect(error?.code == .timedOut)
    }
  }

  @Test func isCancelled() async throws {
    try await serving("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") { port in
      let address = try url("http://127.0.0.1:\(port)/")
      let (began, beginning) = AsyncStream.makeStream(of: Void.self)
      let task = Task {
        let response = try await HTTPTransport.live().exchange(HTTPRequest(.GET, address))
        for try await _ in response.body { beginning.yield() }
      }
      for await _ in began { break }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
    }
  }

  @Test func tellsWhatASourceOfAnUploadThrows() async throws {
    struct Broken: AsyncSequence, AsyncIteratorProtocol, Sendable {
      typealias Element = ByteBuffer
      func next() async throws -> ByteBuffer? { throw HostError("read", FilePath("/layer"), .ioError) }
      func makeAsyncIterator() -> Broken { self }
    }
    try await serving("") { port in
      let request = HTTPRequest(
        .PUT, try url("http://127.0.0.1:\(port)/"), body: .stream(HTTPBytes(Broken()), length: 5))
      await #expect(throws: HostError.self) { try await HTTPTransport.live().exchange(request) }
    }
  }

  // MARK: Proxies

  @Test func goesThroughAProxy() async throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    try await serving("HTTP/1.1 200 Connection established\r\n\r\n", answer) { port in
      let proxies = try ProxySettings(["http_proxy": "http://me:pw@127.0.0.1:\(port)"])
      let response = try await HTTPTransport.live(proxies: proxies).exchange(
        HTTPRequest(.GET, url("http://registry.invalid/")))
      #expect(try await response.body.collect(limit: 2) == Array("ok".utf8))
    }
  }

  @Test("proxies that refuse", arguments: ["407 Proxy Authentication Required", "403 Forbidden"])
  func refusingProxies(status: String) async throws {
    try await serving("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n") { port in
      let proxies = try ProxySettings(["https_proxy": "http://127.0.0.1:\(port)"])
      let error = await failure(of: "https://registry.invalid/", .live(proxies: proxies))
      #expect(error?.code == .proxyFailure)
      #expect(error?.message == "the proxy does not connect to registry.invalid")
    }
  }

  // MARK: Certificates

  /// A certificate of its own authority, for a host.
  private func certificate(for name: String, in folder: FilePath) async throws -> (
    context: NIOSSLContext, file: FilePath
  ) {
    let key = folder.appending("key.pem")
    let file = folder.appending("certificate.pem")
    let openssl = ChildProcess(
      "openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=test", "-addext", "subjectAltName=\(name)", "-keyout", key.string, "-out", file.string,
      ])
    let outcome = try await openssl.run()
    #expect(outcome.succeeded, "\(outcome.errorText)")
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: NIOSSLCertificate.fromPEMFile(file.string).map { .certificate($0) },
        privateKey: .privateKey(NIOSSLPrivateKey(file: key.string, format: .pem))))
    return (context, file)
  }

  private static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

  @Test func distrustsAnUnknownAuthorityUnlessItIsNamed() async throws {
    let folder = try TemporaryDirectory()
    let (context, file) = try await certificate(for: "IP:127.0.0.1", in: folder.path)
    try await serving(Self.fine, tls: context) { port in
      let address = "https://127.0.0.1:\(port)/"
      #expect(await failure(of: address)?.code == .certificateUntrusted)
      let named = try HTTPTransport.live(trustRoots: TrustRoots(["SSL_CERT_FILE": file.string]))
      #expect(try await named.exchange(HTTPRequest(.GET, url(address))).status == 200)
      let given = try HTTPTransport.live(trustRoots: TrustRoots([:], files: [file]))
      #expect(try await given.exchange(HTTPRequest(.GET, url(address))).status == 200)
      var insecure = HTTPRequest(.GET, try url(address))
      insecure.verifiesCertificate = false
      #expect(try await HTTPTransport.live().exchange(insecure).status == 200)
    }
  }

  @Test func noticesACertificateOfAnotherHost() async throws {
    let folder = try TemporaryDirectory()
    let (context, file) = try await certificate(for: "DNS:other.example", in: folder.path)
    let error = try await serving(Self.fine, tls: context) { port in
      try await failure(of: "https://localhost:\(port)/", .live(trustRoots: TrustRoots([:], files: [file])))
    }
    #expect(error?.code == .certificateWrongHost)
  }

  @Test("files that hold no certificates", arguments: ["/nowhere/ca.pem", "/etc/hostname"])
  func invalidTrustRoots(path: String) {
    let error = #expect(throws: HTTPError.self) { try TrustRoots(["SSL_CERT_FILE": path]) }
    #expect(error?.code == .invalidTrustRoots)
    #expect(error?.exitCode == .usage)
  }
}
