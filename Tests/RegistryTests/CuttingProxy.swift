import NIOCore
import NIOPosix
import Synchronization

/// Stands before a registry and cuts each of the first connections that carry much after some bytes.
struct CuttingProxy: Sendable {
  enum Direction: Sendable { case download, upload }

  /// How many connections are still to be cut, and how many were.
  private final class Budget: Sendable {
    private let state: Mutex<(left: Int, cuts: Int)>
    init(_ count: Int) { state = Mutex((count, 0)) }
    var cuts: Int { state.withLock { $0.cuts } }
    func take() -> Bool {
      state.withLock { state in
        guard state.left > 0 else { return false }
        state = (state.left - 1, state.cuts + 1)
        return true
      }
    }
  }

  private let channel: any Channel
  private let budget: Budget

  var port: Int { channel.localAddress?.port ?? 0 }
  /// Connections cut so far.
  var cuts: Int { budget.cuts }

  /// - Parameters:
  ///   - limit: in bytes; a connection that carries more in the direction is cut.
  ///   - count: how many connections are cut.
  static func use<Result>(
    before port: Int, cutting direction: Direction, after limit: Int, times count: Int,
    _ body: (CuttingProxy) async throws -> Result
  ) async throws -> Result {
    let budget = Budget(count)
    let bootstrap = ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: port).flatMapThrowing { server in
          let meter = NIOLoopBound(Meter(limit: limit, budget: budget), eventLoop: client.eventLoop)
          try client.pipeline.syncOperations.addHandler(
            Forwarder(to: server, meter: direction == .upload ? meter.value : nil))
          try server.pipeline.syncOperations.addHandler(
            Forwarder(to: client, meter: direction == .download ? meter.value : nil))
        }
      }
    let proxy = CuttingProxy(
      channel: try await bootstrap.bind(host: "127.0.0.1", port: 0).get(), budget: budget)
    let result: Result
    do { result = try await body(proxy) } catch {
      try await proxy.channel.close()
      throw error
    }
    try await proxy.channel.close()
    return result
  }

  private final class Meter {
    private let limit: Int
    private let budget: Budget
    private var count = 0

    init(limit: Int, budget: Budget) {
      self.limit = limit
      self.budget = budget
    }

    /// Whether the connection is to be cut now.
    func add(_ bytes: Int) -> Bool {
      count += bytes
      return count > limit && budget.take()
    }
  }

  private final class Forwarder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let other: any Channel
    private let meter: Meter?

    init(to other: any Channel, meter: Meter?) {
      self.other = other
      self.meter = meter
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      if meter?.add(bytes.readableBytes) == true {
        other.close(promise: nil)
        context.close(promise: nil)
      } else {
        other.writeAndFlush(bytes, promise: nil)
      }
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
