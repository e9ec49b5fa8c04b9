import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import OCI
import RegistryServer
import TestSupport
import Testing

/// Uploads that are cut off, and the end of the server.
@Suite struct UploadResumeTests {
  /// Sends text over a connection and closes it, or keeps it open as long as `body` runs.
  private func connection<Result>(
    to registry: ServedRegistry, sending text: String, _ body: (any Channel) async throws -> Result
  ) async throws -> Result {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: registry.port).get()
    try await channel.writeAndFlush(ByteBuffer(string: text))
    let result = try await body(channel)
    try? await channel.close()
    return result
  }

  private func waitFor(_ registry: ServedRegistry, _ location: String, range: String) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while true {
      let reply = try await registry.send(.GET, location)
      if reply.status == 204, reply["Range"] == range { return }
      guard ContinuousClock.now < deadline else { throw TestFailure("\(reply.status) \(reply["Range"] ?? "")") }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  @Test(arguments: ["PATCH", "PUT"])
  func anUploadThatWasCutGoesOnWhereItEnded(method: String) async throws {
    try await ServedRegistry.use { registry in
      let content = Array("0123456789".utf8)
      let digest = Digest(sha256Of: content)
      let location = try #require(try await registry.send(.POST, "/v2/app/blobs/uploads/")["Location"])
      let head = "\(method) \(location)?digest=\(digest) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
      try await connection(to: registry, sending: head + "01234") { _ in }
      try await waitFor(registry, location, range: "0-4")
      #expect(!registry.store.contains(digest))
      let reply = try await registry.send(
        .PUT, "\(location)?digest=\(digest)", ["Content-Range": "5-9"], Array(content[5...]))
      #expect(reply.status == 201)
      #expect(try await registry.send(.GET, "/v2/app/blobs/\(digest)").body == content)
    }
  }

  @Test func oneRequestWritesAtATime() async throws {
    try await ServedRegistry.use { registry in
      let location = try #require(try await registry.send(.POST, "/v2/app/blobs/uploads/")["Location"])
      let head = "PATCH \(location) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n012"
      try await connection(to: registry, sending: head) { _ in
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
          let reply = try await registry.send(.GET, location)
          if reply.status == 409 { break }
          guard ContinuousClock.now < deadline else { throw TestFailure("nobody is writing") }
          try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await registry.send(.PATCH, location, [:], [1]).errorCode == "BLOB_UPLOAD_INVALID")
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func theServerEndsThoughConnectionsAreOpen() async throws {
    let channels = try await ServedRegistry.use { registry in
      let location = try #require(try await registry.send(.POST, "/v2/app/blobs/uploads/")["Location"])
      var channels: [any Channel] = []
      for text in [
        "", "GET /v2/ HTTP/1.1\r\n", "PATCH \(location) HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01",
      ] {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
          .connect(host: "127.0.0.1", port: registry.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: text))
        channels.append(channel)
      }
      return channels
    }
    for channel in channels { try await channel.closeFuture.get() }
  }

  @Test func whatIsNoHTTPIsRefused() async throws {
    try await ServedRegistry.use { registry in
      try await connection(to: registry, sending: "nonsense\r\n\r\n") { try await $0.closeFuture.get() }
      #expect(try await registry.send(.GET, "/v2/").status == 200)
    }
  }
}
