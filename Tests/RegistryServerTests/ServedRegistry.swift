import Foundation
import HTTP
import HostOS
import NIOHTTP1
import OCI
import RegistryServer
import Synchronization
import SystemPackage
import TestSupport

/// A registry of ours on a free port, and a client that sends exactly what it is told to.
struct ServedRegistry: Sendable {
  struct Reply: Sendable {
    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]

    subscript(_ name: String) -> String? { headers.first(name: name) }
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The code of the first error in the body.
    var errorCode: String? {
      struct Body: Decodable {
        struct Entry: Decodable { var code: String, message: String }
        var errors: [Entry]
      }
      return (try? JSONDecoder().decode(Body.self, from: Data(body)))?.errors.first?.code
    }
  }

  let port: Int
  let store: ContentStore
  private let transport = HTTPTransport.live(timeouts: .init(connect: .seconds(120)))

  /// Serves a store, which is empty unless `prepare` fills it, as long as `body` runs.
  static func use<Result: Sendable>(
    _ configuration: RegistryServer.Configuration? = nil, prepare: (ContentStore) throws -> Void = { _ in },
    _ body: (ServedRegistry) async throws -> Result
  ) async throws -> Result {
    try await Scratch.use("served") { scratch in
      let store = ContentStore(root: scratch("store"))
      try prepare(store)
      return try await use(store, configuration, body)
    }
  }

  static func use<Result: Sendable>(
    _ store: ContentStore, _ configuration: RegistryServer.Configuration? = nil,
    _ body: (ServedRegistry) async throws -> Result
  ) async throws -> Result {
    var settings = configuration ?? .writable
    settings.port = 0
    let server = RegistryServer(store, settings) { print("the registry says: \($0)") }
    let (ports, inbox) = AsyncThrowingStream<Int, any Error>.makeStream()
    let serving = Task {
      do { try await server.run { _, port in inbox.yield(port) } } catch { inbox.finish(throwing: error) }
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = try await iterator.next() else { throw TestFailure("the registry ended") }
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(ServedRegistry(port: port, store: store))) } catch {
      result = .failure(error)
    }
    serving.cancel()
    await serving.value
    return try result.get()
  }

  func send(
    _ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders = [:], _ body: [UInt8]? = nil
  ) async throws -> Reply {
    guard let url = URL(string: path.hasPrefix("http") ? path : "http://127.0.0.1:\(port)\(path)") else {
      throw TestFailure("\(path) is no address")
    }
    let request = HTTPRequest(method, url, headers: headers, body: body.map { .bytes($0) } ?? .none)
    let response = try await transport.exchange(request)
    return Reply(
      status: response.status, headers: response.headers, body: try await response.body.collect(limit: 64 << 20))
  }

  // MARK: What most tests need

  /// Sends a blob by one POST and one PUT.
  @discardableResult
  func push(_ content: [UInt8], to repository: String = "app", type: MediaType = .ociLayer) async throws -> Descriptor {
    let begun = try await send(.POST, "/v2/\(repository)/blobs/uploads/")
    let descriptor = Descriptor(mediaType: type, of: content)
    let ended = try await send(.PUT, "\(begun["Location"] ?? "")?digest=\(descriptor.digest)", [:], content)
    guard ended.status == 201 else { throw TestFailure("the upload ended with \(ended.status): \(ended.text)") }
    return descriptor
  }

  @discardableResult
  func push(
    _ manifest: RawManifest, to repository: String = "app", as reference: String? = nil
  ) async throws -> Reply {
    try await send(
      .PUT, "/v2/\(repository)/manifests/\(reference ?? manifest.descriptor.digest.description)",
      ["Content-Type": manifest.descriptor.mediaType.rawValue], manifest.bytes)
  }

  /// Sends an image with a layer of its own and returns its manifest.
  @discardableResult
  func pushImage(
    _ tag: String?, to repository: String = "app", layer: String = "a layer",
    _ change: (inout ImageManifest) -> Void = { _ in }
  ) async throws -> RawManifest {
    let config = try await push(Array("{}".utf8), to: repository, type: .ociConfig)
    let layer = try await push(Array(layer.utf8), to: repository)
    var image = ImageManifest(config: config, layers: [layer])
    change(&image)
    let manifest = try RawManifest(image)
    let reply = try await push(manifest, to: repository, as: tag)
    guard reply.status == 201 else { throw TestFailure("the manifest was refused: \(reply.text)") }
    return manifest
  }

  func tags(_ repository: String = "app", _ query: String = "") async throws -> (tags: [String], link: String?) {
    struct Body: Decodable { var name: String, tags: [String] }
    let reply = try await send(.GET, "/v2/\(repository)/tags/list\(query)")
    return (try JSONDecoder().decode(Body.self, from: Data(reply.body)).tags, reply["Link"])
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
  init(_ text: String) { description = text }
}

extension RegistryServer.Configuration {
  static var writable: Self {
    var configuration = Self()
    configuration.isWritable = true
    return configuration
  }
}
