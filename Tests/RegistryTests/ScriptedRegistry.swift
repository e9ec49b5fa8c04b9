import Diagnostics
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import OCI
import Registry
import Synchronization

/// What a scripted registry answers.
struct ScriptedAnswer: Sendable {
  var status: Int
  var headers: HTTPHeaders = [:]
  var body: HTTPBytes = .empty

  init(_ status: Int, _ headers: HTTPHeaders = [:], body: String = "") {
    self.init(status, headers, bytes: Array(body.utf8))
  }

  init(_ status: Int, _ headers: HTTPHeaders = [:], bytes: [UInt8]) {
    self.status = status
    self.headers = headers
    self.body = HTTPBytes(bytes)
  }

  init(_ status: Int, _ headers: HTTPHeaders = [:], stream: HTTPBytes) {
    self.status = status
    self.headers = headers
    self.body = stream
  }

  static func bearer(_ parameters: String = #"realm="https://auth.example/token",service="r.example""#)
    -> ScriptedAnswer
  {
    ScriptedAnswer(401, ["WWW-Authenticate": "Bearer \(parameters)"])
  }

  static func token(_ token: String, lasting seconds: Int = 300) -> ScriptedAnswer {
    ScriptedAnswer(200, body: #"{"token":"\#(token)","expires_in":\#(seconds)}"#)
  }
}

/// A request as a scripted registry sees it.
struct SeenRequest: Sendable, CustomStringConvertible {
  var method: String
  var url: URL
  var headers: HTTPHeaders
  var body: [UInt8]

  /// `GET /v2/` with the query.
  var description: String {
    "\(method) \(url.path(percentEncoded: true))\(url.query(percentEncoded: true).map { "?\($0)" } ?? "")"
  }
  var authorization: String? { headers.first(name: "Authorization") }
}

/// Stands for all servers of the world, remembers what they were asked, and has a clock of its own.
final class ScriptedRegistry: Sendable {
  private struct State {
    var seen: [SeenRequest] = []
    var now = 1_000_000_000.0
    var slept: [Duration] = []
  }

  private let state = Mutex(State())
  private let answer: @Sendable (SeenRequest, Int) throws -> ScriptedAnswer

  /// - Parameter answer: gets each request with the number of requests alike, in method and URL, before it.
  init(_ answer: @escaping @Sendable (SeenRequest, Int) throws -> ScriptedAnswer) { self.answer = answer }

  var seen: [SeenRequest] { state.withLock { $0.seen } }
  var lines: [String] { seen.map(\.description) }
  var slept: [Duration] { state.withLock { $0.slept } }
  func advance(seconds: Double) { state.withLock { $0.now += seconds } }

  var http: HTTPClient {
    let clock = HTTPClock(
      now: { self.state.withLock { $0.now } },
      sleep: { duration in self.state.withLock { $0.slept.append(duration) } },
      random: { 0 })
    return HTTPClient(transport: HTTPTransport { try await self.exchange($0) }, userAgent: "slipway/test", clock: clock)
  }

  func client(_ credentials: any CredentialProvider = StaticCredentials.anonymous, insecure: Set<String> = [])
    -> RegistryClient
  {
    var configuration = RegistriesConfiguration()
    configuration.rules = insecure.sorted().map {
      RegistryRule(prefix: $0, location: $0, isInsecure: true, isBlocked: false, mirrors: [], origin: "the test")
    }
    return RegistryClient(http: http, credentials: credentials, configuration: configuration)
  }

  private func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
    var body: [UInt8] = []
    switch request.body {
    case .none: break
    case .bytes(let bytes): body = bytes
    case .stream(let bytes, _): body = try await bytes.collect(limit: 1 << 20)
    }
    let seen = SeenRequest(method: request.method.rawValue, url: request.url, headers: request.headers, body: body)
    let count = state.withLock { state in
      defer { state.seen.append(seen) }
      return state.seen.count { $0.description == seen.description && $0.url == seen.url }
    }
    let answer = try answer(seen, count)
    return HTTPResponse(status: answer.status, headers: answer.headers, body: answer.body, url: request.url)
  }
}

/// Blobs in memory.
struct MemoryBlobs: BlobSource {
  var blobs: [Digest: [UInt8]] = [:]

  func blob(_ descriptor: Descriptor) async throws -> BlobStream {
    let chunks = stride(from: 0, to: blobs[descriptor.digest]?.count ?? 0, by: 4).map { start in
      ByteBuffer(bytes: blobs[descriptor.digest]?.dropFirst(start).prefix(4) ?? [])
    }
    return BlobStream(VerifiedChunks(AsyncChunks(chunks: chunks), expected: descriptor))
  }
}

/// Chunks that end well, or in an error.
struct AsyncChunks: AsyncSequence, AsyncIteratorProtocol, Sendable {
  typealias Element = ByteBuffer
  var chunks: [ByteBuffer]
  var failure: HTTPError?

  mutating func next() async throws -> ByteBuffer? {
    if !chunks.isEmpty { return chunks.removeFirst() }
    if let failure { throw failure }
    return nil
  }

  func makeAsyncIterator() -> AsyncChunks { self }
}

/// The error that a body throws, or an issue.
func registryError(_ body: () async throws -> Void) async -> RegistryError? {
  do { try await body() } catch { return error as? RegistryError }
  return nil
}

let manifestBytes = Array(
  #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#
    .utf8)
let manifestDigest = Digest(sha256Of: manifestBytes)
let manifestHeaders: HTTPHeaders = [
  "Content-Type": MediaType.ociManifest.rawValue, "Docker-Content-Digest": manifestDigest.description,
]
