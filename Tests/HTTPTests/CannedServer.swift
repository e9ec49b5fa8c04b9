import NIOCore
import NIOPosix
import NIOSSL

/// A server on this machine that answers each connection with the same bytes, whatever it is asked: the first bytes
/// that come with the first answer, and so on.
struct CannedServer: Sendable {
  private let channel: any Channel

  /// - Parameters:
  ///   - answers: nothing is sent for an empty one.
  ///   - closes: whether the connection ends after the last one.
  static func start(answers: [String], closes: Bool = false, tls: NIOSSLContext? = nil) async throws -> CannedServer {
    let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.addHandler(Answering(answers: answers, closes: closes))
        }
      }
    return CannedServer(channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get())
  }

  var port: Int { channel.localAddress?.port ?? 0 }
  func stop() async throws { try await channel.close() }

  private final class Answering: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var answers: [String]
    private let closes: Bool

    init(answers: [String], closes: Bool) {
      self.answers = answers
      self.closes = closes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard !answers.isEmpty else { return }
      let answer = answers.removeFirst()
      if !answer.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil) }
      if closes, answers.isEmpty { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
