import NIOCore
import NIOPosix
import NIOSSL

/// A server on this machine that answers each connection with the same bytes, whatever it is asked.
struct CannedServer: Sendable {
  private let channel: any Channel

  /// - Parameters:
  ///   - answer: sent after the first bytes of a request; nothing when empty.
  ///   - closes: whether the connection ends then.
  static func start(answer: String, closes: Bool = false, tls: NIOSSLContext? = nil) async throws -> CannedServer {
    let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.addHandler(Answering(answer: answer, closes: closes))
        }
      }
    return CannedServer(channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
  }

  var port: Int { channel.localAddress?.port ?? 0 }
  func stop() async throws { try await channel.close() }

  private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let answer: String
    private let closes: Bool
    private var isDone = false

    init(answer: String, closes: Bool) {
      self.answer = answer
      self.closes = closes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !isDone else { return }
      isDone = true
      if !answer.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
      if closes { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
