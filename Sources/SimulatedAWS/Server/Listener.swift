import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// The network of the simulation.
final class Listener: Sendable {
  private let responder: Responder
  private let stop: AsyncStream<Void>
  private let stopInbox: AsyncStream<Void>.Continuation
  private let ended: AsyncStream<Void>
  private let endedInbox: AsyncStream<Void>.Continuation
  private static let grace = Duration.milliseconds(500)

  init(_ responder: Responder) {
    self.responder = responder
    (stop, stopInbox) = AsyncStream<Void>.makeStream()
    (ended, endedInbox) = AsyncStream<Void>.makeStream()
  }

  /// - Parameter port: 0 takes a free one.
  /// - Returns: the port.
  /// - Throws: what binding throws.
  func start(port: Int) async throws -> Int {
    let (ports, inbox) = AsyncThrowingStream<Int, any Error>.makeStream()
    let channel = HTTP1Channel(
      responder: { [responder] request, writer, channel in
        try await Self.respond(request, writer, channel, responder)
      },
      configuration: .init(idleTimeout: .seconds(120)))
    let server = Server(
      childChannelSetup: channel,
      configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in inbox.yield(channel.localAddress?.port ?? 0) },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "slipway") { _ in SwiftLogNoOpLogHandler() })
    let serving = Task {
      do {
        try await server.run()
        inbox.finish()
      } catch { inbox.finish(throwing: error) }
    }
    Task { [stop, endedInbox] in
      for await _ in stop {}
      let end = Task {
        try await Task.sleep(for: Self.grace)
        serving.cancel()
      }
      try? await server.shutdownGracefully()
      await serving.value
      end.cancel()
      endedInbox.finish()
    }
    for try await port in ports { return port }
    throw SimulationError("the simulation does not listen")
  }

  /// Returns when nothing is answered any more.
  func end() async {
    stopInbox.finish()
    for await _ in ended {}
  }

  @concurrent private static func respond(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel, _ responder: Responder
  ) async throws {
    let inbound = try await Inbound.read(request)
    guard let reply = await responder.reply(to: inbound) else {
      try await channel.close()
      throw SimulationError("the connection was dropped")
    }
    var fields = HTTPFields()
    for header in reply.headers {
      if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
    }
    let head = HTTPResponse(status: .init(code: reply.status), headerFields: fields)
    try await writer.write(response: head, body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}
