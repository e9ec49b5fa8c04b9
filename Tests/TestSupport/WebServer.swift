internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// An HTTP server of this machine that answers by a closure, for as long as another closure runs.
public final class WebServer: Sendable {
  public struct Request: Sendable {
    public var method: String
    /// Path and query as they were sent.
    public var target: String
    /// By names in lower case; the last value counts.
    public var headers: [String: String]
    public var body: [UInt8]
    /// How many requests came before it.
    public var number: Int

    /// What comes before the question mark.
    public var path: String { String(target.prefix { $0 != "?" }) }
    /// What comes behind the question mark.
    public var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
  }

  public struct Answer: Sendable {
    public var status: Int
    public var headers: [String: String]
    public var body: [UInt8]
    /// The connection ends after so many bytes of the body, which is shorter than announced then.
    public var cut: Int?
    /// The body comes in four pieces with so much time between them.
    public var pause: Duration?

    public init(
      _ status: Int = 200, _ headers: [String: String] = [:], body: [UInt8] = [], cut: Int? = nil,
      pause: Duration? = nil
    ) {
      self.status = status
      self.headers = headers
      self.body = body
      self.cut = cut
      self.pause = pause
    }

    public static func text(_ text: String, _ headers: [String: String] = [:]) -> Answer {
      Answer(200, headers, body: Array(text.utf8))
    }
  }

  public typealias Handler = @Sendable (Request) async throws -> Answer

  private let requestLog = Mutex<[Request]>([])
  private let handler: Handler
  private let uploadLimit: @Sendable (Request) -> Int?
  private let count = Atomic<Int>(0)

  private init(_ handler: @escaping Handler, _ uploadLimit: @escaping @Sendable (Request) -> Int?) {
    self.handler = handler
    self.uploadLimit = uploadLimit
  }

  /// All requests so far, in their order.
  public var requests: [Request] { requestLog.withLock { $0 } }

  /// Serves on a free port of 127.0.0.1. An answer that throws is a status 500 with the error as its text.
  /// - Throws: what `body` throws, and what binding throws.
  public static func serving<Result>(
    _ handler: @escaping Handler, _ body: (WebServer, _ port: Int) async throws -> Result
  ) async throws -> Result {
    try await serving(uploadLimit: { _ in nil }, handler, body)
  }

  /// The same, with uploads that are cut.
  /// - Parameter uploadLimit: gets each request before its body; the connection ends after so many bytes of that.
  /// - Throws: what `body` throws, and what binding throws.
  public static func serving<Result>(
    uploadLimit: @escaping @Sendable (Request) -> Int?, _ handler: @escaping Handler,
    _ body: (WebServer, _ port: Int) async throws -> Result
  ) async throws -> Result {
    let server = WebServer(handler, uploadLimit)
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
          try channel.pipeline.syncOperations.addHandler(Exchange(server))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result: Result
    do { result = try await body(server, channel.localAddress?.port ?? 0) } catch {
      try await channel.close()
      throw error
    }
    try await channel.close()
    return result
  }

  private func respond(to request: Request, on channel: any Channel) {
    requestLog.withLock { $0.append(request) }
    Task {
      let answer: Answer
      do { answer = try await handler(request) } catch { answer = Answer(500, body: Array("\(error)".utf8)) }
      await Self.write(answer, to: channel, isHead: request.method == "HEAD")
    }
  }

  private static func write(_ answer: Answer, to channel: any Channel, isHead: Bool) async {
    var headers = HTTPHeaders(answer.headers.map { ($0.key, $0.value) })
    if !headers.contains(name: "Content-Length"), answer.status != 304 {
      headers.add(name: "Content-Length", value: "\(answer.body.count)")
    }
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
    try? await channel.writeAndFlush(HTTPServerResponsePart.head(head))
    if !isHead, !answer.body.isEmpty {
      let sent = Array(answer.body.prefix(answer.cut ?? answer.body.count))
      let length = answer.pause == nil ? sent.count : sent.count / 4 + 1
      for start in stride(from: 0, to: sent.count, by: max(length, 1)) {
        if let pause = answer.pause { try? await Task.sleep(for: pause) }
        let piece = ByteBuffer(bytes: sent[start..<min(start + length, sent.count)])
        try? await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(piece)))
      }
    }
    if answer.cut == nil {
      try? await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
    } else {
      try? await channel.close()
    }
  }

  /// One connection.
  private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    private let server: WebServer
    private var request: Request?
    private var limit: Int?

    init(_ server: WebServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { _, last in last }
        let number = server.count.add(1, ordering: .relaxed).oldValue
        let begun = Request(method: head.method.rawValue, target: head.uri, headers: headers, body: [], number: number)
        limit = server.uploadLimit(begun)
        request = begun
      case .body(let buffer):
        request?.body.append(contentsOf: buffer.readableBytesView)
        if let limit, request?.body.count ?? 0 > limit {
          request = nil
          context.close(promise: nil)
        }
      case .end:
        if let request { server.respond(to: request, on: context.channel) }
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
