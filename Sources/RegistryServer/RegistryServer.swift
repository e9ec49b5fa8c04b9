public import Diagnostics
import HTTPTypes
import HostOS
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import NIOSSL
public import OCI
public import SystemPackage

/// A content store as a registry (distribution-spec 1.1): pull, push, content discovery and content management.
public struct RegistryServer: Sendable {
  public struct Configuration: Sendable {
    /// An address of this machine, or a name of one.
    public var host = "127.0.0.1"
    /// 0 takes a free one.
    public var port = 5000
    public var isWritable = false
    /// What images of a layout are called that have a tag alone.
    public var folderName = "image"
    /// Whether what is deleted is removed at once, since nobody but this server keeps blobs in the store.
    public var ownsBlobs = false
    public var passwords: PasswordFile?
    /// Files in PEM format.
    public var tls: (certificate: FilePath, key: FilePath)?

    public init() {}
  }

  private let configuration: Configuration
  private let handler: Handler
  private let report: @Sendable (Diagnostic) -> Void

  /// - Parameter report: told of what fails on this side; clients are told that something did.
  public init(
    _ store: ContentStore, _ configuration: Configuration, report: @escaping @Sendable (Diagnostic) -> Void
  ) {
    self.configuration = configuration
    self.report = report
    handler = Handler(
      store, folderName: configuration.folderName, isWritable: configuration.isWritable,
      ownsBlobs: configuration.ownsBlobs)
  }

  /// Serves until the task is cancelled. Requests that are being answered then have a few seconds to end.
  /// - Parameter onListening: called once, with the address and the port.
  /// - Throws: `RegistryServerError` with the codes `cannot-listen` and `invalid-certificate`.
  public func run(onListening: @escaping @Sendable (String, Int) async -> Void) async throws {
    let plain = HTTP1Channel(
      responder: { request, writer, channel in try await respond(request, writer, channel) },
      configuration: .init(idleTimeout: .seconds(120)))
    if let tls = configuration.tls {
      let settings = try Self.tlsConfiguration(tls)
      try await run(try TLSChannel(plain, tlsConfiguration: settings), onListening)
    } else {
      try await run(plain, onListening)
    }
    await handler.uploads.removeAll()
  }

  private func run<Channel: ServerChildChannel>(
    _ channel: Channel, _ onListening: @escaping @Sendable (String, Int) async -> Void
  ) async throws {
    let (started, startedInbox) = AsyncStream<Void>.makeStream()
    let server = Server(
      childChannelSetup: channel,
      configuration: ServerConfiguration(address: .hostname(configuration.host, port: configuration.port)),
      onServerRunning: { [configuration] channel in
        let address = channel.localAddress
        await onListening(address?.ipAddress ?? configuration.host, address?.port ?? configuration.port)
        startedInbox.finish()
      },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "slipway") { _ in SwiftLogNoOpLogHandler() })
    // Not a child of this task: a server that is cancelled at once drops connections that it has just accepted, which
    // NIO takes for a defect.
    let serving = Task { try await server.run() }
    try await withTaskCancellationHandler {
      do { try await serving.value } catch {
        startedInbox.finish()
        throw RegistryServerError(
          "cannot-listen", "cannot listen at \(configuration.host):\(configuration.port)", notes: ["\(error)"],
          help: ["choose an address of this machine and a port that is free: --listen 127.0.0.1:0 finds one"])
      }
    } onCancel: {
      Task {
        for await _ in started {}
        let end = Task {
          try await Task.sleep(for: Self.grace)
          serving.cancel()
        }
        try? await server.shutdownGracefully()
        _ = await serving.result
        end.cancel()
      }
    }
  }

  private static let grace = Duration.seconds(5)

  private static func tlsConfiguration(_ files: (certificate: FilePath, key: FilePath)) throws -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMBytes(Files.read(files.certificate, limit: 1 << 20))
      let key = try NIOSSLPrivateKey(bytes: Files.read(files.key, limit: 1 << 20), format: .pem)
      let configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      _ = try NIOSSLContext(configuration: configuration)
      return configuration
    } catch {
      throw RegistryServerError(
        "invalid-certificate", "\(files.certificate) and \(files.key) are no certificate and its key",
        notes: [(error as? HostError)?.description ?? "\(error)"],
        help: ["name files in PEM format, the key without a password"], exitCode: .usage)
    }
  }

  // MARK: Requests

  @concurrent private func respond(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    let inquiry = Inquiry(request)
    var answer: Answer
    do {
      try await admit(inquiry)
      if inquiry.headers[.expect]?.lowercased() == "100-continue" {
        try await writer.writeInformationalHead(HTTPResponse(status: .continue))
      }
      answer = try await handler.answer(inquiry)
    } catch let refusal as Refusal {
      answer = refusal.answer
    } catch let error as any DiagnosticError {
      for diagnostic in error.diagnostics { report(diagnostic) }
      answer = Refusal(.internalServerError, "UNKNOWN", "the registry failed; its messages say why").answer
    }
    // Whoever waits to be told to go on will not send the body, so nothing can follow on this connection.
    let mustClose = answer.status.code >= 400 && inquiry.headers[.expect] != nil
    if mustClose { answer.headers[.connection] = "close" }
    try await send(answer, withBody: inquiry.method != .head, by: writer)
    if mustClose { try await channel.close() }
  }

  /// - Throws: `Refusal`.
  private func admit(_ inquiry: Inquiry) async throws {
    if let passwords = configuration.passwords, await !passwords.accepts(inquiry.headers[.authorization]) {
      throw Refusal.unauthorized
    }
    let isRead = inquiry.method == .get || inquiry.method == .head
    guard isRead || configuration.isWritable else { throw Refusal.readOnly }
  }

  @concurrent private func send(_ answer: Answer, withBody: Bool, by writer: consuming ResponseWriter) async throws {
    let head = HTTPResponse(status: answer.status, headerFields: answer.headers)
    guard withBody else { return try await writer.writeResponse(head) }
    switch answer.body {
    case .none: try await writer.writeResponse(head)
    case .bytes(let bytes): try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    case .file(let path, let range):
      var body = try await writer.writeHead(head)
      for try await chunk in FileChunks(path: path, range: range, chunkSize: 256 << 10) { try await body.write(chunk) }
      try await body.finish(nil)
    case .blob(let path, let descriptor):
      var body = try await writer.writeHead(head)
      // The last chunk waits until all was verified: a damaged blob never arrives as a whole.
      var waiting: ByteBuffer?
      do {
        for try await chunk in VerifiedChunks(FileChunks(path: path, chunkSize: 256 << 10), expected: descriptor) {
          if let waiting { try await body.write(waiting) }
          waiting = chunk
        }
      } catch let error as BlobMismatch {
        for diagnostic in error.diagnostics { report(diagnostic) }
        throw error
      }
      if let waiting { try await body.write(waiting) }
      try await body.finish(nil)
    }
  }
}
